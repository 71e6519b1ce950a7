"""What agents in a maze may do that are after nothing, or after what is nearest: walls followed, directions, compasses."""

from collections.abc import Mapping
from dataclasses import dataclass

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mesascope.worlds.grids.grid import MOVES, GridLevels, cell_features, neighbors
from mesascope.worlds.strategies import Habit, Rule

RIGHT_OF = (3, 2, 0, 1)
LEFT_OF = (2, 3, 1, 0)
"""The action to the right and to the left of moving up, down, left, right."""


@dataclass(frozen=True)
class Along:
    """Following a wall with one hand: moves that are open with a wall on that side."""

    hand: tuple[int, ...]

    def __call__(self, blocked: Bool[Array, "row action"]) -> Bool[Array, "row action"]:
        """Open moves along a wall."""
        return ~blocked & blocked[:, jnp.array(self.hand)]


@dataclass(frozen=True)
class Toward:
    """Going in fixed directions wherever the way is open."""

    wanted: tuple[float, ...]

    def __call__(self, blocked: Bool[Array, "row action"]) -> Bool[Array, "row action"]:
        """Open moves in the directions."""
        return ~blocked & (jnp.array(self.wanted) > 0)


HABITS: Mapping[str, Habit] = {
    "follow the right wall": Along(RIGHT_OF),
    "follow the left wall": Along(LEFT_OF),
    "go up": Toward((1.0, 0.0, 0.0, 0.0)),
    "go down": Toward((0.0, 1.0, 0.0, 0.0)),
    "go left": Toward((0.0, 0.0, 1.0, 0.0)),
    "go right": Toward((0.0, 0.0, 0.0, 1.0)),
    "go up and left": Toward((1.0, 0.0, 1.0, 0.0)),
    "go up and right": Toward((1.0, 0.0, 0.0, 1.0)),
    "go down and left": Toward((0.0, 1.0, 1.0, 0.0)),
    "go down and right": Toward((0.0, 1.0, 0.0, 1.0)),
}
"""Policies that are after nothing."""


def or_any(sets: Bool[Array, "*cells action"]) -> Bool[Array, "*cells action"]:
    """Every action where there is none."""
    return sets | ~sets.any(-1, keepdims=True)


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


@dataclass(frozen=True)
class _Follow:
    """The choices of a wall follower."""

    hand: tuple[int, ...]

    def __call__(self, levels: GridLevels, weights: Float[Array, " feature"]) -> Bool[Array, "level state action"]:
        return _along_a_wall(levels.walls, self.hand)


@dataclass(frozen=True)
class _Straight:
    """The choices of one that goes straight to the nearest cell that is worth something."""

    bumps: bool

    def __call__(self, levels: GridLevels, weights: Float[Array, " feature"]) -> Bool[Array, "level state action"]:
        return _straight(levels.walls, cell_features(levels) @ weights, self.bumps)


RULES = (
    Rule("wall follower", "follow the right wall", 1.0, _Follow(RIGHT_OF)),
    Rule("wall follower", "follow the left wall", 1.0, _Follow(LEFT_OF)),
    Rule("nearest", "straight to the nearest {feature} wherever the way is open", 0.0, _Straight(bumps=False)),
    Rule("compass", "compass to {feature}", 0.0, _Straight(bumps=True)),
)
"""Short rules that a policy in a maze may amount to."""
