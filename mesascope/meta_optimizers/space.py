"""What a tuner may set: the numbers of a base optimizer that are arguments of its compiled program."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp

from mesascope.base_optimizers.protocol import AbstractBaseOptimizer
from mesascope.base_optimizers.registry import BASE_OPTIMIZERS, build_base_optimizer
from mesascope.core.errors import UsageError, unknown
from mesascope.core.options import Config, Number


class Dimension(NamedTuple):
    """One number that is tuned: its range, and whether it is searched on a logarithmic scale or in whole numbers."""

    name: str
    low: Number
    high: Number
    log: bool = False
    whole: bool = False

    def share_of(self, value: Number) -> float:
        """Where a value lies in the range: 0 at its low end, 1 at its high end."""
        low, high, at = (math.log(v) if self.log else float(v) for v in (self.low, self.high, value))
        return (at - low) / (high - low)

    def at_share(self, share: float) -> Number:
        """The value at a share of the range."""
        low, high = (math.log(v) if self.log else float(v) for v in (self.low, self.high))
        value = low + min(max(share, 0.0), 1.0) * (high - low)
        value = min(max(math.exp(value) if self.log else value, self.low), self.high)
        return round(value) if self.whole else float(value)


_USUAL = {
    "learning_rate": Dimension("learning_rate", 1e-4, 0.1, log=True),
    "warmup": Dimension("warmup", 0, 200, whole=True),
    "floor": Dimension("floor", 0.0, 0.5),
    "clip": Dimension("clip", 0.05, 20.0, log=True),
    "clip_eps": Dimension("clip_eps", 0.05, 0.5),
    "gae_lambda": Dimension("gae_lambda", 0.8, 1.0),
    "vf_coef": Dimension("vf_coef", 0.05, 2.0, log=True),
    "entropy": Dimension("entropy", 1e-4, 0.1, log=True),
    "spread": Dimension("spread", 0.01, 1.0, log=True),
}
"""Ranges that are searched unless others are asked for; each holds the defaults of every base optimizer."""


def tunable(base_optimizer: str) -> tuple[str, ...]:
    """Options of a base optimizer that a tuner may set. `UsageError` for an unknown one, naming the nearest."""
    if base_optimizer not in BASE_OPTIMIZERS:
        raise unknown("base optimizer", base_optimizer, BASE_OPTIMIZERS)
    return tuple(name for name in BASE_OPTIMIZERS[base_optimizer].options if name in _USUAL)


def space_of(base_optimizer: str, updates: int, asked: Sequence[str] = ()) -> tuple[Dimension, ...]:
    """The dimensions to search: every tunable option in its usual range, or those `asked` for.

    Each of `asked` is `NAME` or `NAME=LOW:HIGH`. `UsageError` for what is neither, for a name that cannot be tuned, and
    for a range that the option does not allow. A warm-up beyond half of the updates would be cut, so none is tried.
    """
    names = tunable(base_optimizer)
    if not asked:
        return tuple(_fitting(_USUAL[name], updates) for name in names)
    found: dict[str, Dimension] = {}
    for text in asked:
        name, _, bounds = (part.strip() for part in text.partition("="))
        if name not in names:
            raise unknown(f"tunable option of base optimizer '{base_optimizer}'", name, names)
        if name in found:
            raise UsageError(f"--tune {text}: '{name}' is given twice")
        usual = _fitting(_USUAL[name], updates)
        found[name] = _within(base_optimizer, usual, bounds) if bounds else usual
    return tuple(found.values())


def _fitting(dimension: Dimension, updates: int) -> Dimension:
    return dimension._replace(high=max(1, updates // 2)) if dimension.name == "warmup" else dimension


def _within(base_optimizer: str, usual: Dimension, bounds: str) -> Dimension:
    option = BASE_OPTIMIZERS[base_optimizer].options[usual.name]
    least = max(option.least, 1e-12) if usual.log else option.least
    try:
        low, high = (float(part) for part in bounds.split(":"))
        if not (least <= low < high <= option.most) or (usual.whole and (low % 1 or high % 1)):
            raise ValueError
    except ValueError:
        raise UsageError(
            f"--tune {usual.name}={bounds}: write {usual.name}=LOW:HIGH with {option.least} <= LOW < HIGH <= "
            f"{option.most} ({option.says})"
        ) from None
    return usual._replace(low=int(low), high=int(high)) if usual.whole else usual._replace(low=low, high=high)


def inside(space: Sequence[Dimension], config: Mapping[str, Number]) -> Config:
    """The part of a config that is searched, each number moved to the nearest of its range."""
    return {d.name: min(max(config[d.name], d.low), d.high) for d in space}


def configured(base_optimizer: str, config: Mapping[str, Number]) -> AbstractBaseOptimizer:
    """The base optimizer with every number that may be one as an argument of its compiled program.

    Two of them that differ in tuned numbers only share their programs; results equal those of `build_base_optimizer` up to
    rounding.
    """

    def argument(value: Number) -> jax.Array:
        return jnp.asarray(value, jnp.int32 if isinstance(value, int) else jnp.float32)

    return jax.tree.map(argument, build_base_optimizer(base_optimizer, config))
