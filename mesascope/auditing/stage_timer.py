"""How long each stage of an audit took."""

import time

from mesascope.core.progress import Stage


class StageTimer:
    """Tells stages as they begin and adds up their seconds."""

    def __init__(self, tell: Stage):
        self._tell = tell
        self._stages: list[tuple[str, float]] = []

    def __call__(self, name: str) -> None:
        """A stage begins, and the one before it ends."""
        self._stages.append((name, time.monotonic()))
        self._tell(name)

    def part(self, name: str, done: int = 0, of: int = 0, /) -> None:
        """Something begins within the stage that began last, or goes on; no seconds of its own are kept."""
        self._tell(f"{self._stages[-1][0]}, {name}" if self._stages else name, done, of)

    def spent(self) -> dict[str, float]:
        """Seconds of each stage."""
        ends = [*(begun for _, begun in self._stages[1:]), time.monotonic()]
        return {name: end - begun for (name, begun), end in zip(self._stages, ends, strict=False)}
