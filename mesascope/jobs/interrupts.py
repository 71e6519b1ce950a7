"""Stopping at once without losing anything: Ctrl-C and a polite kill while compiled code is running.

Python hears a signal only between two of its own instructions, and one compiled call may last many seconds. So the work
runs in a thread of its own and the main thread waits for it: a signal is heard at once, the work gets a few seconds to
come to a point where it can stop, and what still runs then is left behind. That loses nothing that was saved: every file
is written whole or not at all.
"""

import os
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

_stop = threading.Event()
_left_behind = threading.Event()
_heard: list[int] = []


def listen() -> None:
    """Take SIGTERM as SIGINT is taken, and remember which it was. A signal that is ignored from outside stays so."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _hear)


def _hear(number: int, frame: FrameType | None) -> NoReturn:
    _heard.append(number)
    raise KeyboardInterrupt


def exit_code() -> int:
    """What a shell expects after the signal that was heard: 130 for Ctrl-C, 143 for a polite kill."""
    return 128 + (_heard[-1] if _heard else signal.SIGINT)


def check_canceled() -> None:
    """Called by the work wherever it may stop: raises `KeyboardInterrupt` once a signal was heard."""
    if _stop.is_set():
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

    _stop.clear()
    thread = threading.Thread(target=run, name="work", daemon=True)
    try:
        thread.start()  # in here: a signal may come while it does
        done.wait()
    except KeyboardInterrupt:
        _stop.set()
        _left_behind.set()  # also where a second signal ends the waiting
        if done.wait(GRACE):
            thread.join()
            _left_behind.clear()
        raise
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def leave(code: int) -> NoReturn:
    """End the process. Where work was left behind in compiled code, in its own thread or in one beside it, without waiting
    for it.
    """
    if _left_behind.is_set() or in_background():
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                continue
        os._exit(code)
    sys.exit(code)
