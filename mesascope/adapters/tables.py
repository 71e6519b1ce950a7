"""Agents that are tables of numbers over states, such as those of tabular Q-learning."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from mesascope.adapters.checks import SURE
from mesascope.core.errors import SubjectError
from mesascope.core.subject import AbstractPolicy
from mesascope.worlds.views import STATE_ID
from mesascope.worlds.world import AbstractWorld


class TableSubject(AbstractPolicy):
    """An agent that reads its action preferences (logits) from a table by the number of the state."""

    preferences: Float[Array, "row action"]
    name: str = eqx.field(static=True, default="table")
    view = STATE_ID

    def logits(self, observation: Int[Array, "level state"]) -> Float[Array, "level state action"]:
        """The row of each state; states behind the last row, in which nobody acts, get the last one."""
        return self.preferences[jnp.clip(observation, 0, len(self.preferences) - 1)]


def table_subject(
    q: Float[np.ndarray, "state action"] | Array,
    *,
    temperature: float | None = None,
    actions: Sequence[str] | None = None,
    world: AbstractWorld | None = None,
) -> TableSubject:
    """A subject from a table of action values over state numbers, as tabular Q-learning leaves it.

    Args:
        q: a row for each state in the environment's own numbers, a column for each action.
        temperature: the agent acts by the softmax of `q / temperature`; greedily unless given, of equal values by the first, as
            `argmax` has it.
        actions: names of the columns; the world's actions in order unless given. With `world` columns are put in its order.
        world: the world that the table is for, against which its shape and names are checked.

    Returns:
        A subject without sites, shown the number of the state, which every world can.

    Raises:
        SubjectError: the table has another shape than the world, an unknown action, or values that are not finite.

    Example:
        >>> import jax.numpy as jnp
        >>> import numpy as np
        >>> from mesascope.adapters.tables import table_subject
        >>> table_subject(np.array([[0.0, 1.0], [0.5, 0.2]])).logits(jnp.array([[0, 1]])).argmax(-1).tolist()
        [[1, 0]]
    """
    table = np.asarray(q, np.float64)
    if table.ndim != 2 or not table.size or not np.isfinite(table).all():
        raise SubjectError(f"a table of shape {table.shape}: expected (state, action) with finite values")
    if temperature is not None and not 0 < temperature < np.inf:
        raise SubjectError(f"temperature {temperature}: expected a positive number; leave it out for the greedy policy")
    if world is not None:
        table = _in_order(table, actions, world)
    elif actions is not None and len(actions) != table.shape[1]:
        raise SubjectError(f"{len(actions)} names of actions for {table.shape[1]} columns")
    if temperature is None:
        found = SURE * jax.nn.one_hot(table.argmax(1), table.shape[1])
    else:
        found = jnp.asarray((table - table.max(1, keepdims=True)) / temperature, jnp.float32)
    return TableSubject(found)


def _in_order(table: np.ndarray, actions: Sequence[str] | None, world: AbstractWorld) -> np.ndarray:
    """The columns in the order of the world's actions, once the table fits the world."""
    named = tuple(world.actions if actions is None else actions)
    if table.shape[1] != len(world.actions) or sorted(named) != sorted(world.actions):
        raise SubjectError(
            f"a table with {table.shape[1]} columns for actions {', '.join(named)}; expected those of {world.name}: "
            f"{', '.join(world.actions)}; pass actions= with their names in the order of the columns"
        )
    states = own_states(world)
    if len(table) != states:
        raise SubjectError(f"a table of {len(table)} states; expected {states}, as {world.name} numbers them")
    return table[:, [named.index(action) for action in world.actions]]


def own_states(world: AbstractWorld) -> int:
    """How many states the environment of a world numbers, without those that were added to its tables."""
    pool = getattr(world, "pool", None)
    return world.tables(world.draw(0, 1)).states if pool is None else max(pool.own_states)
