"""The one way to write a file: a temporary sibling, flushed to the disk, then renamed over the target.

A reader, and whoever comes after a crash, finds the old file or the new one and never a mixture. Nothing outside of
this module opens a file for writing (tested on the package's syntax trees).
"""

import errno
import os
import secrets
import shutil
import stat
from pathlib import Path

from mesascope.core.errors import StorageError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_ONLY_FILE = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a whole file or, when anything fails, leave what was there before; makes the folder if it is missing.

    Raises `StorageError` naming the path and the reason, for a full disk with the bytes needed and free.
    """
    make_folder(path.parent)
    partial = _partial(path.parent)
    try:
        try:
            _write_through(partial, data)
            os.replace(partial, path)
        except BaseException:
            _remove_quietly(partial)
            raise
        _flush_folder(path.parent)
    except OSError as error:
        raise _explained(path, error, len(data)) from error


def make_folder(path: Path) -> None:
    """Make a folder and those above it, if they are missing; `StorageError` when that cannot be."""
    try:
        missing = []
        place = path
        while not place.exists() and place != place.parent:
            missing.append(place)
            place = place.parent
        for folder in reversed(missing):
            try:
                os.mkdir(folder)
            except FileExistsError:  # another process was faster
                continue
            _flush_folder(folder.parent)
        if not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    except OSError as error:
        raise _explained(path, error, 0) from error


def remove(path: Path) -> None:
    """Remove a file, or a folder that is empty; one that is not there is no error."""
    try:
        os.rmdir(path) if path.is_dir() and not path.is_symlink() else os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageError(f"cannot remove {path}: {_reason(error)}") from error


def move(path: Path, to: Path) -> None:
    """Give a file another name in its folder, in place of one that has it; `StorageError` when that cannot be."""
    try:
        os.replace(path, to)
        _flush_folder(to.parent)
    except OSError as error:
        raise StorageError(f"cannot move {path} to {to.name}: {_reason(error)}") from error


def check_writable(folder: Path) -> None:
    """`StorageError` when nothing can be written to a folder; one that is missing is judged by the nearest above it.

    Leaves nothing behind.
    """
    try:
        place = folder.absolute()
        while not place.exists() and place != place.parent:
            place = place.parent
        probe = _partial(place)
        if not place.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        try:
            _write_through(probe, b"mesascope")
        finally:
            _remove_quietly(probe)
    except OSError as error:
        raise _explained(folder, error, 0) from error


def read_bytes(path: Path, most: int) -> bytes:
    """The bytes of a regular file of at most `most` bytes; raises `OSError` otherwise, and never reads beyond that."""
    # Not blocking: opening a pipe would wait for its writer.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        if about.st_size > most:
            raise OSError(errno.EFBIG, f"{about.st_size} bytes, more than the {most} allowed")
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"more than the {most} bytes allowed")
    return data


def _partial(folder: Path) -> Path:
    """A new name; apart from the target's, which may already be as long as names can be."""
    return folder / f".mesascope-{os.getpid()}-{secrets.token_hex(4)}.partial"


def _write_through(path: Path, data: bytes) -> None:
    """A new file with `data`, on the disk when this returns."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _ONLY_FILE, 0o666)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def _flush_folder(folder: Path) -> None:
    """Make a rename last through a power cut. Windows has no such call, and some file systems refuse it."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


def _remove_quietly(path: Path) -> None:
    try:
        os.unlink(path)
    except OSError:
        return


def _explained(path: Path, error: OSError, needed: int) -> StorageError:
    if error.errno in _FULL:
        place = path if path.is_dir() else path.parent
        free = shutil.disk_usage(place).free if place.is_dir() else 0
        return StorageError(f"cannot write {path}: the disk is full: {needed} bytes needed, {free} free")
    if error.errno == errno.EFBIG:
        return StorageError(f"cannot write {path}: {needed} bytes are more than a file may have here")
    return StorageError(f"cannot write {path}: {_reason(error)}")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
