"""Stopping at once without losing anything: Ctrl-C and a polite kill, whatever the process is doing.

Python raises what a signal handler raises wherever it happens to be, inside a library's callback perhaps, which swallows it. So
nothing is raised there: the system writes the signal's number into a pipe, and a thread of its own that waits at the other end
sets a flag. The work, in another thread, looks at it wherever it can stop (`check_canceled`) and has a few seconds for that; then
the process ends, whatever still runs. That loses nothing that was saved: every file is written whole or not at all. Where no work
is under way, as in the seconds of the start, there is nothing to wait for; nor is there after a second signal.
"""

import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import NoReturn, TypeVar

from mesascope.jobs.background import in_background

T = TypeVar("T")

GRACE = 3.0
"""Seconds that the work has to come to a point where it can stop."""
AT_MOST = 1.5
"""Seconds beyond that after which the process ends without having said so."""

_stop = threading.Event()
_left_behind = threading.Event()
_working = threading.Event()
_heard: list[int] = []
_farewell: list[Callable[[], object]] = []


def listen(farewell: Callable[[], object] = lambda: None) -> None:
    """Hear SIGINT and SIGTERM from now on; called in the main thread. A signal that is ignored from outside stays so.

    Args:
        farewell: says that the process was interrupted, where it ends outside of `interruptible`. A second call replaces it.
    """
    listening = bool(_farewell)
    _farewell[:] = [farewell]
    heard = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) != signal.SIG_IGN]
    if listening:
        return
    if os.name == "nt":  # no pipe that can be waited for
        for number in heard:
            signal.signal(number, _hear)
        return
    out, into = os.pipe()
    os.set_blocking(into, False)
    signal.set_wakeup_fd(into, warn_on_full_buffer=False)
    os.register_at_fork(after_in_child=lambda: _stop_listening(heard))
    for number in heard:
        signal.signal(number, lambda number, frame: None)
    threading.Thread(target=_watch, args=(out, set(heard)), name="signals", daemon=True).start()


def _stop_listening(numbers: list[signal.Signals]) -> None:
    """In a forked process, whose signals would go into this one's pipe."""
    signal.set_wakeup_fd(-1)
    for number in numbers:
        signal.signal(number, signal.SIG_DFL)


def _watch(pipe: int, numbers: set[int]) -> None:
    """Wait for a signal, set the flag, and end the process if it does not end by itself."""
    _next(pipe, numbers)
    if _working.is_set():
        _next(pipe, numbers, GRACE + AT_MOST)  # a second one ends it at once
    else:
        told = threading.Thread(target=_farewell[0], daemon=True)  # the terminal may take no more
        told.start()
        told.join(AT_MOST)
    _end(exit_code())


def end_with(pipe: int) -> None:
    """End as after SIGTERM once the process at the other end of a pipe has ended."""

    def follow() -> None:
        while os.read(pipe, 1):
            continue
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=follow, name="parent", daemon=True).start()


def _next(pipe: int, numbers: set[int], within: float | None = None) -> None:
    """Until a signal was heard, or as many seconds have passed."""
    while select.select([pipe], [], [], within)[0]:
        found = [number for number in os.read(pipe, 16) if number in numbers]
        if found:
            _heard.extend(found)
            _stop.set()
            return


def _hear(number: int, frame: FrameType | None) -> NoReturn:
    _heard.append(number)
    raise KeyboardInterrupt


def exit_code() -> int:
    """What a shell expects after the signal that was heard: 130 for Ctrl-C, 143 for a polite kill."""
    return 128 + (_heard[-1] if _heard else signal.SIGINT)


def was_canceled() -> bool:
    """Whether a signal was heard."""
    return _stop.is_set()


def check_canceled() -> None:
    """Called by the work wherever it may stop: raises `KeyboardInterrupt` once a signal was heard."""
    if was_canceled():
        raise KeyboardInterrupt


def interruptible(work: Callable[[], T]) -> T:
    """What `work` returns or raises; a signal in the meantime raises `KeyboardInterrupt` within `GRACE` seconds."""
    results: list[T] = []
    errors: list[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # handed on to the main thread
            errors.append(error)
        finally:
            done.set()

    if not _heard:
        _stop.clear()
    thread = threading.Thread(target=run, name="work", daemon=True)
    try:
        _working.set()
        check_canceled()
        thread.start()  # in here: a signal may come while it does
        while not done.wait(0.1):
            check_canceled()
    except KeyboardInterrupt:
        _stop.set()
        _left_behind.set()  # also where a second signal ends the waiting
        if done.wait(GRACE):
            thread.join()
            _left_behind.clear()
        raise
    thread.join()
    _working.clear()
    if errors:
        raise errors[0]
    return results[0]


def leave(code: int) -> NoReturn:
    """End the process. Where a signal was heard, or work was left behind in compiled code, in its own thread or in one beside it,
    without waiting for anything.
    """
    if _stop.is_set() or _left_behind.is_set() or in_background():
        _end(code)
    sys.exit(code)


def _end(code: int) -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, RuntimeError):
            continue
    os._exit(code)
