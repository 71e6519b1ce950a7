"""Threads beside the work: one that works, whose queue a failure in the first does not wait for, and one that looks."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Thread
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


@contextmanager
def every(seconds: float, do: Callable[[], object]) -> Iterator[None]:
    """Do something short again and again until the context ends, which does not wait for it."""
    over = Event()

    def beat() -> None:
        while not over.wait(seconds):
            do()

    Thread(target=beat, name="beat", daemon=True).start()
    try:
        yield
    finally:
        over.set()


def in_background() -> bool:
    """Whether something is still running there that nobody waits for. Python would, before it ends."""
    return any(thread.name.startswith(_NAME) for thread in threads())
