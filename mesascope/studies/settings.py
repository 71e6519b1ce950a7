"""What conditions differ in beside their own tables: every combination of a grid, options that go together, random draws."""

from collections.abc import Iterator, Mapping
from itertools import product
from math import exp, log, prod
from typing import Any
from zlib import crc32

import numpy as np

from mesascope.core.errors import UsageError
from mesascope.studies.spec import TABLES, Drawn, Range, Spec

Settings = dict[str, Any]
"""Values by option, `world.alpha` for `alpha` in the table `world`."""

DIGITS = 3
"""Significant digits of what is drawn: a condition's name says all of them, and naming it in a list gives it again."""
PATIENCE = 100
"""Draws for each that is asked for; then there are not as many different ones."""


def settings_of(spec: Spec) -> list[Settings]:
    """The settings of every condition: each of the grid with each pair and each draw. `UsageError` where they do not fit."""
    together = [*(grid := _options(spec.grid)), *(paired := _options(spec.paired)), *_options(spec.random)]
    twice = next((option for option in together if together.count(option) > 1), None)
    if twice is not None:
        raise UsageError(f"the option '{twice.partition('.')[2]}' is varied in two tables: leave it in one of them")
    lengths = {option: len(values) for option, values in paired.items()}
    for option, length in lengths.items():
        first, wanted = next(iter(lengths.items()))
        if length != wanted:
            name, of = option.partition(".")[2], first.partition(".")[2]
            raise UsageError(
                f"'{name}' in [paired] has {length} values and '{of}' has {wanted}: they are taken one by one"
            )
    pairs = [dict(zip(paired, values, strict=True)) for values in zip(*paired.values(), strict=True)] or [{}]
    every = (dict(zip(grid, values, strict=True)) for values in product(*grid.values()))
    return [{**a, **b, **c} for a, b, c in product(every, pairs, list(_drawn(spec.random)) or [{}])]


def combinations(spec: Spec) -> int:
    """How many settings there are, without making them."""
    paired = max((len(values) for values in _options(spec.paired).values()), default=1)
    return prod(len(values) for values in _options(spec.grid).values()) * paired * max(spec.random.count, 1)


def _options(tables: Any) -> dict[str, Any]:
    return {f"{table}.{option}": values for table in TABLES for option, values in getattr(tables, table).items()}


def _drawn(random: Drawn) -> Iterator[Settings]:
    """Different draws. Each option has a stream of its own, so that adding one moves no other's."""
    options = _options(random)
    if bool(options) != bool(random.count):
        raise UsageError(
            "[random] takes a 'count' of conditions and the options that are drawn, such as alpha in [random.world]"
        )
    streams = {option: np.random.default_rng([random.seed, crc32(option.encode())]) for option in options}
    found: dict[tuple[Any, ...], None] = {}
    for _ in range(PATIENCE * random.count):
        if len(found) < random.count:
            found[tuple(_draw(streams[option], values) for option, values in options.items())] = None
    if len(found) < random.count:
        raise UsageError(
            f"[random] has {len(found)} different conditions, and a 'count' of {random.count} is asked for"
        )
    yield from (dict(zip(options, values, strict=True)) for values in found)


def _draw(stream: np.random.Generator, values: Range | list[Any]) -> Any:
    if isinstance(values, list):
        return values[int(stream.integers(len(values)))]
    if isinstance(values.low, int) and isinstance(values.high, int) and not values.log:
        return int(stream.integers(values.low, values.high + 1))
    share = float(stream.random())
    low, high = float(values.low), float(values.high)
    drawn = exp(log(low) + share * log(high / low)) if values.log else low + share * (high - low)
    return float(f"{min(max(drawn, low), high):.{DIGITS - 1}e}")


def named(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The same by table."""
    found: dict[str, dict[str, Any]] = {table: {} for table in TABLES}
    for key, value in settings.items():
        table, _, option = key.partition(".")
        found[table][option] = value
    return found
