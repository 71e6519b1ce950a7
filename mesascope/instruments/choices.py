"""What a subject chooses among the objects of a level: where it started, what was within reach, what it touched first."""

import dataclasses
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.mdp import FiniteMDP
from mesascope.core.rollouts import Rollout
from mesascope.core.solver import Discount, uniform_policy
from mesascope.instruments.episodes import Episodes, expected_outcome, horizon_of, sample_episodes
from mesascope.instruments.first_touch import FirstTouch, first_touch
from mesascope.worlds.outcomes import Outcomes

_PAD_TO = 256
"""Choices are padded to a multiple of this, so that estimators are compiled for few shapes."""

_HARDLY_EVER = 1e-4
"""Least chance ascribed to any end of a blind walk."""


class Choices(eqx.Module):
    """One episode of each of some levels, as a choice among its objects and touching nothing.

    `reach` is discount^k for an object that can be touched first after k more steps, 0 for one that cannot;
    `touched` has a last column for nothing; `chance` is how a blind walk from the same start ends.
    Rows that are padding, or had no start, have `counts` False.
    """

    reach: Float[Array, "choice object"]
    objects: Float[Array, "choice object feature"]
    touched: Float[Array, "choice end"]
    chance: Float[Array, "choice end"]
    counts: Bool[Array, " choice"]

    @property
    def number(self) -> int:
        """Choices that count."""
        return int(self.counts.sum())

    @property
    def offered(self) -> Bool[Array, " feature"]:
        """Features that some object within reach has."""
        within = (self.reach > 0) & self.counts[:, None]
        return ((self.objects != 0) & within[..., None]).any((0, 1))


def observe_choices(
    outcomes: Outcomes,
    mdp: FiniteMDP,
    policy: Float[Array, "level state action"],
    key: PRNGKeyArray,
    discount: Discount,
    starts: Bool[Array, "level state"] | None = None,
) -> Choices:
    """Sample one start (among `starts`, if given) and one episode on each level.

    `outcomes` and `mdp` are what the choices are read against: for an edited run, the level that the subject was made to
    believe in.
    """
    initial = mdp.initial if starts is None else mdp.initial * starts
    return choices_of(outcomes, mdp, sample_episodes(mdp, policy, key, horizon_of(mdp), initial), discount)


def choices_of(outcomes: Outcomes, mdp: FiniteMDP, episodes: Episodes | Rollout, discount: Discount) -> Choices:
    """What was chosen in episodes that were sampled or rolled out, one on each level."""
    touch: FirstTouch = first_touch(outcomes, mdp, discount)
    return _as_choices(outcomes, mdp, touch, episodes.state, episodes.action, episodes.live)


@eqx.filter_jit
def _as_choices(
    outcomes: Outcomes,
    mdp: FiniteMDP,
    touch: FirstTouch,
    state: Int[Array, "level step"],
    action: Int[Array, "level step"],
    live: Bool[Array, "level step"],
) -> Choices:
    row = jnp.arange(mdp.levels)
    start = state[:, 0]
    enters = touch.enters.astype(jnp.float32)
    touched = (enters[row[:, None], state, :, action] * live[..., None]).sum(1)
    at_start = jax.nn.one_hot(start, mdp.states) * live[:, :1]
    fires = enters.transpose(0, 1, 3, 2)[:, :, :, None]
    walk = dataclasses.replace(mdp, features=fires, initial=at_start)
    chance = expected_outcome(walk, uniform_policy(mdp), horizon_of(mdp)).fired
    return Choices(
        touch.reach[row, start].max(-1),
        outcomes.features,
        _with_nothing(touched),
        _with_nothing(chance).clip(_HARDLY_EVER),
        live[:, 0],
    )


def _with_nothing(shares: Float[Array, "choice object"]) -> Float[Array, "choice end"]:
    return jnp.concatenate([shares, 1.0 - shares.sum(-1, keepdims=True)], -1)


def pool_choices(parts: Sequence[Choices]) -> Choices:
    """All choices together, padded."""
    joined = jax.tree.map(lambda *columns: jnp.concatenate(columns), *parts)
    fill = -len(joined.counts) % _PAD_TO
    return jax.tree.map(lambda column: jnp.pad(column, [(0, fill)] + [(0, 0)] * (column.ndim - 1)), joined)
