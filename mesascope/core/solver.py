"""Exact solutions of batches of finite levels: optimal, soft-optimal and given policies, for any objective."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mesascope.core.banded import solve_banded
from mesascope.core.grid_solver import action_values, at_once, best_values, by_blocks, lattice, soft_values
from mesascope.core.inline_jit import inline_jit
from mesascope.core.mdp import (
    FiniteMDP,
    arrivals,
    banded_transitions,
    continuation,
    expected_features,
    policy_transitions,
    rewards,
)
from mesascope.core.staged import best_by_stages, solve_by_stages

Discount = float | Float[Array, ""]
"""A discount: a number below 1, or a traced one."""

DISCOUNT = 0.97
"""Discount of every return unless a world says otherwise."""

_SETTLED = 2.0**-23
"""A value has settled when it moves by no more than one unit in its own last place."""
_FORGOTTEN = 1e-9
"""Sweeps end when what lies beyond them is discounted to this share, settled or not."""
_MOST_SWEEPS = 100_000
_DIRECT_UP_TO = 256
"""States up to which a policy without a band is evaluated by a dense solve; sweeps beyond."""
_LEVELS_AT_ONCE = 128
"""Levels eliminated together, so that the window of a wide band stays in the processor's cache."""


class Values(NamedTuple):
    """State and action values."""

    state: Float[Array, "level state"]
    action: Float[Array, "level state action"]


class PolicySolution(NamedTuple):
    """Values of a policy and its discounted expected visits, sum_t g^t Pr(s_t = s), from the initial distribution."""

    values: Float[Array, "level state"]
    visits: Float[Array, "level state"]


def _most_sweeps(states: int, discount: Discount) -> Float[Array, ""]:
    """Sweeps after which whatever is still to come is forgotten, but enough to cross the level."""
    horizon = jnp.abs(jnp.log(_FORGOTTEN) / jnp.log(jnp.asarray(discount, jnp.float32)))
    return jnp.minimum(jnp.maximum(horizon, states) + 1, _MOST_SWEEPS)


def _sweep(backup, start: Float[Array, "level state"], discount: Discount) -> Float[Array, "level state"]:
    """Iterate a contraction until no value moves by more than float32 can tell.

    Each state is judged by its own size, so that a far cell worth 1e-20 still counts, and each level stops by itself,
    so that its values do not depend on the batch it is in.
    """
    limit = _most_sweeps(start.shape[1], discount)

    def unsettled(carry):
        _, moving, sweeps = carry
        return moving.any() & (sweeps < limit)

    def body(carry):
        values, moving, sweeps = carry
        new = jnp.where(moving[:, None], backup(values), values)
        return new, (jnp.abs(new - values) > _SETTLED * jnp.abs(new)).any(-1), sweeps + 1

    return jax.lax.while_loop(unsettled, body, (start, jnp.full(start.shape[0], True), jnp.array(0)))[0]


@jax.jit
def optimal_values(mdp: FiniteMDP, weights: Float[Array, " feature"], discount: Discount = DISCOUNT) -> Values:
    """Optimal values for an objective by value iteration, stopped when settled.

    Wandering for ever is worth nothing and always allowed by the tables (actions that lead nowhere), so values start from zero.
    """
    if mdp.is_grid:
        limit = _most_sweeps(mdp.states, discount)

        def solve(part: FiniteMDP) -> Values:
            block = lattice(part, rewards(part, weights))
            best = best_values(block, discount, limit)
            return Values(best.T, action_values(block, best, discount).transpose(2, 1, 0))

        return by_blocks(solve, mdp.levels, mdp)
    reward = rewards(mdp, weights)

    def q(values):
        return reward + discount * continuation(mdp, values)

    if mdp.moves is not None:
        state = _best_by_stages(mdp, reward, discount)
    else:
        state = _sweep(lambda v: jnp.where(mdp.terminal, 0.0, q(v).max(-1)), jnp.zeros(mdp.terminal.shape), discount)
    return Values(state, q(state))


def _best_by_stages(mdp: FiniteMDP, reward, discount: Discount, allowed=None) -> Float[Array, "level state"]:
    limit = _most_sweeps(mdp.states, discount)
    tables = (mdp, reward) if allowed is None else (mdp, reward, allowed)
    return by_blocks(
        lambda part, reward, *allowed: best_by_stages(part, reward, discount, limit, *allowed), mdp.levels, *tables
    )


