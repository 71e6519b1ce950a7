"""Episodes of recurrent subjects: what an actor is shown at each step, and how it is rolled out in a level.

A recurrent subject has no policy table. It is rolled out, and what is measured of it carries sampling error.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.mdp import FiniteMDP
from mesascope.core.subject import AbstractSubject, Observation, State, View, action_probabilities

NOWHERE = -1
"""The state of an actor on a level without any start: it makes no move, and its episode is over before it begins."""


def one_hot_cells(cell: Int[Array, " actor"], shape: tuple[int, int]) -> Float[Array, "actor height width 1"]:
    """A map with 1 in the cell where each actor stands.

    Args:
        cell: Row-major index of each actor's cell.
        shape: Height and width of the level.

    Returns:
        Shape `(actor, height, width, 1)`.

    Example:
        >>> import jax.numpy as jnp
        >>> from mesascope.core.rollouts import one_hot_cells
        >>> one_hot_cells(jnp.array([2]), (2, 2))[0, ..., 0].tolist()
        [[0.0, 0.0], [1.0, 0.0]]
    """
    height, width = shape
    return jax.nn.one_hot(cell, height * width).reshape(-1, height, width, 1)


def view_of(
    subject: AbstractSubject, observation: Observation, cell: Int[Array, " actor"], age: Int[Array, "*actor"]
) -> View:
    """What a recurrent subject's actors are shown at one step.

    Args:
        subject: The recurrent subject; from step `subject.sees_until` on it is not shown the level.
        observation: Each actor's level, shape `(actor, height, width, channel)`.
        cell: Row-major index of the cell where each actor stands.
        age: Steps since the start of the episode, of each actor or of all.

    Returns:
        The view of all actors.
    """
    shown = jnp.broadcast_to(age < subject.sees_until, cell.shape)
    here = one_hot_cells(cell, (observation.shape[1], observation.shape[2]))
    return View(jnp.where(shown[:, None, None, None], observation, 0.0), here, shown)


def seen_at(subject: AbstractSubject, full: Float[Array, "actor height width seen"], age: Int[Array, "*actor"]) -> View:
    """What a recurrent subject's actors are shown, from what the view `full` of a world shows in their states.

    Args:
        subject: The recurrent subject; from step `subject.sees_until` on it is not shown the level.
        full: The level of each actor with itself in it, its place in the last channel.
        age: Steps since the start of the episode, of each actor or of all.

    Returns:
        The view of all actors.
    """
    shown = jnp.broadcast_to(age < subject.sees_until, full.shape[:1])
    return View(jnp.where(shown[:, None, None, None], full[..., :-1], 0.0), full[..., -1:], shown)


def think_ticks(subject: AbstractSubject, state: State, view: Any) -> State:
    """The state after all ticks of one step of the environment.

    Args:
        subject: The recurrent subject.
        state: The state before the step.
        view: What the actors are shown at this step: a `View`, or what another view of the world shows.

    Returns:
        The new state.
    """
    return jax.lax.fori_loop(0, subject.ticks, lambda t, s: subject.think(s, view, t), state)


Carry = TypeVar("Carry")
Act = Callable[
    [Carry, Int[Array, " level"], Int[Array, ""], Bool[Array, " level"]], tuple[Carry, Float[Array, "level action"]]
]
"""One step of one actor on each level: from what is carried, the cells, the step's number and which episodes are over, to
what is carried on and the preferences."""


Shown = Callable[[Int[Array, " actor"], Int[Array, ""]], Any]
"""What the actors are shown: from their states and the number of steps since the start."""


class Rollout(NamedTuple):
    """One episode on each level. Entries that are not `live` are of pauses, or come after the end.

    Attributes:
        state: The state of the level before each move.
        action: The action it took.
        live: Whether the move was made.
        end: State in which the episode ended or was cut.
        ended: Whether a terminal state was reached.
        fired: How often each feature fired, each firing discounted by the moves made before it.
    """

    state: Int[Array, "level step"]
    action: Int[Array, "level step"]
    live: Bool[Array, "level step"]
    end: Int[Array, " level"]
    ended: Bool[Array, " level"]
    fired: Float[Array, "level feature"]


def rollout_with(
    act: Act,
    carry: Carry,
    mdp: FiniteMDP,
    start: Int[Array, " level"],
    key: PRNGKeyArray,
    discount: float,
    limit: int,
    pauses: Int[Array, ""],
) -> tuple[Rollout, Carry]:
    """One episode on each level of whatever chooses actions, until a terminal cell or for `limit` moves.

    Whoever prefers nothing, so that all logits are minus infinity, stops: the episode ends there, in no terminal state.

    The random numbers of a move depend on the key and on the number of the move alone: rollouts with one key that agree in
    their preferences agree in their actions, whatever the pauses before them.

    Args:
        act: One step of the agent.
        carry: What `act` is given first.
        mdp: Tables of the levels.
        start: Cell where each episode starts; where it is `NOWHERE` no entry is live, and the end is `NOWHERE`.
        key: Of the actions and the outcomes.
        discount: Of the features, per move; pauses are not discounted.
        limit: Moves after which an episode is cut.
        pauses: Steps before the first move in which the agent thinks and does not move.

    Returns:
        The episodes, and what was carried at the end.
    """
    level = jnp.arange(mdp.levels)
    act_key, outcome_key = jax.random.split(key)

    def under_way(state):
        return (state[1] < limit) & ~state[4].all()

    def step(state):
        carry, moves, paused, cell, over, fired, path = state
        carry, logits = act(carry, cell, moves + paused, over)
        moving = paused >= pauses
        over = over | (moving & jnp.isneginf(logits).all(-1))
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
        (start == NOWHERE) | mdp.terminal[level, start],
        jnp.zeros((mdp.levels, mdp.features.shape[-1])),
        path,
    )
    carry, _, _, end, _, fired, path = jax.lax.while_loop(under_way, step, begin)
    ended = (start == NOWHERE) | mdp.terminal[level, end]  # whoever stopped is over as well
    return Rollout(path[0].T, path[1].T, path[2].T, end, ended, fired), carry


def act_on(subject: AbstractSubject, shown: Shown) -> Act:
    """Steps of a recurrent subject, for `rollout_with`.

    Args:
        subject: The recurrent subject.
        shown: What its actors are shown in these states, so many steps after the start.

    Returns:
        One step: it is shown something, thinks, and prefers actions.
    """

    def act(state: State, cell: Int[Array, " level"], step: Int[Array, ""], over: Bool[Array, " level"]):
        state = think_ticks(subject, state, shown(cell, step))
        return state, subject.act(state)

    return act


def with_probabilities(act: Act) -> Act:
    """The same steps, with the action probabilities of each of them kept.

    Args:
        act: One step of the agent.

    Returns:
        One step that carries a pair: what `act` carries, and a table of shape `(step, level, action)`, whose entry of each step
        it writes. Begin with a table that has an entry for every move and every pause; entries of steps that were not made stay.

    Example:
        An agent that always prefers the first of two actions, asked once:

        >>> import jax.numpy as jnp
        >>> from mesascope.core.rollouts import with_probabilities
        >>> step = with_probabilities(lambda carry, cell, step, over: (carry, jnp.array([[0.0, -jnp.inf]])))
        >>> (_, table), _ = step(((), jnp.zeros((3, 1, 2))), jnp.array([0]), jnp.array(1), jnp.array([False]))
        >>> table[:, 0].tolist()
        [[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]]
    """

    def kept(carry: Any, cell: Int[Array, " level"], step: Int[Array, ""], over: Bool[Array, " level"]):
        own, table = carry
        own, logits = act(own, cell, step, over)
        return (own, table.at[step].set(action_probabilities(logits))), logits

    return kept


@eqx.filter_jit
def rollout(
    subject: AbstractSubject,
    observation: Observation,
    mdp: FiniteMDP,
    start: Int[Array, " level"],
    key: PRNGKeyArray,
    discount: float,
    limit: int,
    pauses: int | Int[Array, ""] = 0,
) -> Rollout:
    """One episode of a recurrent subject on each level, acting by the softmax of its preferences.

    Args:
        subject: The recurrent subject.
        observation: The levels, shape `(level, height, width, channel)`.
        mdp: Tables of the same levels.
        start: Cell where each episode starts.
        key: Of the actions and the outcomes.
        discount: Of the features, per move.
        limit: Moves after which an episode is cut.
        pauses: Steps before the first move in which the subject thinks and does not move.

    Returns:
        The episodes.

    Example:
        >>> import jax
        >>> from mesascope.core.rollouts import draw_starts, rollout
        >>> from mesascope.organisms.registry import build_organism
        >>> from mesascope.worlds.grids.red_doors import RedDoors
        >>> world, key = RedDoors(size=7), jax.random.key(0)
        >>> levels = world.draw(key, 2)
        >>> mdp = world.tables(levels)
        >>> planner = build_organism("walking-planner,pace=40", world)
        >>> start = draw_starts(mdp.initial, key)
        >>> rollout(planner, world.observe(levels), mdp, start, key, world.discount, limit=30).ended.tolist()
        [True, True]
    """
    act = act_on(subject, lambda cell, age: view_of(subject, observation, cell, age))
    return rollout_with(act, subject.start(observation), mdp, start, key, discount, limit, jnp.asarray(pauses))[0]


def draw_starts(initial: Float[Array, "level state"], key: PRNGKeyArray) -> Int[Array, " level"]:
    """A starting cell on each level.

    Args:
        initial: Weight of each state as a start.
        key: Of the draw.

    Returns:
        Row-major index of a cell drawn in proportion to `initial`; `NOWHERE` on a level that has no start.
    """
    drawn = jax.random.categorical(key, jnp.log(initial + 1e-30), -1).astype(jnp.int32)
    return jnp.where((initial > 0).any(-1), drawn, NOWHERE)


def next_with_start(has: Bool[Array, "lane level"]) -> Int[Array, "lane level"]:
    """The level that stands in for each level of a lane.

    Args:
        has: Whether each level has a start.

    Returns:
        The level itself or, where it has no start, the next one going round the lane that has; itself if none has.
    """
    levels = has.shape[1]
    after = (jnp.arange(levels)[:, None] + jnp.arange(levels)) % levels
    return ((jnp.arange(levels) + has[:, after].argmax(-1)) % levels).astype(jnp.int32)
