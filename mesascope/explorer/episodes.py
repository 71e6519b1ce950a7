"""One episode of an agent on one level, step by step, for agents whose policy is no table of cells."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from mesascope.core.errors import SubjectError, UsageError, said
from mesascope.core.mdp import FiniteMDP
from mesascope.core.rng import named_key
from mesascope.core.rollouts import Act, Rollout, act_on, rollout_with, with_probabilities
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.closed_loop.rollouts import horizon_of
from mesascope.instruments.sample import look_at
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.shown import begun, shown_in
from mesascope.worlds.world import AbstractWorld

TOUCHED, STOPPED, CUT = "touched", "stopped", "cut"
"""How an episode ends: something is touched, the agent prefers no action any more, or the horizon comes."""
_MEMORY = "No arrows: the agent has a memory, so that what it does in a cell depends on what it was shown before."
_HEADING = "No arrows: the agent turns, so that what it does in a cell depends on its heading."


class EpisodeStep(NamedTuple):
    """One move: where the agent was, how likely each action was, and which it took. `heading` is None where it does not turn."""

    cell: int
    heading: int | None
    probabilities: list[float]
    action: int


class EpisodeAnswer(NamedTuple):
    """One episode on one level.

    Attributes:
        steps: The moves, in their order.
        end_cell: Where it ends.
        end_heading: How the agent looks there; None where it does not turn.
        ended: `touched`, `stopped` or `cut`.
        touched: The name of what lies there; None where it ends otherwise.
        limit: Moves after which an episode is cut.
        why: Why the agent has no arrow in each cell.
    """

    steps: list[EpisodeStep]
    end_cell: int
    end_heading: int | None
    ended: str
    touched: str | None
    limit: int
    why: str


def episode_key(seed: int) -> PRNGKeyArray:
    """The key of an episode's actions."""
    return named_key(seed, "explorer", "episode")


def episode(
    world: AbstractWorld,
    subject: AbstractSubject,
    levels: AbstractLevels,
    seed: int = 0,
    cell: int | None = None,
    heading: int | None = None,
) -> EpisodeAnswer:
    r"""One episode, acting by the softmax of the agent's preferences, until it ends or the horizon comes.

    Args:
        world: The world, which has a place for each state.
        subject: The agent, with a memory or without.
        levels: One level.
        seed: Of the actions.
        cell: Where it starts; by default in the level's first start.
        heading: The number of the heading that it starts with; by default the first.

    Returns:
        The episode.

    Raises:
        UsageError: The episode cannot begin there.
        SubjectError: The agent fails on the level.

    Example:
        >>> import mesascope as ms
        >>> from mesascope.organisms.registry import build_organism
        >>> world = ms.worlds.red_doors(size=5)
        >>> level = world.read_levels("#####\n#.R.#\n#...#\n#.b.#\n#####")
        >>> found = episode(world, build_organism("walking-planner,pace=40", world), level, cell=3)
        >>> [step.cell for step in found.steps], found.ended, found.touched
        ([3, 0], 'touched', 'red door')
    """
    subject = subject.for_actions(world.actions)
    painted = world.painting
    headings = () if painted is None else painted.headings
    mdp = world.tables(levels)
    places = world.locate(levels)
    if places is None:
        raise UsageError(f"states of {world.name} have no place on a map")
    at = np.asarray(places)[0]
    state = _start(world, levels, mdp, at, cell, heading)
    key, start = episode_key(seed), jnp.array([state], jnp.int32)
    if subject.recurrent:
        try:
            found, table = jax.device_get(_rolled_out(world, subject, levels, start, key))
        except Exception as error:
            raise SubjectError(f"the subject failed on this level: {said(error)}") from error
    else:
        policy = look_at(world, subject, levels, "asked").policy
        found, table = jax.device_get(_followed(policy, mdp, start, key, world.discount))

    def heading_of(of: int) -> int | None:
        # The states of a cell stand in the order of the headings.
        return int((at[:of] == at[of]).sum()) if headings else None

    live = found.live[0]
    steps = [
        EpisodeStep(int(at[state]), heading_of(state), [float(p) for p in table[step, 0]], int(found.action[0, step]))
        for step, state in enumerate(found.state[0][live].tolist())
    ]
    end, over, limit = int(found.end[0]), bool(found.ended[0]), horizon_of(mdp)
    return EpisodeAnswer(
        steps,
        int(at[end]),
        heading_of(end),
        TOUCHED if over else CUT if len(steps) == limit else STOPPED,
        jax.device_get(levels).name_at(0, end) if over else None,
        limit,
        _MEMORY if subject.recurrent else _HEADING,
    )


def _start(
    world: AbstractWorld,
    levels: AbstractLevels,
    mdp: FiniteMDP,
    at: Int[np.ndarray, " state"],
    cell: int | None,
    heading: int | None,
) -> int:
    """The state that an episode begins in."""
    if cell is None:
        starts = np.flatnonzero(np.asarray(mdp.initial)[0] > 0)
        if not len(starts):
            raise UsageError("an episode can begin nowhere on this level: it has no start")
        cell = int(at[starts[0]])
    states = np.flatnonzero(at == cell)
    if not len(states) or not np.asarray(world.active(levels))[0, states[0]]:
        raise UsageError(
            f"an episode begins in a free cell: cell {cell} of the inside, counted row by row from 0, is none"
        )
    if not 0 <= (heading or 0) < len(states):
        raise UsageError(f"heading {heading}: expected a number from 0 to {len(states) - 1}")
    return int(states[heading or 0])


@eqx.filter_jit
def _rolled_out(
    world: AbstractWorld,
    subject: AbstractSubject,
    levels: AbstractLevels,
    start: Int[Array, " level"],
    key: PRNGKeyArray,
) -> tuple[Rollout, Float[Array, "step level action"]]:
    act = act_on(subject, shown_in(world, subject, levels))
    return _recorded(act, begun(world, subject, levels, start), world.tables(levels), start, key, world.discount)


@eqx.filter_jit
def _followed(
    policy: Float[Array, "level state action"],
    mdp: FiniteMDP,
    start: Int[Array, " level"],
    key: PRNGKeyArray,
    discount: float,
) -> tuple[Rollout, Float[Array, "step level action"]]:
    level = jnp.arange(mdp.levels)
    return _recorded(
        lambda carry, state, step, over: (carry, jnp.log(policy[level, state])), (), mdp, start, key, discount
    )


def _recorded(
    act: Act[Any], carry: Any, mdp: FiniteMDP, start: Int[Array, " level"], key: PRNGKeyArray, discount: float
) -> tuple[Rollout, Float[Array, "step level action"]]:
    """An episode on each level, and how likely each action was in each step."""
    limit = horizon_of(mdp)
    table = jnp.zeros((limit, mdp.levels, mdp.actions))
    found, (_, table) = rollout_with(
        with_probabilities(act), (carry, table), mdp, start, key, discount, limit, jnp.asarray(0)
    )
    return found, table