@jax.jit
def soft_optimal_values(
    mdp: FiniteMDP,
    weights: Float[Array, " feature"],
    inverse_temperature: float | Float[Array, ""],
    discount: Discount = DISCOUNT,
) -> Values:
    """Soft-optimal values (Ziebart 2010): V = (1/b) log sum_a exp(b Q), Q = r + g E[V].

    The soft-optimal policy is `softmax(b * Q)`.
    """
    if mdp.is_grid:
        limit = _most_sweeps(mdp.states, discount)

        def solve(part: FiniteMDP) -> Values:
            block = lattice(part, rewards(part, weights))
            found = soft_values(
                block,
                lambda q: jax.nn.logsumexp(inverse_temperature * q, axis=0) / inverse_temperature,
                lambda new, old: (jnp.abs(new - old) > _SETTLED * jnp.abs(new)).any(0),
                discount,
                limit,
            )
            return Values(found.T, action_values(block, found, discount).transpose(2, 1, 0))

        return by_blocks(solve, mdp.levels, mdp)
    reward = rewards(mdp, weights)

    def q(values):
        return reward + discount * continuation(mdp, values)

    def backup(values):
        soft = jax.nn.logsumexp(inverse_temperature * q(values), axis=-1) / inverse_temperature
        return jnp.where(mdp.terminal, 0.0, soft)

    state = _sweep(backup, jnp.zeros(mdp.terminal.shape), discount)
    return Values(state, q(state))


@inline_jit()
def optimal_actions(
    action_values: Float[Array, "*tables action"], tolerance: float | Float[Array, ""] = 1e-4
) -> Bool[Array, "*tables action"]:
    """The optimal set, ties included: actions within `tolerance` of the best, relative to the largest value there.

    The tolerance is of the state's own values, however small: a cell 300 steps from any reward is told as finely as
    the cell beside it. It is far above float32 rounding and far below one step's discount; only a discount above
    1 - `tolerance` / 2 makes it too coarse.
    """
    best = action_values.max(-1, keepdims=True)
    scale = jnp.abs(action_values).max(-1, keepdims=True)
    return action_values >= best - tolerance * scale


@inline_jit()
def uniform_over(allowed: Bool[Array, "*tables action"]) -> Float[Array, "*tables action"]:
    """The policy that picks uniformly among the allowed actions."""
    return allowed / allowed.sum(-1, keepdims=True).astype(jnp.float32)


@jax.jit
def from_starts(mdp: FiniteMDP, values: Float[Array, "level state"]) -> Float[Array, " level"]:
    """What state values come to over the tables' own starts."""
    return (values * mdp.initial).sum(-1)


@inline_jit()
def uniform_policy(mdp: FiniteMDP) -> Float[Array, "level state action"]:
    """The policy that picks uniformly among all actions: the zero of competence."""
    return jnp.full((mdp.levels, mdp.states, mdp.actions), 1.0 / mdp.actions)


@jax.jit
def solve_policy(
    mdp: FiniteMDP,
    policy: Float[Array, "level state action"],
    reward: Float[Array, "level state action"],
    discount: Discount = DISCOUNT,
) -> PolicySolution:
    """Values and visits of a policy from one factorization of I - g P.

    V = (I - g P)^-1 r and visits = (I - g P)^-T initial. Elimination near the diagonal where the tables name a band (stage
    by stage where they name stages), a dense solve for small levels, sweeps for large ones. The first two can be
    differentiated; but the gradient of the return needs no derivative of a solve: dJ / d policy(s, a) = visits(s) Q(s, a)
    (Sutton et al. 2000).
    """
    gain = jnp.where(mdp.terminal, 0.0, (policy * reward).sum(-1))
    if mdp.band is not None:
        return _solve_in_chunks(mdp, mdp.band, policy, gain, discount)
    if mdp.states <= _DIRECT_UP_TO:
        system = jnp.eye(mdp.states) - discount * policy_transitions(mdp, policy)
        # Two right sides, one factorization: A^T y = c is solved with the same factors.
        factors = jax.vmap(jax.scipy.linalg.lu_factor)(system)
        solve = jax.vmap(jax.scipy.linalg.lu_solve, in_axes=(0, 0, None))
        return PolicySolution(solve(factors, gain, 0), solve(factors, mdp.initial, 1))
    return PolicySolution(
        _sweep(lambda v: gain + discount * (policy * continuation(mdp, v)).sum(-1), gain, discount),
        _sweep(lambda v: mdp.initial + discount * arrivals(mdp, policy, v), mdp.initial, discount),
    )


