"""Medians and ranges of repeats, some of which may not have reached their end."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Summary(NamedTuple):
    """Median, least and greatest of the repeats; None stands for a repeat that was cut off: longer than any number.

    `reached` of `repeats` gave a number. The median is None where half of the repeats or more were cut off.
    """

    median: float | None
    low: float | None
    high: float | None
    reached: int
    repeats: int


def summarize(values: Sequence[float | None]) -> Summary | None:
    """Summary of the repeats; None where there are none."""
    if not values:
        return None
    found = sorted(v for v in values if v is not None)
    whole = [*found, *[float("inf")] * (len(values) - len(found))]
    median = statistics.median(whole)
    high = found[-1] if len(found) == len(values) else None
    return Summary(
        median if median < float("inf") else None, found[0] if found else None, high, len(found), len(values)
    )


def significant(value: float, digits: int = 3) -> str:
    """A number with three digits that count and thousands set apart: 3,340,000, 64.4, 0.0712."""
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    places = max(0, digits - 1 - int(f"{rounded:e}".split("e")[1]))
    return f"{rounded:,.{places}f}"
