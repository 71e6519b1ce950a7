"""The one way to write a file: a temporary sibling, flushed to the disk, then renamed over the target.

A reader, and whoever comes after a crash, finds the old file or the new one and never a mixture. A journal grows at its end
instead, under a lock. Nothing outside of this module opens a file for writing (tested on the package's syntax trees).

Locks are the kernel's (`flock`): a process that ends, in whatever way, lets go of them at once, and none is ever broken.
"""

import errno
import functools
import os
import platform
import secrets
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from mesascope.core.errors import StorageError

# Windows has none: nothing is locked there, see docs/limits.md.
fcntl: Any = import_module("fcntl") if find_spec("fcntl") else None

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
            handle = _write_through(partial, data)
            try:  # locked until it is renamed, so that nobody takes it for a dead process's
                os.replace(partial, path)
            finally:
                _close(handle)
        except BaseException:
            _remove_quietly(partial)
            raise
        _flush_folder(path.parent)
    except OSError as error:
        raise _explained(path, error, len(data)) from error


def append(path: Path, seen: int, more: Callable[[int, bytes], tuple[int, bytes]]) -> int:
    """Add to the end of a file that other processes add to as well; makes the file and its folder if they are missing.

    Args:
        path: the file.
        seen: how many of its bytes are known to the caller.
        more: given where in the file they begin, the bytes beyond those; returns how many of them stay (a torn end does not)
            and the bytes to add after them, none perhaps. Called while no other process can write.

    Returns:
        The file's size, flushed to the disk. What could not be added whole is taken back.

    Raises:
        StorageError: it cannot be written, or is no regular file.
    """
    make_folder(path.parent)
    data = b""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | _ONLY_FILE | getattr(os, "O_NONBLOCK", 0), 0o666)
        try:
            _lock(handle, wait=True)
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode):
                raise OSError(errno.EINVAL, "not a regular file")
            begin = seen if seen <= about.st_size else 0
            os.lseek(handle, begin, os.SEEK_SET)
            kept, data = more(begin, _read(handle, about.st_size - begin))
            end = begin + kept
            if data:
                if end < about.st_size:
                    os.ftruncate(handle, end)
                os.lseek(handle, end, os.SEEK_SET)
                try:
                    _write_all(handle, data)
                    os.fsync(handle)
                except OSError:
                    os.ftruncate(handle, end)
                    raise
        finally:
            os.close(handle)
        if not about.st_size:
            _flush_folder(path.parent)
    except OSError as error:
        raise _explained(path, error, len(data)) from error
    return end + len(data)


class Hold(NamedTuple):
    """A lock that this process holds, and the file that stands for it."""

    path: Path
    handle: int


def hold(path: Path) -> Hold | None:
    """Take a lock, or None while another process holds it. Its file says who does, and is removed by `let_go`."""
    make_folder(path.parent)
    try:
        while True:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | _ONLY_FILE, 0o666)
            held = None
            try:
                free = _lock(handle)
                if free and _is_at(handle, path):  # not one that its holder has removed since
                    _sign(handle)
                    held = Hold(path, handle)
                if held or not free:
                    return held
            finally:
                if held is None:
                    os.close(handle)
    except OSError as error:
        raise _explained(path, error, 0) from error


def let_go(held: Hold) -> None:
    """Release a lock and remove its file; nobody holds the next one before this is done."""
    try:
        if os.name != "nt":
            _remove_quietly(held.path)
    finally:
        _close_quietly(held.handle)
    if os.name == "nt":
        _remove_quietly(held.path)


def holder(path: Path) -> str:
    """Who holds a lock, as its file says; empty where nobody does."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return ""
    try:
        if _lock(handle, shared=True):
            return ""
        return os.read(handle, 200).decode("utf-8", "replace").strip() or "another process"
    except OSError:
        return ""
    finally:
        _close_quietly(handle)


def leftovers(folder: Path) -> list[Path]:
    """Files in a folder that a process which has ended was still writing, or locked; those of living ones are not among them."""
    return [path for path in _ours(folder) if _if_nobody_has(path, lambda: None)]


def sweep(folder: Path) -> None:
    """Remove `leftovers`; what cannot be removed stays."""
    for path in _ours(folder):
        _if_nobody_has(path, functools.partial(_remove_quietly, path))


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
            _close(_write_through(probe, b"mesascope"))
        finally:
            _remove_quietly(probe)
    except OSError as error:
        raise _explained(folder, error, 0) from error


def read_bytes(path: Path, most: int, start: int = 0) -> bytes:
    """The bytes of a regular file of at most `most` bytes, from `start` on; raises `OSError` otherwise, and never reads beyond
    that.
    """
    # Not blocking: opening a pipe would wait for its writer.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        if about.st_size > most:
            raise OSError(errno.EFBIG, f"{about.st_size} bytes, more than the {most} allowed")
        file.seek(start)
        data = file.read(most + 1 - start)
    if len(data) > most - start:
        raise OSError(errno.EFBIG, f"more than the {most} bytes allowed")
    return data


def _partial(folder: Path) -> Path:
    """A new name; apart from the target's, which may already be as long as names can be."""
    return folder / f".mesascope-{os.getpid()}-{secrets.token_hex(4)}.partial"


def _write_through(path: Path, data: bytes) -> int:
    """A new file with `data`, on the disk when this returns; locked, and open where an open file can be renamed."""
    while True:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _ONLY_FILE, 0o666)
        try:
            _lock(handle, wait=True)
            if there := _is_at(handle, path):  # nobody took it for a dead process's before it was locked
                _write_all(handle, data)
                os.fsync(handle)
        except BaseException:
            os.close(handle)
            raise
        if there and os.name != "nt":
            return handle
        os.close(handle)
        if there:
            return -1


def _close(handle: int) -> None:
    if handle >= 0:
        os.close(handle)


def _close_quietly(handle: int) -> None:
    """Close a file that nothing was written to but for messages."""
    with suppress(OSError):
        os.close(handle)


def _write_all(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _read(handle: int, count: int) -> bytes:
    parts = []
    while count > 0 and (part := os.read(handle, min(count, 2**24))):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _lock(handle: int, *, wait: bool = False, shared: bool = False) -> bool:
    """Whether the file is locked now; always so where it is waited for, and on systems without such locks."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in (errno.ENOTSUP, errno.ENOLCK, errno.ENOSYS):  # file systems that lock nothing
            raise
    return True


def _is_at(handle: int, path: Path) -> bool:
    """Whether an open file is still the one that lies at a path."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False


def _sign(handle: int) -> None:
    """Who holds the lock; for messages alone, so that a full disk is no reason to stop here."""
    try:
        os.ftruncate(handle, 0)
        os.write(handle, f"process {os.getpid()} on {platform.node() or 'this machine'}\n".encode())
    except OSError:
        return


def _ours(folder: Path) -> list[Path]:
    """Plain files with names that this module gives: `.mesascope-*.partial` and `.mesascope-*.lock`."""
    if fcntl is None or not folder.is_dir():
        return []
    named = (path for path in sorted(folder.glob(".mesascope-*")) if path.suffix in (".partial", ".lock"))
    return [path for path in named if path.is_file() and not path.is_symlink()]


def _if_nobody_has(path: Path, act: Callable[[], None]) -> bool:
    """Whether no process has a file locked; if so, `act` is called while this one has."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False
    try:
        free = _lock(handle, shared=True)
        if free:
            act()
        return free
    finally:
        _close_quietly(handle)


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
