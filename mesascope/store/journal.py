"""A journal: results one to a line (JSON Lines), found by fingerprint, added at the end by any number of processes.

    {"condition": "a", ..., "crc32": "5d2f…", "fingerprint": "9f86…"}

Every line ends with a CRC-32 of all that stands before it and of the fingerprint after it. A process that ends while it writes
leaves a torn last line: it counts for nothing, and is cut off before the next line is added. Any other line that is damaged
raises an error that names it. Lines without a CRC, as earlier versions wrote them, are read as well.
"""

import json
import re
import stat
import zlib
from pathlib import Path
from typing import Any

from mesascope.core.errors import StorageError
from mesascope.store.fs import append, read_bytes
from mesascope.store.results import plain
from mesascope.store.strict_json import parse

FINGERPRINT, CRC = "fingerprint", "crc32"
LARGEST = 2**31
"""Bytes of a journal: a million rows of two kilobytes."""

LONGEST_END = 256
"""Bytes of a line that hold its end at the most."""

_END = re.compile(rb'(?:, )?"crc32": "([0-9a-f]{8})", "fingerprint": "([^"\\]{1,128})"\}$')


class Journal:
    """The results in a file of lines, also those that other processes add.

    Opening reads no more of a line than its end, so that a large journal opens fast; a row is parsed when it is asked for.

    Args:
        path: the file; it need not be there.

    Raises:
        StorageError: a line is damaged, or the file cannot be read; the message names it.
    """

    def __init__(self, path: Path):
        self.path = path
        self._seen = self._lines = 0
        self._rows: dict[str, bytes] = {}
        self._unended = False
        self.refresh()

    def refresh(self) -> None:
        """Take in what was added since."""
        try:
            about = self.path.stat()
            size = about.st_size
            if size == self._seen and stat.S_ISREG(about.st_mode):
                return
            begin = self._seen if size > self._seen else 0
            self._take(begin, read_bytes(self.path, LARGEST, begin))
        except FileNotFoundError:
            self._forget()
        except OSError as error:
            raise StorageError(
                f"{self.path} cannot be read ({error.strerror or error}): remove it and run the command again"
            ) from None

    def fingerprints(self) -> set[str]:
        """What is there, as far as it was taken in."""
        return set(self._rows)

    def find(self, fingerprint: str) -> dict[str, Any] | None:
        """The row of a fingerprint; None where there is none yet."""
        if fingerprint not in self._rows:
            self.refresh()
        line = self._rows.get(fingerprint)
        return None if line is None else parsed(line, str(self.path))

    def add(self, row: dict[str, Any], digits: int | None = None) -> dict[str, Any]:
        """Add a row, which holds its fingerprint, unless another process was faster: the first one stays, and is returned.

        `digits` rounds as `json_text` does. `StorageError` where it cannot be written; then nothing was added.
        """
        line = encoded(row, digits)

        def more(begin: int, rest: bytes) -> tuple[int, bytes]:
            kept = self._take(begin, rest)
            if row[FINGERPRINT] in self._rows:
                return kept, b""
            return kept, (b"\n" if self._unended else b"") + line + b"\n"

        append(self.path, self._seen, more)
        self.refresh()
        return parsed(self._rows[row[FINGERPRINT]], str(self.path))

    def _take(self, begin: int, data: bytes) -> int:
        """Take in lines from a place in the file on; the bytes of them that count are returned."""
        if begin != self._seen or begin == 0:
            self._forget()
        kept = 0
        for line in data.splitlines(keepends=True):
            text, unended = line.strip(), not line.endswith(b"\n")
            try:
                if text:
                    self._rows.setdefault(fingerprint_of_line(text), text)
            except ValueError as error:
                if unended and not _is_json(text):
                    break  # a process ended here
                raise _damaged(f"{self.path}, line {self._lines + 1}", str(error)) from None
            kept += len(line)
            self._lines += not unended
            self._unended = unended  # an editor took the line's end away
        self._seen = begin + kept
        return kept

    def _forget(self) -> None:
        self._seen = self._lines = 0
        self._rows.clear()
        self._unended = False


def encoded(row: dict[str, Any], digits: int | None = None) -> bytes:
    """A row as a line without its end."""
    found = plain(row, digits)
    fingerprint = found.pop(FINGERPRINT)
    body = json.dumps(found, sort_keys=True, allow_nan=False).encode()
    crc = zlib.crc32(body + fingerprint.encode())
    return body[:-1] + f'{", " if found else ""}"{CRC}": "{crc:08x}", "{FINGERPRINT}": "{fingerprint}"}}'.encode()


def fingerprint_of_line(line: bytes) -> str:
    """The fingerprint in a line; `ValueError` for a line that is damaged, or of no job."""
    end = _end_of(line)
    if end is not None:
        before = zlib.crc32(memoryview(line)[: end.start()])
        if zlib.crc32(end[2], zlib.crc32(b"}", before)) != int(end[1], 16):
            raise ValueError("its checksum does not fit")
        return end[2].decode("utf-8", "replace")
    row = _object(line)
    if CRC in row:
        raise ValueError(f"'{CRC}' does not stand where it should")
    if not isinstance(row.get(FINGERPRINT), str):
        raise ValueError(f"expected the text '{FINGERPRINT}', which says of what job it is")
    return str(row[FINGERPRINT])


def parsed(line: bytes, place: str) -> dict[str, Any]:
    """The object in a line, without its CRC; `StorageError` naming the place where there is none."""
    try:
        return _object(line)
    except ValueError as error:
        raise _damaged(place, str(error)) from None


def _object(line: bytes) -> dict[str, Any]:
    value = parse(line)
    if not isinstance(value, dict):
        raise ValueError(f"expected an object, found a {type(value).__name__}")
    if _end_of(line):
        del value[CRC]
    return value


def _end_of(line: bytes) -> re.Match[bytes] | None:
    return _END.search(line, max(len(line) - LONGEST_END, 0))


def _is_json(line: bytes) -> bool:
    try:
        parse(line)
    except ValueError:
        return False
    return True


def _damaged(place: str, what: str) -> StorageError:
    return StorageError(f"{place}: {what}: remove the line or the file, and run the command again")
