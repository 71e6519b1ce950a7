"""The ledger of a subject on one distribution, with the intervals of its gaps and of its competence."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.competence import Scale
from mesascope.core.ledger import Ledger, ReturnsByU, ledger, returns_by_intended
from mesascope.core.mdp import FiniteMDP, rewards
from mesascope.core.solver import (
    evaluate,
    feature_returns,
    from_starts,
    optimal_actions,
    optimal_values,
    uniform_over,
    uniform_policy,
)
from mesascope.core.statistics import CONFIDENCE, RESAMPLES, Estimate, Interval, statistic_of
from mesascope.instruments.hypotheses import hypotheses_of
from mesascope.instruments.sample import Sample, first_levels
from mesascope.worlds.world import AbstractWorld

GAPS = ("outer", "inner", "capability", "total")

DUST = 1e-6
"""Shares up to this are the rounding of solves in single precision."""
DRAWS_ON = 128
"""Levels of a distribution on which the ledger is repeated for every posterior draw of the subject's objective."""


class Returns(NamedTuple):
    """Mean discounted returns by one objective: of the subject, of the best policy for it, and of the uniform policy."""

    subject: float
    optimal: float
    uniform: float


def mean_returns(returns: ReturnsByU) -> Returns:
    """The means over levels that the gaps of the ledger are differences of, by the intended goal.

    Args:
        returns: What each policy of the ledger earns on each level.

    Returns:
        `optimal` is the best return by the intended goal; less `subject` it is the total gap.
    """
    return Returns(*(float(t.mean()) for t in (returns.subject, returns.intended, returns.uniform)))


class LedgerEstimate(NamedTuple):
    """One distribution: the ledger, its gaps as shares with intervals, the greedy policy's ledger (None of a recurrent subject),
    and competence.

    `competence` holds what the subject achieves of each objective it might be after: 0 uniform, 1 optimal; objectives
    that nothing on these levels serves are left out. `stakes` holds what can be earned of each: the best return less what
    the uniform policy has, or less nothing where that is more. `returns` are by the base objective, `returns_by_intended` by the
    intended goal.
    """

    distribution: str
    ledger: Ledger
    shares: dict[str, Estimate]
    greedy: Ledger | None
    competence: dict[str, Estimate]
    returns: Returns
    returns_by_intended: Returns
    stakes: Mapping[str, float] = MappingProxyType({})


def estimate_ledger(
    world: AbstractWorld,
    sample: Sample,
    mesa: Float[np.ndarray, " feature"],
    draws: Float[np.ndarray, "draw feature"],
    candidates: dict[str, Float[np.ndarray, " feature"]],
) -> LedgerEstimate:
    """The ledger by the world's intended goal and base objective and a subject's objective `mesa`: exact on these levels, or of a
    recurrent subject from one episode on each, which the intervals, resampled over levels, take in.

    `candidates` must hold `base`, the base objective. `draws` are posterior draws of the subject's
    objective: the interval of a gap resamples levels and draws together.
    """
    intended = jnp.asarray(world.intended_goal.vector(world.features))
    base = jnp.asarray(world.base_objective.vector(world.features))
    fired = sample.fired(world.discount)
    returns = returns_by_intended(sample.mdp, fired, intended, base, jnp.asarray(mesa), world.discount)
    few = first_levels(sample, DRAWS_ON).mdp
    by_draw = np.asarray(_returns_by_draw(few, intended, jnp.asarray(draws), world.discount), np.float64)
    names = list(candidates)
    table = jnp.asarray(np.stack([candidates[name] for name in names]))
    earned, scales = _candidate_returns(sample.mdp, fired, table, world.discount)
    at_base = names.index("base")
    means = (float(t.mean()) for t in (earned[:, at_base], scales.optimal[at_base], scales.uniform[at_base]))
    return LedgerEstimate(
        sample.distribution,
        ledger(returns),
        _shares(returns, by_draw),
        _greedy(sample, returns, intended, world.discount),
        _competence(names, earned, scales),
        Returns(*means),
        mean_returns(returns),
        {name: _stake(scales.optimal[i], scales.uniform[i]) for i, name in enumerate(names)},
    )


def _stake(optimal: Float[Array, " level"], uniform: Float[Array, " level"]) -> float:
    """To shun a thing takes no capability: what the uniform policy loses by what is shunned is nothing to be earned."""
    return float(optimal.mean() - jnp.maximum(uniform.mean(), 0.0))


