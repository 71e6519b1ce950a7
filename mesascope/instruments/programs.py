"""A library of short programs that a policy may amount to, each with its length in bits and its choices on levels."""

import math
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float

from mesascope.instruments.describe.pursued import pursue
from mesascope.instruments.sample import Sample
from mesascope.worlds.strategies import Rule
from mesascope.worlds.world import AbstractWorld

WEIGHT_BITS = 7.0
"""Bits to write down a weight to a hundredth, with its sign."""

LOOKUP, BREADTH_FIRST, PLANNER = "lookup table", "breadth-first", "weighted planner"


def schemes_of(world: AbstractWorld) -> tuple[str, ...]:
    """Kinds of program; to name one takes the logarithm of their number in bits."""
    return tuple(dict.fromkeys([LOOKUP, *(rule.scheme for rule in world.rules), BREADTH_FIRST, PLANNER]))


Sets = Bool[np.ndarray, "level state action"]


class Program(NamedTuple):
    """A program and its length; `weights` say what it is after, `rule` which rule of the world it is, if it is one."""

    name: str
    scheme: str
    bits: float
    weights: tuple[float, ...] = ()
    rule: Rule | None = None


def programs_of(world: AbstractWorld, weights: Float[np.ndarray, " feature"]) -> tuple[Program, ...]:
    """Every program of the library but the lookup table; `weights` are those of the weighted planner.

    A feature costs the logarithm of their number; a planner pays that and `WEIGHT_BITS` for each weight that is not 0.
    """
    kind, feature = math.log2(len(schemes_of(world))), math.log2(len(world.features))
    nothing = tuple(0.0 for _ in world.features)
    found = [
        Program(rule.text, rule.scheme, kind + rule.bits, nothing, rule) for rule in world.rules if not rule.of_feature
    ]
    for index, name in enumerate(world.features):
        alone = tuple(float(i == index) for i in range(len(world.features)))
        found += [
            Program(rule.text.format(feature=name), rule.scheme, kind + rule.bits + feature, alone, rule)
            for rule in world.rules
            if rule.of_feature
        ]
        found.append(Program(f"breadth-first to {name}", BREADTH_FIRST, kind + feature, alone))
    some = [f"{name} {w:+.2f}" for name, w in zip(world.features, weights, strict=True) if round(w, 2)]
    if some:
        length = kind + len(some) * (feature + WEIGHT_BITS)
        found.append(Program(f"plan for {', '.join(some)}", PLANNER, length, tuple(float(w) for w in weights)))
    return tuple(found)


def choices(world: AbstractWorld, program: Program, sample: Sample) -> Sets:
    """The actions a program would take in every state; all of them where it has nothing to say."""
    weights = jnp.asarray(program.weights, jnp.float32)
    if program.rule is not None:
        return np.asarray(program.rule.choose(sample.levels, weights))
    pursued = pursue(world, sample.levels, sample.mdp, weights, jnp.asarray(world.discount))
    return np.asarray(pursued.optimal | ~pursued.cells[..., None])
