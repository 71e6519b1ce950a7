"""Progress on standard error: a live line in a terminal, a plain line for a stage elsewhere."""

import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType

from mesascope.cli import terminal
from mesascope.jobs.background import every
from mesascope.jobs.listener import TimeLeft, duration

QUIET_SECONDS = 10.0
"""Between two plain lines, so that a log stays readable."""
BEAT = 1.0
"""Seconds after which the live line is written anew, with the time that its stage has taken."""
SHORT = 2.0
"""Seconds of a stage that are not worth saying."""
BEGUN, UNTOLD = "starting", "working"
"""What the live line says before the first stage, and between a line that stays and the next stage."""


class Live:
    """Prints what is going on. In a terminal the last line is rewritten every second; elsewhere a stage has one line at most, and
    ten seconds pass between two.

    Args:
        clock: Seconds of a clock that never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._live = sys.stderr.isatty()
        self._clock = clock
        self._said = clock() - QUIET_SECONDS
        self._shown = ""
        self._lock = threading.RLock()  # the work and the beat write the same line
        self._beating = ExitStack()
        self._begin("")

    def __enter__(self) -> "Live":
        if self._live:
            self._line = BEGUN
            self._write()
            self._beating.enter_context(every(BEAT, self.beat))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._beating.close()
            self._line = ""  # a beat that waits for this one has nothing to write
            terminal.gone()

    def note(self, text: str) -> None:
        """A line that stays."""
        with self._lock:
            self._said = self._clock()
            terminal.note(text)
            self._begin("")
            self._line = UNTOLD

    def say(self, text: str, done: int = 0, of: int = 0) -> None:
        """A line that the next one takes the place of; elsewhere than in a terminal, one that may be left out."""
        with self._lock:
            if text != self._stage:
                self._begin(text)
            self._line = f"{text}: {done:,} of {of:,}{self._left.after(done, of)}" if of else text
            if self._live:
                self._write()
            elif text != self._shown and self._clock() - self._said >= QUIET_SECONDS:
                self._said, self._shown = self._clock(), text
                terminal.note(self._line)

    def beat(self) -> None:
        """Write the live line anew, with the time that its stage has taken."""
        with self._lock:
            if self._live and self._line:
                self._write()

    def _begin(self, stage: str) -> None:
        self._stage, self._line, self._begun = stage, "", self._clock()
        self._left = TimeLeft(self._clock)

    def _write(self) -> None:
        spent = self._clock() - self._begun
        terminal.passing(self._line + (f" ({duration(spent)})" if spent >= SHORT else ""))