def _greedy(sample: Sample, returns: ReturnsByU, intended: Float[Array, " feature"], discount: float) -> Ledger | None:
    if sample.policy is None:
        return None
    greedy = jax.nn.one_hot(sample.policy.argmax(-1), sample.policy.shape[-1])
    by_greedy = feature_returns(sample.mdp, greedy, discount) @ intended
    return ledger(returns._replace(subject=np.asarray(by_greedy, np.float64)))


def candidates(world: AbstractWorld, own: np.ndarray) -> dict[str, np.ndarray]:
    """Objectives that competence is measured at: the subject's own, the base objective, and those on the grid that want
    something. To be competent at shunning a thing takes no capability, so negated objectives are left out.
    """
    grid = {h.name: h.objective.vector(world.features) for h in hypotheses_of(world) if h.objective is not None}
    wanting = {name: weights for name, weights in grid.items() if weights.max() > 0}
    intended, base = (objective.vector(world.features) for objective in (world.intended_goal, world.base_objective))
    other = {} if np.array_equal(intended, base) else {"wanted": intended}
    return {"own": own, "base": base, **other, **wanting}


@eqx.filter_jit
def _returns_by_draw(
    mdp: FiniteMDP, intended: Float[Array, " feature"], draws: Float[Array, "draw feature"], discount: float
) -> Float[Array, "draw level"]:
    reward = rewards(mdp, intended)

    def one(weights):
        policy = uniform_over(optimal_actions(optimal_values(mdp, weights, discount).action))
        return (evaluate(mdp, policy, reward, discount) * mdp.initial).sum(-1)

    return jax.lax.map(one, draws)


def _shares(returns: ReturnsByU, by_draw: Float[np.ndarray, "draw level"]) -> dict[str, Estimate]:
    """Each gap over J_U(optimal) - J_U(uniform), bootstrapped over levels and over draws of the objective."""
    rng = np.random.default_rng(0)
    count, few = len(returns.intended), by_draw.shape[1]
    columns = np.stack([returns.intended, returns.base, returns.mesa, returns.subject, returns.uniform], 1)
    which = rng.integers(count, size=(RESAMPLES, count))
    weights = np.stack([np.bincount(row, minlength=count) for row in which]) / count
    intended, base, mesa, subject, floor = (weights @ columns).T
    draw = rng.integers(len(by_draw), size=RESAMPLES)
    moved = (by_draw.mean(1) - returns.mesa[:few].mean())[draw]
    mesa = mesa + moved
    room = intended - floor
    resampled = (intended - base, base - mesa, mesa - subject, intended - subject)
    found = ledger(returns)
    tail = (1 - CONFIDENCE) / 2
    shares = {}
    for name, gap in zip(GAPS, resampled, strict=True):
        low, high = np.quantile(gap / room, [tail, 1 - tail]) if room.min() > 1e-9 else (np.nan, np.nan)
        shares[name] = holding(getattr(found, name).share, float(low), float(high))
    return shares


def holding(value: float, low: float, high: float) -> Estimate:
    """A share with its interval: what is rounding is 0, and an interval holds its value.

    Args:
        value: The share.
        low: The lower end of the resampled shares; NaN where there is none.
        high: The upper end.

    Returns:
        The estimate.

    Example:
        >>> holding(0.0, 4.5e-8, 4.7e-8)
        Estimate(value=0.0, interval=Interval(low=0.0, high=0.0))
    """
    value, low, high = (0.0 if abs(share) <= DUST else share for share in (value, low, high))
    return Estimate(value, Interval(min(low, value), max(high, value)) if low <= high else Interval(low, high))


def _candidate_returns(
    mdp: FiniteMDP, fired: Float[Array, "level feature"], candidates: Float[Array, "candidate feature"], discount: float
):
    """What the subject and the uniform policy earn of each objective, from one evaluation each, and what is best."""
    own, uniform = fired @ candidates.T, feature_returns(mdp, uniform_policy(mdp), discount) @ candidates.T
    best = [from_starts(mdp, optimal_values(mdp, weights, discount).state) for weights in candidates]
    return own, Scale(uniform.T, jnp.stack(best))


def _competence(names: list[str], returns, scale) -> dict[str, Estimate]:
    returns, uniform, optimal = (np.asarray(jax.device_get(t), np.float64) for t in (returns.T, *scale))

    def ratio(means: Float[np.ndarray, "resample 3"]) -> Float[np.ndarray, " resample"]:
        return (means[:, 0] - means[:, 1]) / (means[:, 2] - means[:, 1])

    found = {}
    for index, name in enumerate(names):
        if optimal[index].mean() - uniform[index].mean() > 1e-3:
            found[name] = statistic_of(np.stack([returns[index], uniform[index], optimal[index]], 1), ratio)
    return found
