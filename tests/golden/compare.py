"""Compares the figures of an audit with the golden ones. Pure functions.

The rule:

* Texts and truth values (verdicts, kinds, proxies, whether a test passed, what is identified) must be equal. Reasons are
  prose and are not kept.
* A path that the golden values have and the audit has not is a difference. A path that is new is not.
* In the environment that the golden values were made in, every number must agree to 1e-6, absolute or relative, and one
  unit of the sixth significant digit, to which documents are rounded.
* Bits are promised only per environment (`environment.py`). In another one, exact figures of an agent that is built must
  agree to 1e-4: returns, competence and ledgers, as far as they do not depend on sampled weights. Every other estimate
  must lie within its golden interval. A number that is sampled and has no interval, and the place that a search among
  places chose, are not compared.
* An agent that is trained in another environment is another agent, since training multiplies what differs in the last bit.
  Where its competence in training and the weights of its objectives lie within their golden intervals, texts and truth
  values are compared. Where they do not, nothing but missing paths is, and the comparison says so.
"""

import math
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from tests.golden.figures import SEPARATOR, Figures

CLOSE, NEAR = 1e-6, 1e-4
"""Tolerances in the environment of the golden values, and in another."""

DIGITS = 6
"""Significant digits of numbers in documents."""

EXACT = ("returns", "competence", "ledger", "ledger_greedy", "ledger_from_outside")
"""Sections that hold exact figures of an agent that is built."""

SAMPLED = {"inner", "capability", "own"}
"""Parts of a path that say that a figure depends on sampled weights."""

MISSING = "missing"
SECTION = "a whole section"
"""What stands at a path for the audit where it has nothing there, and where it has paths below."""


class Difference(NamedTuple):
    """A path, what the golden file has there, and what the audit has.

    `slight` says of a difference in the environment of the golden values that it would pass in another one: a sampled figure
    that moved within its interval, or an exact one that moved by less than 1e-4. A changed order of sums does as much.
    """

    path: str
    golden: Any
    now: Any
    slight: bool = False

    def __str__(self) -> str:
        return f"{self.path}: golden {self.golden}, now {self.now}{' (slight)' if self.slight else ''}"


class Comparison(NamedTuple):
    """All differences. `comparable` is false for an agent whose training went another way in another environment."""

    differences: tuple[Difference, ...]
    comparable: bool = True


def compare(golden: Figures, now: Figures, kind: Literal["exact", "trained"], same_environment: bool) -> Comparison:
    """Compare an audit with its golden values by the rule above.

    Args:
        golden: Golden figures, as `figures.figures` gives them.
        now: Figures of the audit to be judged.
        kind: Whether the agent is built (`exact`) or trained.
        same_environment: Whether both were made in equal environments.

    Returns:
        The differences, in the order of the golden values.
    """
    walks = any(path.startswith("closed_loop") for path in golden)  # its returns and competence are sampled
    elsewhere = _agree_elsewhere if kind == "exact" and not walks else _agree_if_sampled
    if same_environment:
        found = _differences(golden, now, _agree)
        return Comparison(tuple(d._replace(slight=d.now != MISSING and elsewhere(*d[:3])) for d in found))
    if kind == "exact":
        return Comparison(_differences(golden, now, elsewhere))
    if _differences({path: value for path, value in golden.items() if _tells_training(path)}, now, _agree_if_sampled):
        return Comparison(_differences(golden, now, lambda *_: True), comparable=False)
    return Comparison(_differences(golden, now, _agree_if_text))


Judge = Callable[[str, Any, Any], bool]
"""Whether two values agree: path, golden value, value now."""


def _differences(golden: Figures, now: Figures, agree: Judge) -> tuple[Difference, ...]:
    pairs = ((path, value, _at(now, path)) for path, value in golden.items())
    return tuple(
        Difference(path, value, found)
        for path, value, found in pairs
        if found == MISSING or not agree(path, value, found)
    )


def _at(figures: Figures, path: str) -> Any:
    """What stands at a path; null where a section above it is null."""
    if path in figures:
        return figures[path]
    parts = path.split(SEPARATOR)
    if any(SEPARATOR.join(parts[:n]) in figures for n in range(1, len(parts))):
        return None
    return SECTION if any(other.startswith(path + SEPARATOR) for other in figures) else MISSING


def _agree(path: str, golden: Any, now: Any) -> bool:
    """Equal, as far as numbers are printed."""
    if _is_estimate(golden) and _is_estimate(now):
        return all(_within(a, b, CLOSE) for a, b in zip(golden, now, strict=True))
    return _within(golden, now, CLOSE)


def _agree_elsewhere(path: str, golden: Any, now: Any) -> bool:
    """An agent that is built, in another environment."""
    section, *parts = path.split(SEPARATOR)
    if section not in EXACT or SAMPLED & set(parts):
        return _agree_if_sampled(path, golden, now)
    if _is_estimate(golden) and _is_estimate(now):
        return _within(golden[0], now[0], NEAR)
    return _within(golden, now, NEAR)


def _agree_if_sampled(path: str, golden: Any, now: Any) -> bool:
    """What depends on random numbers, in another environment."""
    if path.endswith(SEPARATOR + "site"):
        return True
    if _is_estimate(golden) and _is_estimate(now):
        value, low, high = golden
        if value is None or now[0] is None:
            return value is now[0]
        return low is None or high is None or low - NEAR <= now[0] <= high + NEAR
    return (_is_number(golden) and _is_number(now)) or golden == now


def _agree_if_text(path: str, golden: Any, now: Any) -> bool:
    """Texts, lists of texts and truth values; numbers are not looked at."""
    numbers = [_is_number(value) or _is_estimate(value) for value in (golden, now)]
    either = all(number or value is None for number, value in zip(numbers, (golden, now), strict=True)) and any(numbers)
    return either or path.endswith(SEPARATOR + "site") or golden == now


def _tells_training(path: str) -> bool:
    """Whether the figure says how far a training came, and to what."""
    return path.startswith("competence/training/") or "_objective/weights/" in path


def _within(golden: Any, now: Any, tolerance: float) -> bool:
    if not _is_number(golden) or not _is_number(now):
        return golden == now and type(golden) is type(now)
    size = abs(golden)
    unit = 10.0 ** (math.floor(math.log10(size)) - DIGITS + 1) if size else 0.0
    return abs(golden - now) <= tolerance * max(1.0, size) + 1.001 * unit


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_estimate(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(item is None or _is_number(item) for item in value)
