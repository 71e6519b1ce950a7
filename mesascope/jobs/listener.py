"""Who hears how a run goes on. The command line prints it; by default nobody does."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Listener(Protocol):
    """Hears texts of one line."""

    def note(self, text: str) -> None:
        """A line to keep."""

    def say(self, text: str) -> None:
        """A line that the next one replaces."""


class Silent:
    """Hears nothing."""

    def note(self, text: str) -> None:
        """Drop the text."""

    def say(self, text: str) -> None:
        """Drop the text."""


SILENT = Silent()


def duration(seconds: float) -> str:
    """`42 s`, `3 min 05 s`."""
    whole = round(seconds)
    return f"{whole} s" if whole < 100 else f"{whole // 60} min {whole % 60:02d} s"
