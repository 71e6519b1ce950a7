"""Progress on standard error: a live line in a terminal, now and then a plain line elsewhere."""

import sys
import time
from types import TracebackType

from mesascope.base_optimizers.training import Progress
from mesascope.cli import terminal

QUIET_SECONDS = 10.0
"""Between two plain lines, so that a log stays readable."""


class Live:
    """Prints what is going on. In a terminal the last line is rewritten; elsewhere a line every ten seconds."""

    def __init__(self, quiet: bool = False):
        self._quiet = quiet
        self._live = sys.stderr.isatty() and not quiet
        self._said = -QUIET_SECONDS
        self._open = False

    def __enter__(self) -> "Live":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def training(self, seed: int, progress: Progress) -> None:
        """Where a training stands."""
        done = progress.updates_done >= progress.updates_total
        text = (
            f"seed {seed}: training {progress.updates_done}/{progress.updates_total} updates, "
            f"competence {progress.competence:.3f}, {progress.updates_per_second:.1f} updates/s, "
            + (f"took {progress.seconds:.0f} s" if done else f"{progress.eta:.0f} s left")
        )
        self._say(text, last=done)

    def stage(self, seed: int, name: str) -> None:
        """A stage of an audit begins."""
        self._say(f"seed {seed}: {name}", last=False)

    def note(self, text: str) -> None:
        """A line that stays."""
        if self._quiet:
            return
        self._close()
        terminal.note(text)

    def _say(self, text: str, last: bool) -> None:
        if self._quiet:
            return
        if self._live:
            sys.stderr.write("\r\x1b[K" + terminal.clean(text))
            sys.stderr.flush()
            self._open = True
            if last:
                self._close()
        elif last or time.monotonic() - self._said >= QUIET_SECONDS:
            self._said = time.monotonic()
            terminal.note(text)

    def _close(self) -> None:
        if self._open:
            sys.stderr.write("\n")
            self._open = False
