"""Progress on standard error: a live line in a terminal, now and then a plain line elsewhere."""

import sys
import time
from types import TracebackType

from mesascope.cli import terminal

QUIET_SECONDS = 10.0
"""Between two plain lines, so that a log stays readable."""


class Live:
    """Prints what is going on. In a terminal the last line is rewritten; elsewhere a line every ten seconds."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._said = time.monotonic() - QUIET_SECONDS

    def __enter__(self) -> "Live":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        terminal.gone()

    def note(self, text: str) -> None:
        """A line that stays."""
        self._said = time.monotonic()
        terminal.note(text)

    def say(self, text: str) -> None:
        """A line that the next one takes the place of; elsewhere than in a terminal, one that may be left out."""
        if self._live:
            terminal.passing(text)
        elif time.monotonic() - self._said >= QUIET_SECONDS:
            self._said = time.monotonic()
            terminal.note(text)
