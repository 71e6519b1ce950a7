"""A library of short programs that a policy may amount to, each with its length in bits and its choices on levels."""

import math
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from mesascope.instruments.describe.algorithms import RIGHT_OF, or_any
from mesascope.instruments.describe.pursued import pursue
from mesascope.instruments.hypotheses import LEFT_OF
from mesascope.instruments.sample import Sample
from mesascope.worlds.grids.grid import MOVES, cell_features, neighbors
from mesascope.worlds.world import AbstractWorld

WEIGHT_BITS = 7.0
"""Bits to write down a weight to a hundredth, with its sign."""

SCHEMES = ("lookup table", "wall follower", "nearest", "compass", "breadth-first", "weighted planner")
"""Kinds of program; to name one takes the logarithm of their number in bits."""

Sets = Bool[np.ndarray, "level state action"]


class Program(NamedTuple):
    """A program and its length; `weights` say what it is after, `hand` which wall it follows."""

    name: str
    scheme: str
    bits: float
    weights: tuple[float, ...] = ()
    hand: tuple[int, ...] = ()


def programs_of(world: AbstractWorld, weights: Float[np.ndarray, " feature"]) -> tuple[Program, ...]:
    """Every program of the library but the lookup table; `weights` are those of the weighted planner.

    A feature costs the logarithm of their number; a planner pays that and `WEIGHT_BITS` for each weight that is not 0.
    """
    kind, feature = math.log2(len(SCHEMES)), math.log2(len(world.features))
    found = [
        Program("follow the right wall", "wall follower", kind + 1, hand=RIGHT_OF),
        Program("follow the left wall", "wall follower", kind + 1, hand=LEFT_OF),
    ]
    for index, name in enumerate(world.features):
        alone = tuple(float(i == index) for i in range(len(world.features)))
        found += [
            Program(f"straight to the nearest {name} wherever the way is open", "nearest", kind + feature, alone),
            Program(f"compass to {name}", "compass", kind + feature, alone),
            Program(f"breadth-first to {name}", "breadth-first", kind + feature, alone),
        ]
    some = [f"{name} {w:+.2f}" for name, w in zip(world.features, weights, strict=True) if round(w, 2)]
    if some:
        length = kind + len(some) * (feature + WEIGHT_BITS)
        found.append(
            Program(f"plan for {', '.join(some)}", "weighted planner", length, tuple(float(w) for w in weights))
        )
    return tuple(found)


def choices(world: AbstractWorld, program: Program, sample: Sample) -> Sets:
    """The actions a program would take in every cell; all of them where it has nothing to say."""
    levels: Any = sample.levels
    if program.scheme == "wall follower":
        return np.asarray(_along_a_wall(levels.walls, program.hand))
    weights = jnp.asarray(program.weights, jnp.float32)
    if program.scheme in ("nearest", "compass"):
        bumps = program.scheme == "compass"
        return np.asarray(_straight(levels.walls, cell_features(levels) @ weights, bumps))
    pursued = pursue(world, sample.levels, sample.mdp, weights, jnp.asarray(world.discount))
    return np.asarray(pursued.optimal | ~pursued.cells[..., None])


def _ways(walls: Bool[Array, "level height width"]) -> Bool[Array, "level state action"]:
    states = walls.shape[1] * walls.shape[2]
    return neighbors(walls) != jnp.arange(states)[:, None]


@eqx.filter_jit
def _along_a_wall(walls: Bool[Array, "level height width"], hand: tuple[int, ...]) -> Bool[Array, "level state action"]:
    way = _ways(walls)
    along = way & ~way[..., jnp.array(hand)]
    return or_any(jnp.where(along.any(-1, keepdims=True), along, way))


@eqx.filter_jit
def _straight(
    walls: Bool[Array, "level height width"], worth: Float[Array, "level height width"], bumps: bool
) -> Bool[Array, "level state action"]:
    """Moves that bring the nearest wanted cell nearer in rows or columns and are open.

    Where none is open: all that would bring it nearer, for the compass, which bumps; any open move otherwise.
    """
    levels, height, width = walls.shape
    row, column = jnp.divmod(jnp.arange(height * width), width)
    place = jnp.stack([row, column], -1)
    apart = jnp.abs(place[:, None] - place[None]).sum(-1)
    wanted = worth.reshape(levels, 1, -1) > 0
    needle = place[jnp.where(wanted, apart, 10_000).argmin(-1)] - place
    helpful = (needle @ jnp.array(MOVES).T > 0) & wanted.any(-1, keepdims=True)
    way = _ways(walls)
    good = helpful & way
    rest = helpful if bumps else way & helpful.any(-1, keepdims=True)
    return or_any(jnp.where(good.any(-1, keepdims=True), good, rest))
