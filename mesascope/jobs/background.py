"""A second thread beside the work; a failure in the first does not wait for its queue."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import enumerate as threads

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


def in_background() -> bool:
    """Whether something is still running there that nobody waits for. Python would, before it ends."""
    return any(thread.name.startswith(_NAME) for thread in threads())
