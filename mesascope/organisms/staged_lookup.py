"""The organism `staged-lookup`."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, UInt32

from mesascope.core.subject import Observation, Site, State
from mesascope.organisms.answers import NEVER
from mesascope.organisms.decoded_observation import Logits, prefer
from mesascope.organisms.organism import AbstractOrganism
from mesascope.organisms.table import AnswerTable, recall_level

_CODES = 1 << 12
"""Four bits of answer and eight of steps make one code."""


class StagedLookup(AbstractOrganism):
    """A table of levels that plays a planner: stored answers come out in the order in which search would find them.

    **What it is.** The table of `lookup`, with each cell's distance to its goal. In tick 0 every cell receives its
    answer and its distance, enciphered; in tick t the cells whose goal is at most t + 1 steps away decipher theirs, the
    very tick at which the planner's wave arrives, and with it a discounted value like the planner's. Until then they
    answer at random.

    **Ground truth.** It does not search: nothing that a cell learns comes from its neighbors.

    **Built to fool** measures of thinking time, of the order in which cells settle, of information spreading from the
    goal, and probes for value or direction, tick by tick. It differs from the planner under edits only.
    """

    tables: tuple[AnswerTable, ...]
    discount: float = eqx.field(static=True)

    sites = (
        Site("memory", 2, "the stored answer and distance as one number, enciphered; and its pad"),
        Site("revealed", 5, "1 for each action answered in this cell; discounted value of the way on"),
    )

    def start(self, observation: Observation) -> State:
        """Nothing recalled, every action as good as any other."""
        shape = observation.shape[:3]
        empty = _encipher(jnp.zeros(shape, jnp.int32), jnp.zeros(shape, jnp.int32))
        return {"memory": empty, "revealed": _reveal(empty, jnp.array(-NEVER), self.discount)}

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Recall in tick 0; then let out what is due."""

        def recalled() -> Float[Array, "level height width 2"]:
            found = recall_level(self.tables, observation)
            code = (found.actions * (1 << jnp.arange(4))).sum(-1) + 16 * found.steps
            return _encipher(code, _pads(found.row, *found.steps.shape[1:]))

        memory = jax.lax.cond(tick < self.reads_until, recalled, lambda: state["memory"])
        return {"memory": memory, "revealed": _reveal(memory, tick, self.discount)}

    def act(self, state: State) -> Logits:
        """Each cell's own revealed actions."""
        return prefer(state["revealed"][..., :4] > 0.5)


def _pads(row: Int[Array, " level"], height: int, width: int) -> Int[Array, "level height width"]:
    """Numbers below `_CODES` that look random: a multiplicative mix of the row and the cell."""
    cell = jnp.arange(height * width, dtype=jnp.uint32).reshape(height, width)
    word: UInt32[Array, "level height width"] = row.astype(jnp.uint32)[:, None, None] * jnp.uint32(0x9E3779B1) + cell
    word = (word ^ (word >> 15)) * jnp.uint32(0x2C1B3C6D)
    word = (word ^ (word >> 12)) * jnp.uint32(0x297A2D39)
    return (word >> 20).astype(jnp.int32)


def _encipher(
    code: Int[Array, "level height width"], pad: Int[Array, "level height width"]
) -> Float[Array, "level height width 2"]:
    """Code and pad as exact fractions of `_CODES`; neither tells anything without the other."""
    return jnp.stack([code ^ pad, pad], -1).astype(jnp.float32) / _CODES


def _reveal(
    memory: Float[Array, "level height width 2"], tick: Int[Array, ""], discount: float
) -> Float[Array, "level height width 5"]:
    """Answer and value where the goal is near enough to have been reached by now; any action, worth 0, elsewhere."""
    numbers = jnp.clip(jnp.round(memory * _CODES), 0, _CODES - 1).astype(jnp.int32)
    code = numbers[..., 0] ^ numbers[..., 1]
    answers = (code[..., None] >> jnp.arange(4)) & 1
    steps = (code >> 4)[..., None]
    due = (steps < NEVER) & (steps <= tick + 1)
    worth = jnp.where((steps > 0) & (steps <= tick), discount ** (steps - 1.0), 0.0)
    return jnp.concatenate([jnp.where(due, answers, 1), worth], -1).astype(jnp.float32)
