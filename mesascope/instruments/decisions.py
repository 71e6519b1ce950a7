"""What a subject decides between: the states on its way in which objects call for different actions, and what it did there."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.mdp import FiniteMDP
from mesascope.core.rollouts import Rollout
from mesascope.core.solver import Discount
from mesascope.instruments.episodes import Episodes, horizon_of, sample_episodes
from mesascope.instruments.evidence import first_visits
from mesascope.instruments.first_touch import FirstTouch, first_touch
from mesascope.worlds.outcomes import Outcomes

NEVER = 1e6
"""Steps to an object that cannot be touched first."""

_ROWS, _EPISODES = 512, 32
"""Decisions and episodes are padded to multiples of these, so that estimators are compiled for few shapes."""


class Decisions(eqx.Module):
    """Decisions of one episode of each of some levels; what runs over decisions or episodes is last, in long rows.

    A decision is an action in a state, at its first visit, in which some action touches an object or two objects call for
    different actions. Which states these are depends on the state alone, so that leaving out the others biases nothing. In them
    an agent shows what it makes for, elsewhere only how orderly it walks.
    """

    steps: Float[Array, "object action decision"]
    """Steps in which an object can be touched, before any other, after an action: 0 for the action that touches it."""
    enters: Bool[Array, "object action decision"]
    objects: Float[Array, "feature object decision"]
    chosen: Bool[Array, "action decision"]
    """Nowhere true in padding."""
    episode: Int[Array, " decision"]
    away: Float[Array, "object episode"]
    """Steps to each object from where the episode started."""
    offers: Float[Array, "feature object episode"]
    begun: Bool[Array, " episode"]

    @property
    def number(self) -> int:
        """Episodes that count."""
        return int(np.asarray(self.begun).sum())

    @property
    def offered(self) -> Bool[np.ndarray, " feature"]:
        """Features that some object has which can be touched from where an episode started."""
        within = (np.asarray(self.away) < NEVER) & np.asarray(self.begun)
        return ((np.asarray(self.offers) != 0) & within).any((1, 2))


def observe_decisions(
    outcomes: Outcomes,
    mdp: FiniteMDP,
    policy: Float[Array, "level state action"],
    key: PRNGKeyArray,
    discount: Discount,
    allowed: Bool[Array, "level state"] | None = None,
) -> Decisions:
    """Sample one start (in an `allowed` state, if given) and one episode on each level, and keep its decisions.

    `outcomes` and `mdp` are what the decisions are read against: for an edited run, the level that the subject was made to
    believe in. Decisions in states that are not allowed are not kept.
    """
    initial = mdp.initial if allowed is None else mdp.initial * allowed
    return decisions_of(
        outcomes, mdp, sample_episodes(mdp, policy, key, horizon_of(mdp), initial), discount, allowed=allowed
    )


def decisions_of(
    outcomes: Outcomes,
    mdp: FiniteMDP,
    episodes: Episodes | Rollout,
    discount: Discount,
    *,
    allowed: Bool[Array, "level state"] | None = None,
) -> Decisions:
    """The decisions of episodes that were sampled or rolled out, one on each level."""
    touch: FirstTouch = first_touch(outcomes, mdp, discount)
    visited, action = first_visits(mdp, episodes, allowed)
    enters, reach, objects, start, live = (
        np.asarray(part)
        for part in jax.device_get(
            (touch.enters, touch.reach, outcomes.features, episodes.state[:, 0], episodes.live[:, 0])
        )
    )
    level, state = np.nonzero(visited)
    way, into = reach[level, state], enters[level, state]
    kept = _decides(way, into)
    level, state, way, into = level[kept], state[kept], way[kept], into[kept]
    chosen = np.eye(mdp.actions, dtype=bool)[action[level, state]]
    away = _steps(reach[np.arange(len(start)), start].max(-1), float(discount))
    return _padded(
        _steps(way, float(discount)).transpose(1, 2, 0),
        into.transpose(1, 2, 0),
        objects[level].transpose(2, 1, 0),
        chosen.T,
        level,
        away.T,
        objects.transpose(2, 1, 0),
        live,
    )


def _decides(
    reach: Float[np.ndarray, "row object action"], enters: Bool[np.ndarray, "row object action"]
) -> Bool[np.ndarray, " row"]:
    """Whether some action touches an object, or two objects within reach have no best first action in common."""
    best = reach.max(-1, keepdims=True)
    leads = (reach >= best * (1 - 1e-4)) & (best > 0)
    within = leads.any(-1)
    apart = within[:, :, None] & within[:, None] & ~(leads[:, :, None] & leads[:, None]).any(-1)
    return apart.any((1, 2)) | enters.any((1, 2))


def _steps(reach: Float[np.ndarray, "*shape"], discount: float) -> Float[np.ndarray, "*shape"]:
    steps = np.round(np.log(np.maximum(reach, 1e-30)) / np.log(discount))
    return np.where(reach > 0, steps, NEVER).astype(np.float32)


def pool_decisions(parts: Sequence[Decisions]) -> Decisions:
    """All decisions together; episodes of different parts stay different."""
    columns: list[list[np.ndarray]] = [[] for _ in range(8)]
    first = 0
    for part in parts:
        arrays = [np.asarray(leaf) for leaf in jax.tree.leaves(part)]
        real = arrays[3].any(0)
        for index, array in enumerate(arrays):
            columns[index].append(array[..., real] if index < 5 else array)
        columns[4][-1] = columns[4][-1] + first
        first += arrays[7].shape[-1]
    return _padded(*(np.concatenate(column, -1) for column in columns))


def _padded(*arrays: np.ndarray) -> Decisions:
    rows, episodes = arrays[4].shape[-1], arrays[7].shape[-1]
    fills = [max(1, -(-rows // _ROWS)) * _ROWS - rows] * 5 + [-episodes % _EPISODES] * 3
    steps, enters, objects, chosen, episode, away, offers, begun = (
        jnp.asarray(np.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, fill)]))
        for array, fill in zip(arrays, fills, strict=True)
    )
    return Decisions(steps, enters, objects, chosen, episode.astype(jnp.int32), away, offers, begun)
