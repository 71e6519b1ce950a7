"""Who makes a job: whoever holds its lock. A process that ends, in whatever way, lets go of it at once."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mesascope.jobs.interrupts import check_canceled
from mesascope.store.fs import Hold, hold, holder, let_go

PAUSE = 0.1
"""Seconds between two looks at a lock that another process holds."""


def lease_of(folder: Path, fingerprint: str) -> Path:
    """The file that stands for a job's lock."""
    return folder / f".mesascope-{fingerprint[:16]}.lock"


@contextmanager
def held(path: Path, waiting: Callable[[str], None] = lambda who: None) -> Iterator[None]:
    """Hold a lock, once no other process does; `waiting` hears who has it. A signal ends the waiting."""
    while (found := hold(path)) is None:
        check_canceled()
        waiting(holder(path))
        time.sleep(PAUSE)
    with letting_go(found):
        yield


@contextmanager
def letting_go(lease: Hold) -> Iterator[None]:
    """A lock that is held already, for as long as the context lasts."""
    try:
        yield
    finally:
        let_go(lease)