def _solve_in_chunks(
    mdp: FiniteMDP,
    reach: int,
    policy: Float[Array, "level state action"],
    gain: Float[Array, "level state"],
    discount: Discount,
) -> PolicySolution:
    def solve(mdp: FiniteMDP, policy, gain) -> PolicySolution:
        if mdp.stage is not None:
            return PolicySolution(*solve_by_stages(mdp, policy, gain, discount))
        stays = jnp.zeros(2 * reach + 1).at[reach].set(1.0)[:, None]
        system = stays - discount * banded_transitions(mdp, policy)
        found = solve_banded(system, gain.T, mdp.initial.T)
        return PolicySolution(found.right.T, found.left.T)

    together = _levels_together(mdp.levels)
    if together == mdp.levels:
        return solve(mdp, policy, gain)
    parts = jax.tree.map(lambda x: x.reshape(-1, together, *x.shape[1:]), (mdp, policy, gain))
    solved = jax.lax.map(lambda part: solve(*part), parts)
    return jax.tree.map(lambda x: x.reshape(mdp.levels, mdp.states), solved)


def _levels_together(levels: int) -> int:
    """The largest share of the batch up to `_LEVELS_AT_ONCE` that divides it; all of it where only slivers do."""
    most = at_once(_LEVELS_AT_ONCE)
    shares = (n for n in range(min(levels, most), most // 4, -1) if levels % n == 0)
    return next(shares, levels)


@jax.jit
def evaluate(
    mdp: FiniteMDP,
    policy: Float[Array, "level state action"],
    reward: Float[Array, "level state action"],
    discount: Discount = DISCOUNT,
) -> Float[Array, "level state"]:
    """Values of a policy for rewards of each state and action (see `solve_policy`)."""
    return solve_policy(mdp, policy, reward, discount).values


@jax.jit
def occupancy(
    mdp: FiniteMDP, policy: Float[Array, "level state action"], discount: Discount = DISCOUNT
) -> Float[Array, "level state"]:
    """Discounted expected visits of each state, sum_t g^t Pr(s_t = s), from the initial distribution."""
    return solve_policy(mdp, policy, jnp.zeros_like(policy), discount).visits


@jax.jit
def feature_returns(
    mdp: FiniteMDP, policy: Float[Array, "level state action"], discount: Discount = DISCOUNT
) -> Float[Array, "level feature"]:
    """Discounted expected feature counts of a policy: its return for *any* objective is their weighted sum."""
    taken = occupancy(mdp, policy, discount)[:, :, None] * policy
    return (taken[..., None] * expected_features(mdp)).sum((1, 2))


@jax.jit
def optimal_return_range(
    mdp: FiniteMDP,
    allowed: Bool[Array, "level state action"],
    weights: Float[Array, " feature"],
    discount: Discount = DISCOUNT,
) -> tuple[Float[Array, " level"], Float[Array, " level"]]:
    """Least and greatest return by `weights` over all policies that use allowed actions only.

    With `allowed` the optimal set of another objective, this is the range over its ties.
    """
    signs = jnp.array([-1.0, 1.0])
    if mdp.is_grid:
        limit = _most_sweeps(mdp.states, discount)

        def solve(part: FiniteMDP, allowed) -> Float[Array, "level 2"]:
            block = lattice(part, rewards(part, weights))
            may = allowed.transpose(2, 1, 0)

            def signed(sign: Float[Array, ""]) -> Float[Array, " level"]:
                best = best_values(block._replace(reward=sign * block.reward), discount, limit, may)
                return sign * (best * part.initial.T).sum(0)

            return jax.lax.map(signed, signs).T

        found = by_blocks(solve, mdp.levels, mdp, allowed)
        return found[:, 0], found[:, 1]
    reward = rewards(mdp, weights)

    if mdp.moves is not None:
        least, greatest = jax.lax.map(
            lambda sign: sign * (_best_by_stages(mdp, sign * reward, discount, allowed) * mdp.initial).sum(-1), signs
        )
        return least, greatest

    def extreme(sign: Float[Array, ""]) -> Float[Array, " level"]:
        def backup(values):
            q = sign * reward + discount * continuation(mdp, values)
            return jnp.where(mdp.terminal, 0.0, jnp.where(allowed, q, -jnp.inf).max(-1))

        return sign * (_sweep(backup, jnp.zeros(mdp.terminal.shape), discount) * mdp.initial).sum(-1)

    least, greatest = jax.vmap(extreme)(signs)
    return least, greatest
