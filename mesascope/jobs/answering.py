"""Answers to requests in threads beside the one that listens: a few at once, each with a time by which it is given up."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Value = TypeVar("Value")


class BusyError(Exception):
    """As many answers are under way as may be, or this one takes too long. It may be asked for again."""


class Answering:
    """Threads that answer.

    Args:
        most: Answers under way at once.
        seconds: After which whoever asked is told that it takes too long. The answer goes on, and counts as under way until it
            is there: nothing stops compiled code.
    """

    def __init__(self, most: int, seconds: float):
        self._seconds = seconds
        self._most = most
        self._free = threading.Semaphore(most)
        self._threads = ThreadPoolExecutor(most, "background-answer")

    async def __call__(self, work: Callable[[], Value]) -> Value:
        """What `work` returns or raises; `BusyError` where it cannot begin now, or is not done in time."""
        if not self._free.acquire(blocking=False):
            raise BusyError(f"{self._most} answers are under way")
        future = self._threads.submit(work)
        future.add_done_callback(lambda done: self._free.release())
        waiting = asyncio.wrap_future(future)
        try:
            return await asyncio.wait_for(asyncio.shield(waiting), self._seconds)
        except TimeoutError:
            waiting.add_done_callback(_heard)
            raise BusyError(f"no answer within {self._seconds:g} seconds") from None

    def close(self) -> None:
        """Begin nothing any more, and wait for nothing."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _heard(late: asyncio.Future[Value]) -> None:
    """Take what an answer came to that nobody waits for: an error that nobody took would be reported as a fault."""
    with contextlib.suppress(asyncio.CancelledError):
        late.exception()
