"""What lies below the folders that the explorer was given. Requests name things by ids; only this file turns one into a path."""

import hashlib
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from mesascope.core.errors import StorageError, UsageError
from mesascope.jobs.audit_folder import AUDIT, STUDY, read_audit
from mesascope.jobs.cell import CELLS
from mesascope.jobs.listed import Listed, documents_below, listed
from mesascope.reports.reading import look
from mesascope.store.results import read_json

ID = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)
"""What an id looks like: no id can be read as a path."""
MOST_RESULTS = 2_000
"""Folders with results that are listed at the most."""

Value = TypeVar("Value")


class Missing(Exception):
    """An id of nothing that is there."""


class Result(NamedTuple):
    """One folder with results.

    Attributes:
        id: Its name in requests: the same for the same folder below the same root.
        folder: Where it is.
        name: What it is called in the list: its path below the root.
        about: What it is of and what came out, in a line.
        audits: Paths of its audits, in the order of their names; none for a study, a calibration or a tuning.
    """

    id: str
    folder: Path
    name: str
    about: Listed
    audits: tuple[Path, ...]


class Folders:
    """The results below some folders. Documents are read when they are asked for, and again when their files change.

    Args:
        roots: The folders.

    Raises:
        UsageError: One of them is no folder.
    """

    def __init__(self, roots: Sequence[Path]):
        for root in roots:
            if not root.is_dir():
                raise UsageError(f"{root}: expected a folder, found {'a file' if root.exists() else 'nothing'}")
        self.roots = tuple(root.resolve() for root in roots)
        self._read: dict[tuple[str, Path], tuple[tuple[int, int], Any]] = {}
        self._known: dict[str, Result] = {}
        self._reading = threading.Lock()

    def results(self) -> list[Result]:
        """All results, folder after folder, as they are now; links and what lies behind them are left out."""
        found = [self._result(root, path) for root in self.roots for path in documents_below(root) if self.holds(path)]
        self._known = {result.id: result for result in found[:MOST_RESULTS]}
        return list(self._known.values())

    def running(self) -> list[tuple[str, str, Path]]:
        """Studies of which there is a journal and no document yet, or a newer journal than that: id, name and folder."""
        found = []
        for root in self.roots:
            for journal in sorted(root.rglob(CELLS)):
                document = journal.with_name(STUDY)
                if not self.holds(journal):
                    continue
                if not document.exists() or document.stat().st_mtime < journal.stat().st_mtime:
                    found.append((self.id_of(journal.parent), self._name(root, journal.parent), journal.parent))
        return found

    def result(self, asked: str) -> Result:
        """The result of an id; `Missing` for what is none, or of nothing."""
        return self._found(asked, lambda: dict(self._known))

    def audit(self, asked: str) -> Path:
        """The path of the audit of an id; `Missing` for what is none, or of nothing."""
        return self._found(
            asked, lambda: {self.id_of(p.parent): p for result in self._known.values() for p in result.audits}
        )

    def documents(self, result: Result) -> list[dict[str, Any]]:
        """The audits of a result in the order of their seeds; `StorageError` for one that cannot be read."""
        return [document for _, document in self.pairs(result)]

    def pairs(self, result: Result) -> list[tuple[Path, dict[str, Any]]]:
        """The audits of a result with their paths, in the order of their seeds."""
        found = [(path, self.document(path)) for path in result.audits]
        return sorted(found, key=lambda pair: int(look(pair[1], "seed") or 0))

    def document(self, path: Path) -> dict[str, Any]:
        """An audit; `StorageError` for a file that is none, or that does not lie below a root."""
        if not self.holds(path):
            raise StorageError(f"{path.name}: it is a link, or lies outside of the folders that were named")
        return self._remembered("audit", path, read_audit)

    def id_of(self, folder: Path) -> str:
        """The id of a folder: its name as far as ids allow, and a hash of its path below its root."""
        root = self._root_of(folder)
        number = self.roots.index(root)
        told = re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-")[:40] or "folder"
        below = f"{number}/{folder.relative_to(root).as_posix()}"
        return f"{told}-{hashlib.sha256(below.encode('utf-8', 'surrogateescape')).hexdigest()[:10]}"

    def holds(self, path: Path) -> bool:
        """Whether a path is below a root, without a link on the way."""
        try:
            return path.resolve(strict=True) == path and any(path.is_relative_to(root) for root in self.roots)
        except OSError:
            return False

    def _root_of(self, folder: Path) -> Path:
        return max((root for root in self.roots if folder.is_relative_to(root)), key=lambda root: len(root.parts))

    def _name(self, root: Path, folder: Path) -> str:
        below = folder.relative_to(root).as_posix()
        start = root.name if below == "." or len(self.roots) > 1 else ""
        return "/".join(part for part in (start, "" if below == "." else below) if part)

    def _result(self, root: Path, path: Path) -> Result:
        folder = path.parent
        name = self._name(root, folder)
        audits: tuple[Path, ...] = ()
        if path.name == AUDIT:
            audits = (path,)
        elif path.name == STUDY and self._remembered("kind", path, _kind) != "study":
            audits = tuple(p for p in sorted(folder.glob(f"seed-*/{AUDIT}")) if self.holds(p))
        about = self._remembered("listed", path, lambda path: listed(path, name))
        return Result(self.id_of(folder), folder, name, about, audits)

    def _remembered(self, what: str, path: Path, read: Callable[[Path], Value]) -> Value:
        """What `read` makes of a file, which is read again once it has changed."""
        about = path.stat()
        stamp = (about.st_mtime_ns, about.st_size)
        with self._reading:
            kept = self._read.get((what, path))
        if kept is None or kept[0] != stamp:
            kept = (stamp, read(path))
            with self._reading:
                self._read[what, path] = kept
        return kept[1]

    def _found(self, asked: str, known: Callable[[], Mapping[str, Value]]) -> Value:
        """What an id stands for. The folders are looked through again only for one that is not known yet."""
        if ID.fullmatch(asked):
            found = known().get(asked)
            if found is None:
                self.results()
                found = known().get(asked)
            if found is not None:
                return found
        raise Missing(asked)


def _kind(path: Path) -> str:
    """The kind that a document gives itself; "" for one that cannot be read."""
    try:
        found: Mapping[str, Any] = read_json(path)
    except StorageError:
        return ""
    return str(found.get("kind", ""))
