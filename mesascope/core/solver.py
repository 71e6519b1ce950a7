"""Exact solutions of batches of finite levels: optimal, soft-optimal and given policies, for any objective."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mesascope.core.mdp import FiniteMDP, continuation, expected_features, policy_transitions, rewards

DISCOUNT = 0.97
"""Discount of every return unless a world says otherwise."""

_SETTLED = 1e-7
_MAX_SWEEPS = 5_000
_DIRECT_UP_TO = 256
"""States up to which a policy is evaluated by a direct linear solve; sweeps beyond."""


class Values(NamedTuple):
    """State and action values."""

    state: Float[Array, "level state"]
    action: Float[Array, "level state action"]


def _sweep(backup, start: Float[Array, "level state"]) -> Float[Array, "level state"]:
    """Iterate a contraction until no value moves by more than float32 can tell."""

    def unsettled(carry):
        _, moved, sweeps = carry
        return (moved > _SETTLED) & (sweeps < _MAX_SWEEPS)

    def body(carry):
        values, _, sweeps = carry
        new = backup(values)
        return new, jnp.abs(new - values).max() / (1.0 + jnp.abs(new).max()), sweeps + 1

    return jax.lax.while_loop(unsettled, body, (start, jnp.array(jnp.inf), jnp.array(0)))[0]


@jax.jit
def optimal_values(mdp: FiniteMDP, weights: Float[Array, " feature"], discount: float = DISCOUNT) -> Values:
    """Optimal values for an objective by value iteration, stopped when settled.

    Wandering for ever is worth nothing and always allowed by the tables (bumping a wall), so values start from zero.
    """
    reward = rewards(mdp, weights)

    def q(values):
        return reward + discount * continuation(mdp, values)

    state = _sweep(lambda v: jnp.where(mdp.terminal, 0.0, q(v).max(-1)), jnp.zeros(mdp.terminal.shape))
    return Values(state, q(state))


@jax.jit
def soft_optimal_values(
    mdp: FiniteMDP,
    weights: Float[Array, " feature"],
    inverse_temperature: Float[Array, ""] | float,
    discount: float = DISCOUNT,
) -> Values:
    """Soft-optimal values (Ziebart 2010): V = (1/b) log sum_a exp(b Q), Q = r + g E[V].

    The soft-optimal policy is `softmax(b * Q)`.
    """
    reward = rewards(mdp, weights)

    def q(values):
        return reward + discount * continuation(mdp, values)

    def backup(values):
        soft = jax.nn.logsumexp(inverse_temperature * q(values), axis=-1) / inverse_temperature
        return jnp.where(mdp.terminal, 0.0, soft)

    state = _sweep(backup, jnp.zeros(mdp.terminal.shape))
    return Values(state, q(state))


def optimal_actions(
    action_values: Float[Array, "level state action"], tolerance: float = 1e-4
) -> Bool[Array, "level state action"]:
    """The optimal set, ties included: actions within `tolerance` of the best, relative to the largest value there."""
    best = action_values.max(-1, keepdims=True)
    scale = jnp.abs(action_values).max(-1, keepdims=True)
    return action_values >= best - tolerance * scale - 1e-9


def uniform_over(allowed: Bool[Array, "level state action"]) -> Float[Array, "level state action"]:
    """The policy that picks uniformly among the allowed actions."""
    return allowed / allowed.sum(-1, keepdims=True).astype(jnp.float32)


def uniform_policy(mdp: FiniteMDP) -> Float[Array, "level state action"]:
    """The policy that picks uniformly among all actions: the zero of competence."""
    return jnp.full((mdp.levels, mdp.states, mdp.actions), 1.0 / mdp.actions)


@jax.jit
def evaluate(
    mdp: FiniteMDP,
    policy: Float[Array, "level state action"],
    reward: Float[Array, "level state action"],
    discount: float = DISCOUNT,
) -> Float[Array, "level state"]:
    """Values of a policy: a direct solve of (I - g P) V = r for small levels, sweeps for large ones."""
    gain = jnp.where(mdp.terminal, 0.0, (policy * reward).sum(-1))
    if mdp.states <= _DIRECT_UP_TO:
        system = jnp.eye(mdp.states)[None] - discount * policy_transitions(mdp, policy)
        return jnp.linalg.solve(system, gain[..., None])[..., 0]
    return _sweep(lambda v: gain + discount * (policy * continuation(mdp, v)).sum(-1), gain)


@jax.jit
def occupancy(
    mdp: FiniteMDP, policy: Float[Array, "level state action"], discount: float = DISCOUNT
) -> Float[Array, "level state"]:
    """Discounted expected visits of each state, sum_t g^t Pr(s_t = s), from the initial distribution."""
    if mdp.states <= _DIRECT_UP_TO:
        system = jnp.eye(mdp.states)[None] - discount * policy_transitions(mdp, policy)
        return jnp.linalg.solve(system.transpose(0, 2, 1), mdp.initial[..., None])[..., 0]
    flow = (policy * ~mdp.terminal[:, :, None])[..., None] * mdp.probability
    offsets = jnp.arange(mdp.levels, dtype=jnp.int32)[:, None, None, None] * mdp.states
    targets = (mdp.successor + offsets).reshape(-1)

    def step(visits):
        moved = (visits[:, :, None, None] * flow).reshape(-1)
        arrived = jnp.zeros(visits.size).at[targets].add(moved).reshape(visits.shape)
        return mdp.initial + discount * arrived

    return _sweep(step, mdp.initial)


@jax.jit
def feature_returns(
    mdp: FiniteMDP, policy: Float[Array, "level state action"], discount: float = DISCOUNT
) -> Float[Array, "level feature"]:
    """Discounted expected feature counts of a policy: its return for *any* objective is their weighted sum."""
    visits = occupancy(mdp, policy, discount)
    return jnp.einsum("ls,lsa,lsaf->lf", visits, policy, expected_features(mdp))


@jax.jit
def optimal_return_range(
    mdp: FiniteMDP,
    allowed: Bool[Array, "level state action"],
    weights: Float[Array, " feature"],
    discount: float = DISCOUNT,
) -> tuple[Float[Array, " level"], Float[Array, " level"]]:
    """Least and greatest return by `weights` over all policies that use allowed actions only.

    With `allowed` the optimal set of another objective, this is the range over its ties.
    """
    reward = rewards(mdp, weights)

    def extreme(sign: float) -> Float[Array, " level"]:
        def backup(values):
            q = sign * reward + discount * continuation(mdp, values)
            return jnp.where(mdp.terminal, 0.0, jnp.where(allowed, q, -jnp.inf).max(-1))

        return sign * (_sweep(backup, jnp.zeros(mdp.terminal.shape)) * mdp.initial).sum(-1)

    return extreme(-1.0), extreme(1.0)
