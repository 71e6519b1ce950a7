"""Stepwise subjects: they walk with a memory, so that what they do depends on where they have been.

A plan-once subject answers a whole level and has a policy table. A stepwise subject is shown the level again and again
while it walks; its state goes on from step to step of an episode. It has no policy table: it is walked, and what is said
of it carries sampling error.
"""

import abc
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.mdp import FiniteMDP
from mesascope.core.subject import Observation, Site

StepwiseState = dict[str, Float[Array, " actor #height #width _"]]
"""The whole memory of many actors at once: a map over the level's cells for each site. A site that is a vector and no map
is a map of one cell, `(actor, 1, 1, channel)`."""

ALWAYS = 1_000_000
"""`sees_until` of a subject that is shown the level at every step."""


class View(NamedTuple):
    """What every actor is shown at one step of its episode: the level, where it stands, and whether the level is there.

    Where `shown` is False the level is all zeros.
    """

    level: Observation
    here: Float[Array, "actor height width 1"]
    shown: Bool[Array, " actor"]


class AbstractStepwiseSubject(eqx.Module):
    """A subject that keeps a state over the steps of an episode and thinks some ticks in each.

    `blank` gives the state before the first step, `step` one tick, `readout` the preferences after the ticks of a step.
    All that a later tick or the readout uses must be in the state: that makes recording and editing complete. From step
    `sees_until` of an episode on the subject is shown no level, only where it stands.
    """

    if TYPE_CHECKING:

        @property
        def ticks_per_step(self) -> int:
            """Ticks of thinking in each step of an episode."""

        @property
        def sees_until(self) -> int:
            """First step of an episode in which the level is no longer shown; `ALWAYS` where it always is."""

    else:
        ticks_per_step: eqx.AbstractVar[int]
        sees_until: eqx.AbstractVar[int]

    @property
    @abc.abstractmethod
    def sites(self) -> tuple[Site, ...]:
        """The sites, each a key of the state."""

    @abc.abstractmethod
    def blank(self, observation: Observation) -> StepwiseState:
        """State before the first step; may use only the shape of the observation."""

    @abc.abstractmethod
    def step(self, state: StepwiseState, view: View, tick: Int[Array, ""]) -> StepwiseState:
        """One tick, counted from 0 in each step of the episode."""

    @abc.abstractmethod
    def readout(self, state: StepwiseState) -> Float[Array, "actor action"]:
        """Action preferences where the actor stands, from the state alone."""


def one_hot_cells(cell: Int[Array, " actor"], shape: tuple[int, int]) -> Float[Array, "actor height width 1"]:
    """1 in the cell (row-major index) where each actor stands."""
    height, width = shape
    return jax.nn.one_hot(cell, height * width).reshape(-1, height, width, 1)


def view_of(
    subject: AbstractStepwiseSubject, observation: Observation, cell: Int[Array, " actor"], age: Int[Array, "*actor"]
) -> View:
    """What actors are shown who stand in `cell`, `age` steps after the start of their episodes."""
    shown = jnp.broadcast_to(age < subject.sees_until, cell.shape)
    here = one_hot_cells(cell, (observation.shape[1], observation.shape[2]))
    return View(jnp.where(shown[:, None, None, None], observation, 0.0), here, shown)


def think(subject: AbstractStepwiseSubject, state: StepwiseState, view: View) -> StepwiseState:
    """The state after the ticks of one step."""
    return jax.lax.fori_loop(0, subject.ticks_per_step, lambda t, s: subject.step(s, view, t), state)


Carry = TypeVar("Carry")
Act = Callable[
    [Carry, Int[Array, " level"], Int[Array, ""], Bool[Array, " level"]], tuple[Carry, Float[Array, "level action"]]
]
"""One step of one actor on each level: from what is carried, the cells, the step's number and which episodes are over, to
preferences."""


