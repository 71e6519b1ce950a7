"""Trials for an agent that stands in some cells of each level: one row for each cell."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PyTree

from mesascope.instruments.interventions.standing import Placed
from mesascope.instruments.search.trials import Part, Trials

Starts = Int[Array, "level start"]
"""Cells of each level."""


def placed(levels: PyTree, cells: Starts) -> Placed:
    """Each level as often as there are cells on it."""
    return Placed(repeated(levels, cells), cells.reshape(-1))


def repeated(tables: PyTree, cells: Starts) -> PyTree:
    """Every row of tables by level as often as there are cells on a level."""
    return jax.tree.map(lambda table: jnp.repeat(table, cells.shape[1], 0), tables)


def placed_trials(trials: Trials, cells: Starts) -> Trials:
    """The same changes for an agent that stands in the cells, scored there alone."""

    def parts(some: tuple[Part, ...]) -> tuple[Part, ...]:
        return tuple(Part(placed(part.donor, cells), repeated(part.centers, cells)) for part in some)

    shape = trials.scored.shape[1:]
    there = jax.nn.one_hot(cells.reshape(-1), shape[0] * shape[1]).reshape(-1, *shape) > 0.5
    return Trials(
        placed(trials.base, cells),
        parts(trials.parts),
        parts(trials.irrelevant),
        repeated(trials.wrong, cells),
        placed(trials.changed, cells),
        repeated(trials.old, cells),
        repeated(trials.new, cells),
        there & repeated(trials.scored, cells),
    )
