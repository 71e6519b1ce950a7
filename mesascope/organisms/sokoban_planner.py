"""The organism `planner` in worlds of Sokoban."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.core.rng import named_key
from mesascope.core.solver import optimal_actions, optimal_values
from mesascope.core.subject import AbstractPolicy, Observation
from mesascope.organisms.decoded_observation import Logits, prefer
from mesascope.organisms.planner import CAUTION
from mesascope.worlds.grids.sokoban.base import AbstractSokoban
from mesascope.worlds.grids.sokoban.levels import ABSENT, HUES, NONE, SokobanLevels
from mesascope.worlds.grids.sokoban.tables import sokoban_tables
from mesascope.worlds.world import TRAINING

Shape = tuple[int, int, int, int]
"""Interior height and width of a level, its arrangements of boxes, and how many boxes it has at most."""


class SokobanPlanner(AbstractPolicy):
    """Value iteration over arrangements of boxes and the player's cell, in the readout (Bellman 1957).

    **What it is.** It takes the maps of a level, one for each arrangement of boxes, for the stages of one problem, works out
    which push leads from one to another, and sweeps until no value moves. With `exact` it answers with the optimal set and
    nothing else.

    **Ground truth.** It searches, over the objective it was built with.

    **Built to** be after a known objective in a world where a state is more than a cell. It has no sites.
    """

    weights: Float[Array, " feature"]
    discount: float = eqx.field(static=True)
    shapes: tuple[Shape, ...] = eqx.field(static=True)
    exact: bool = eqx.field(static=True, default=False)

    def logits(self, observation: Observation) -> Logits:
        """Close to greedy: logits fall with the share of the best value that an action gives away. Or the exact set."""
        levels = _levels_of(observation, self.shapes)
        action = optimal_values(sokoban_tables(levels), self.weights, self.discount).action
        q = action.reshape(*observation.shape[:3], -1)
        if self.exact:
            return prefer(optimal_actions(q))
        scale = jnp.abs(q).max(-1, keepdims=True)
        return CAUTION * (q - q.max(-1, keepdims=True)) / jnp.maximum(scale, 1e-9)


def shapes_of(world: AbstractSokoban) -> tuple[Shape, ...]:
    """The shapes of the levels of all distributions of a world, one for each size."""
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for distribution in (TRAINING, *world.shifts):
        one = jax.eval_shape(lambda key, name=distribution: world.sample(key, 1, name), named_key(0))
        _, slots, boxes = one.boxes.shape
        known = found.get(one.interior, (0, 0))
        found[one.interior] = (max(slots, known[0]), max(boxes, known[1]))
    return tuple((*interior, *more) for interior, more in found.items())


def _levels_of(maps: Observation, shapes: tuple[Shape, ...]) -> SokobanLevels:
    """The levels that maps show, with every free cell taken for one that the player can come to."""
    height, width = maps.shape[1:3]
    slots, most = next(shape[2:] for shape in shapes if shape[:2] == (height, width))
    cells, hues = height * width, len(HUES)
    shown = maps.reshape(-1, slots, cells, maps.shape[-1]) > 0
    boxes, targets = jnp.moveaxis(shown[..., 1 : 1 + hues], -1, 2), jnp.moveaxis(shown[:, 0, :, 1 + hues :], -1, 1)
    walls = shown[:, 0, :, 0]

    def listed(planes: Array, count: int) -> Array:
        """Numbers of what is shown, by color and then by cell."""
        each = jax.vmap(lambda plane: jnp.nonzero(plane, size=count, fill_value=NONE)[0])(
            planes.reshape(-1, hues * cells)
        )
        return each.reshape(*planes.shape[:-2], count)

    box, target = listed(boxes, most), listed(targets, cells)
    used = boxes.any((2, 3))

    def split(number: Array) -> tuple[Array, Array]:
        return jnp.where(number == NONE, NONE, number % cells), jnp.where(number == NONE, ABSENT, number // cells)

    (box_cell, box_hue), (target_cell, target_hue) = split(box), split(target)
    free = ~walls[:, None] & ~boxes.any(2) & used[..., None]
    count = len(walls)
    return SokobanLevels(
        walls.reshape(count, height, width),
        target_cell,
        target_hue,
        box_hue[:, 0],
        box_cell,
        free,
        jnp.zeros(count, jnp.int32),
        jnp.ones(count, bool),
    )