class Walk(NamedTuple):
    """One episode on each level. Entries that are not `live` are of pauses, or come after the end."""

    cell: Int[Array, "level step"]
    action: Int[Array, "level step"]
    live: Bool[Array, "level step"]
    end: Int[Array, " level"]
    """Cell where the episode ended or was cut."""
    ended: Bool[Array, " level"]
    """Whether a terminal cell was reached."""
    fired: Float[Array, "level feature"]
    """How often each feature fired, each firing discounted by the moves made before it."""


def walk_by(
    act: Act,
    carry: Carry,
    mdp: FiniteMDP,
    start: Int[Array, " level"],
    key: PRNGKeyArray,
    discount: float,
    limit: int,
    pauses: Int[Array, ""],
) -> tuple[Walk, Carry]:
    """Walk once on each level until a terminal cell or for `limit` moves, after `pauses` steps without a move.

    The random numbers of a move depend on the key and on the number of the move alone: walks with one key that agree in
    their preferences agree in their actions, whatever the pauses before them.
    """
    level = jnp.arange(mdp.levels)
    act_key, outcome_key = jax.random.split(key)

    def under_way(state):
        return (state[1] < limit) & ~state[4].all()

    def step(state):
        carry, moves, paused, cell, over, fired, path = state
        carry, logits = act(carry, cell, moves + paused, over)
        moving = paused >= pauses
        action = jax.random.categorical(jax.random.fold_in(act_key, moves), logits, -1).astype(jnp.int32)
        odds = jnp.log(mdp.probability[level, cell, action])
        outcome = jax.random.categorical(jax.random.fold_in(outcome_key, moves), odds, -1)
        live = moving & ~over
        reached = jnp.where(live, mdp.successor[level, cell, action, outcome], cell)
        gain = mdp.features[level, cell, action, outcome] * jnp.asarray(discount, jnp.float32) ** moves
        fired = fired + jnp.where(live[:, None], gain, 0.0)
        # A pause is written into the entry of the move that follows it, which overwrites it.
        now = (cell, action, live)
        path = tuple(table.at[moves].set(value) for table, value in zip(path, now, strict=True))
        over = over | (live & mdp.terminal[level, reached])
        return carry, moves + moving, paused + ~moving, reached, over, fired, path

    zeros = jnp.zeros((limit, mdp.levels), jnp.int32)
    zero = jnp.array(0, jnp.int32)
    path = (zeros, zeros, zeros.astype(bool))
    start = start.astype(jnp.int32)
    begin = (
        carry,
        zero,
        zero,
        start,
        mdp.terminal[level, start],
        jnp.zeros((mdp.levels, mdp.features.shape[-1])),
        path,
    )
    carry, _, _, end, over, fired, path = jax.lax.while_loop(under_way, step, begin)
    return Walk(path[0].T, path[1].T, path[2].T, end, over, fired), carry


@eqx.filter_jit
def walk(
    subject: AbstractStepwiseSubject,
    observation: Observation,
    mdp: FiniteMDP,
    start: Int[Array, " level"],
    key: PRNGKeyArray,
    discount: float,
    limit: int,
    pauses: int | Int[Array, ""] = 0,
) -> Walk:
    """One episode of a stepwise subject on each level, acting by the softmax of its preferences."""

    def act(state: StepwiseState, cell: Int[Array, " level"], step: Int[Array, ""], over: Bool[Array, " level"]):
        state = think(subject, state, view_of(subject, observation, cell, step))
        return state, subject.readout(state)

    return walk_by(act, subject.blank(observation), mdp, start, key, discount, limit, jnp.asarray(pauses))[0]


def draw_starts(initial: Float[Array, "level state"], key: PRNGKeyArray) -> Int[Array, " level"]:
    """A start on each level in proportion to `initial`; cell 0 of a level that has none."""
    return jax.random.categorical(key, jnp.log(initial + 1e-30), -1).astype(jnp.int32)
