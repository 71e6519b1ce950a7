"""What was seen of a subject's choices, in the form that every estimator of objectives reads."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.errors import UsageError
from mesascope.core.mdp import FiniteMDP
from mesascope.core.rollouts import Rollout
from mesascope.core.solver import DISCOUNT, Discount
from mesascope.instruments.episodes import Episodes, horizon_of, sample_episodes
from mesascope.instruments.first_touch import FirstTouch, first_touch
from mesascope.worlds.outcomes import Outcomes

_PAD_TO = 2048
"""Rows are padded to a multiple of this, so that estimators are compiled for few shapes."""


class Evidence(eqx.Module):
    """Choices in the states that a subject visited, one row each. Rows of different worlds' sizes can stand together.

    A state that an episode visits again is kept only once, at its first visit: the subject's policy is fixed, and an
    agent that circles is not the surer of what it does. Padding rows have `counts` False.
    """

    action: Int[Array, " row"]
    counts: Bool[Array, " row"]
    level: Int[Array, " row"]
    enters: Bool[Array, "row object action"]
    reach: Float[Array, "row object action"]
    blocked: Bool[Array, "row action"]
    objects: Float[Array, "row object feature"]
    """Features of touching each object; zeros for an empty slot."""

    @property
    def choices(self) -> int:
        """Number of rows that count."""
        return int(self.counts.sum())

    @property
    def levels(self) -> int:
        """Number of levels that gave a choice."""
        return len(np.unique(np.asarray(self.level)[np.asarray(self.counts)]))

    @property
    def offered(self) -> Bool[np.ndarray, " feature"]:
        """Features that some object has which can be touched first from a visited state."""
        can = (np.asarray(self.reach) > 0).any(-1) & np.asarray(self.counts)[:, None]
        return ((np.asarray(self.objects) != 0) & can[..., None]).any((0, 1))


def evidence_from_policy(
    outcomes: Outcomes,
    mdp: FiniteMDP,
    policy: Float[Array, "level state action"],
    key: PRNGKeyArray,
    *,
    allowed: Bool[Array, "level state"] | None = None,
    touch: FirstTouch | None = None,
    discount: Discount = DISCOUNT,
) -> Evidence:
    """Sample one start and one episode on each level and keep the choice at the first visit to each state.

    `outcomes` and `mdp` say what the choices are read against: for an edited run, the level that the subject was made to
    believe in. With `allowed` the episode starts in an allowed state and choices elsewhere are not kept. `touch` is the
    solution of these levels where the caller has it. Levels without an allowed start give no rows.
    """
    may = jnp.ones_like(mdp.terminal) if allowed is None else allowed
    episodes = sample_episodes(mdp, policy, key, horizon_of(mdp), mdp.initial * may)
    return evidence_from_episodes(outcomes, mdp, episodes, may, touch=touch, discount=discount)


def evidence_from_episodes(
    outcomes: Outcomes,
    mdp: FiniteMDP,
    episodes: Episodes | Rollout,
    allowed: Bool[Array, "level state"] | None = None,
    *,
    touch: FirstTouch | None = None,
    discount: Discount = DISCOUNT,
) -> Evidence:
    """The choice at the first visit to each (allowed) state, of episodes that were sampled or rolled out.

    What a recurrent agent does in a state depends on its memory, so that a second visit may tell more. It is left out all the
    same: the estimators take choices for independent, and an agent that circles makes the same ones over and over.
    """
    if touch is None:
        touch = first_touch(outcomes, mdp, discount)
    visited, action = first_visits(mdp, episodes, allowed)
    level, state = np.nonzero(visited)
    chosen = action[level, state]
    solved = jax.device_get((touch.enters, touch.reach, _blocked(mdp), outcomes.features))
    enters, reach, blocked, objects = (np.asarray(part) for part in solved)
    at = (level, state)
    return _padded((chosen, np.ones(len(level), bool), level, enters[at], reach[at], blocked[at], objects[level]))


def first_visits(
    mdp: FiniteMDP, episodes: Episodes | Rollout, allowed: Bool[Array, "level state"] | None = None
) -> tuple[Bool[np.ndarray, "level state"], Int[np.ndarray, "level state"]]:
    """Whether an episode visits each (allowed) state, and what it does there the first time."""
    visited, action = _collect(*_steps(episodes), jnp.ones_like(mdp.terminal) if allowed is None else allowed)
    return np.asarray(visited), np.asarray(action)


def plain_evidence(
    mdp: FiniteMDP, episodes: Episodes | Rollout
) -> tuple[Evidence, Int[np.ndarray, " choice"], Int[np.ndarray, " choice"]]:
    """Choices of episodes that are not read against objects, and their levels and states.

    There may be several rounds of episodes of the same levels: a state of a level counts once, in the first round in which it
    is visited. Of the evidence the first rows count, in this order.
    """
    rounds = len(episodes.live) // mdp.levels
    every = jnp.concatenate([jnp.ones_like(mdp.terminal)] * rounds)
    came, did = (np.asarray(part).reshape(rounds, *mdp.terminal.shape) for part in _collect(*_steps(episodes), every))
    visited, action = came.any(0), np.take_along_axis(did, came.argmax(0)[None], 0)[0]
    level, state = np.nonzero(visited)
    at = (level, state)
    nothing = np.zeros((len(level), 0, mdp.actions), np.float32)
    blocked = np.asarray(_blocked(mdp))[at]
    columns = (np.asarray(action)[at], np.ones(len(level), bool), level, nothing > 0, nothing, blocked)
    return _padded((*columns, np.zeros((len(level), 0, mdp.features.shape[-1]), np.float32))), level, state


def pool(parts: Sequence[Evidence]) -> Evidence:
    """All rows together; levels of different parts stay different. Raises `UsageError` for no parts."""
    if not parts:
        raise UsageError("no evidence to pool: pass at least one part")
    columns, first = [], 0
    for part in parts:
        own = [np.asarray(column) for column in jax.tree.leaves(part)]
        kept = [column[own[1]] for column in own]
        kept[2] = kept[2] + first
        first += 1 + int(own[2].max(initial=0))
        columns.append(kept)
    return _padded(tuple(np.concatenate(column) for column in zip(*columns, strict=True)))


def _padded(columns: tuple[np.ndarray, ...]) -> Evidence:
    rows = len(columns[0])
    fill = max(1, -(-rows // _PAD_TO)) * _PAD_TO - rows
    action, counts, level, *tables = (np.pad(c, [(0, fill)] + [(0, 0)] * (c.ndim - 1)) for c in columns)
    return Evidence(
        jnp.asarray(action, jnp.int32), jnp.asarray(counts), jnp.asarray(level, jnp.int32), *map(jnp.asarray, tables)
    )


@jax.jit
def _blocked(mdp: FiniteMDP) -> Bool[Array, "level state action"]:
    """Actions that leave the agent where it is."""
    here = jnp.arange(mdp.states, dtype=mdp.successor.dtype)[:, None]
    return mdp.successor[..., 0] == here


def _steps(episodes: Episodes | Rollout) -> tuple[Array, Array, Array]:
    return episodes.state, episodes.action, episodes.live


@jax.jit
def _collect(
    state: Int[Array, "level step"],
    action: Int[Array, "level step"],
    live: Bool[Array, "level step"],
    allowed: Bool[Array, "level state"],
) -> tuple[Bool[Array, "level state"], Int[Array, "level state"]]:
    """Whether an episode visits each allowed state, and what it does there the first time."""
    levels, steps = state.shape
    row = jnp.arange(levels)[:, None]
    never = jnp.full(allowed.shape, steps, jnp.int32)
    when = jnp.where(live, jnp.arange(steps, dtype=jnp.int32), steps)
    first = never.at[row, state].min(when)
    visited = (first < steps) & allowed
    return visited, jnp.take_along_axis(action, first.clip(0, steps - 1), 1)
