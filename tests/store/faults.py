"""A file system that stops or fails at its k-th operation: the store's module `os` is replaced by one of these."""

import errno
import os
from contextlib import contextmanager

from mesascope.store import fs

OPERATIONS = ("open", "write", "fsync", "close", "replace", "mkdir", "unlink", "rmdir", "ftruncate")


class Stopped(BaseException):
    """The process has ended: nothing that comes after this happens any more."""


class FaultyOs:
    """`os`, but the k-th operation (from 0) does not happen: the process ends there, or that operation alone fails."""

    def __init__(self, k, mode):
        self.k, self.mode, self.count, self.struck = k, mode, -1, None

    def __getattr__(self, name):
        return self._counted(name) if name in OPERATIONS else getattr(os, name)

    def _counted(self, name):
        def operation(*arguments):
            self.count += 1
            if self.mode == "stop" and self.count >= self.k:
                self.struck = self.struck or name
                if name == "close":
                    os.close(*arguments)  # the system closes the files of a process that ended
                raise Stopped
            if self.mode == "fail" and self.count == self.k:
                self.struck = name
                if name == "close":
                    os.close(*arguments)
                raise OSError(errno.ENOSPC, "No space left on device")
            if self.mode == "half" and self.count == self.k and name == "write":
                self.struck = name
                handle, data = arguments
                return os.write(handle, data[: max(1, len(data) // 2)])
            return getattr(os, name)(*arguments)

        return operation


@contextmanager
def faults(monkeypatch, k, mode):
    """Run the body on a faulty file system; yields it, so that the test sees whether the k-th operation came."""
    faulty = FaultyOs(k, mode)
    with monkeypatch.context() as patch:
        patch.setattr(fs, "os", faulty)
        yield faulty


def every_fault(monkeypatch, mode, prepare, act, check):
    """Run `prepare` unharmed and `act` with the k-th operation struck, for k = 0, 1, ... until `act` comes through.

    `check(prepared, error)` follows each time, unharmed again. The number of strikes is returned.
    """
    k = 0
    while True:
        prepared = prepare(k)
        error = None
        with faults(monkeypatch, k, mode) as faulty:
            try:
                act(prepared)
            except (Stopped, Exception) as caught:
                error = caught
        check(prepared, error)
        if faulty.struck is None and faulty.count < k:
            assert error is None
            return k
        k += 1
