"""From numbers to pixels: linear scales with round ticks."""

import math
from collections.abc import Iterable
from typing import NamedTuple

PAD = 9.0
"""Pixels kept free at both ends, so that a mark on the edge is drawn whole."""


class Scale(NamedTuple):
    """A linear map of `low` to `high` onto `width` pixels."""

    low: float
    high: float
    width: float

    def at(self, value: float) -> float:
        """Pixels from the left; values beyond the scale stay at its edge."""
        share = (value - self.low) / (self.high - self.low)
        return PAD + min(1.0, max(0.0, share)) * (self.width - 2 * PAD)

    def holds(self, value: float) -> bool:
        """Whether the value lies on the scale."""
        return self.low <= value <= self.high

    def ticks(self, most: int = 5) -> list[float]:
        """Round numbers on the scale, zero among them where it lies on it."""
        step = _round_step((self.high - self.low) / max(1, most - 1))
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [index * step for index in range(first, last + 1)]


def covering(values: Iterable[float | None], width: float, *, least: tuple[float, float] = (0.0, 0.0)) -> Scale:
    """The scale that holds all `values` and the range `least`, with ends on round numbers."""
    found = [*(v for v in values if v is not None and math.isfinite(v)), *least]
    low, high = min(found), max(found)
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    step = _round_step((high - low) / 8)
    return Scale(math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, width)


def _round_step(rough: float) -> float:
    """The least of 1, 2, 2.5 and 5 times a power of ten that is not below `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next((m * power for m in (1, 2, 2.5, 5) if m * power >= rough * (1 - 1e-9)), 10 * power)


def tick_text(value: float, step: float) -> str:
    """A tick's label with as many decimals as the step needs."""
    digits = next((d for d in range(12) if abs(step * 10**d - round(step * 10**d)) < 1e-6 * step * 10**d), 12)
    return f"{value + 0.0:,.{digits}f}".replace("-", "\N{MINUS SIGN}")
