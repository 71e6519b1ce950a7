"""A second thread for what needs a subject's answers alone; a failure in the first thread does not wait for its queue."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import enumerate as threads
from typing import Any

_NAME = "background"


@contextmanager
def background() -> Iterator[ThreadPoolExecutor]:
    """An executor with one thread. On an error or an interrupt what has not begun is canceled, and nothing is waited for."""
    executor = ThreadPoolExecutor(1, _NAME)
    try:
        yield executor
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        raise
    executor.shutdown()


def at_work_beside() -> bool:
    """Whether a job goes on that nobody waits for. Python would, before it ends."""
    return any(thread.name.startswith(_NAME) for thread in threads())


def raise_if_failed(future: Future[Any]) -> None:
    """Raise what a job has failed with already; one that is still at work is not waited for."""
    if future.done():
        future.result()
