"""Numbers of a document as text. What is null, missing or not finite is said to be missing, never shown as zero."""

import math
from collections.abc import Mapping
from typing import Any

MISSING = "\N{EM DASH}"
"""Stands where a number does not exist."""

MINUS = "\N{MINUS SIGN}"


def real(value: Any) -> float | None:
    """`value` as a finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def number(value: Any, digits: int = 2) -> str:
    """A number with a fixed count of decimals and a true minus sign; counts in full, with thousands apart."""
    found = real(value)
    if found is None:
        return MISSING
    if isinstance(value, int):
        text = f"{value:,}"
    else:
        text = f"{found:,.{digits}f}"
        if not any(c in "123456789" for c in text):
            text = text.lstrip("-")
    return text.replace("-", MINUS)


def bounds(estimate: Any) -> tuple[float, float] | None:
    """The interval of an estimate, or None where it has none."""
    interval = estimate.get("interval") if isinstance(estimate, Mapping) else None
    if not isinstance(interval, list | tuple) or len(interval) != 2:
        return None
    low, high = real(interval[0]), real(interval[1])
    return None if low is None or high is None else (low, high)


def point(estimate: Any) -> float | None:
    """The value of an estimate, whichever of its names it has: value, rate, mean, share or statistic."""
    if not isinstance(estimate, Mapping):
        return None
    for key in ("value", "rate", "mean", "share", "statistic"):
        if key in estimate:
            return real(estimate[key])
    return None


def has_none(estimate: Any) -> bool:
    """Whether an estimate's interval is said not to exist: null for both bounds, as of a single seed. What is exact, and has no
    bounds at all, is another thing.
    """
    interval = estimate.get("interval") if isinstance(estimate, Mapping) else None
    return (
        point(estimate) is not None
        and isinstance(interval, list | tuple)
        and all(real(end) is None for end in interval)
    )


def none_text(estimate: Mapping[str, Any]) -> str:
    """`no interval`; `one seed: no interval` where an estimate says that it is of one seed."""
    return "one seed: no interval" if estimate.get("seeds") == 1 else "no interval"


def interval_text(estimate: Any, digits: int = 2) -> str:
    """`[0.52, 0.60]`, or a dash."""
    found = bounds(estimate)
    return MISSING if found is None else f"[{number(found[0], digits)}, {number(found[1], digits)}]"


def estimate_text(estimate: Any, digits: int = 2) -> str:
    """`0.56 [0.52, 0.60]`; a dash where there is no value, and in words where there is no interval."""
    value = point(estimate)
    if value is None:
        return MISSING
    if has_none(estimate):
        return f"{number(value, digits)} [{none_text(estimate)}]"
    found = bounds(estimate)
    return number(value, digits) if found is None else f"{number(value, digits)} {interval_text(estimate, digits)}"
