"""Who hears how a run goes on. The command line prints it; by default nobody does."""

import time
from collections.abc import Callable
from typing import Protocol, runtime_checkable


@runtime_checkable
class Listener(Protocol):
    """Hears texts of one line."""

    def note(self, text: str) -> None:
        """A line to keep."""

    def say(self, text: str, done: int = 0, of: int = 0) -> None:
        """A line that the next one replaces.

        Args:
            text: What is being done. The same text again is the same stage.
            done: Parts of the stage that are done.
            of: Parts in all; 0 where nothing is counted.
        """


class Silent:
    """Hears nothing."""

    def note(self, text: str) -> None:
        """Drop the text."""

    def say(self, text: str, done: int = 0, of: int = 0) -> None:
        """Drop the text."""


SILENT = Silent()


class TimeLeft:
    """How long the rest of something counted will take, if it goes on as it did since this was made.

    Args:
        clock: Seconds of a clock that never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock, self._begun = clock, clock()
        self._first: int | None = None

    def after(self, done: int, of: int) -> str:
        """`, about 42 s left` once something was done in this time; "" before that, and in the end.

        Args:
            done: Parts that are done, those that were done before included.
            of: Parts in all.

        Returns:
            The text.
        """
        if self._first is None:
            self._first = done
        gained, left = done - self._first, of - done
        if gained <= 0 or left <= 0:
            return ""
        return f", about {duration((self._clock() - self._begun) / gained * left)} left"


class Count:
    """Says how many jobs are done that other processes are at, and how long the rest will take.

    Args:
        listener: Who hears it.
        of: Jobs in all.
        what: What is said after the number, such as `rows are made`.
        clock: Seconds of a clock that never goes back.
    """

    def __init__(self, listener: Listener, of: int, what: str, clock: Callable[[], float] = time.monotonic):
        self._listener, self._of, self._what, self._left = listener, of, what, TimeLeft(clock)
        self._done, self._text = -1, ""

    def __call__(self, done: int) -> int:
        """Say it, in the same words until another job is done, and hand the number back."""
        if done != self._done:
            self._done, self._text = done, f"{done} of {self._of} {self._what}{self._left.after(done, self._of)}"
        self._listener.say(self._text)
        return done


def duration(seconds: float) -> str:
    """`42 s`, `3 min 05 s`."""
    whole = round(seconds)
    return f"{whole} s" if whole < 100 else f"{whole // 60} min {whole % 60:02d} s"
