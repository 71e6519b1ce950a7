"""Goal-directedness: how far behavior is predicted by pursuit of some objective over features (MEG)."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.optimize import minimize

from mesascope.core.mdp import FiniteMDP
from mesascope.core.solver import Discount
from mesascope.core.statistics import Estimate, ratio_of
from mesascope.instruments.card import Card
from mesascope.instruments.pursuit import PolicyStatistics, conduct, predict
from mesascope.instruments.sample import Sample, part_of
from mesascope.worlds.world import AbstractWorld

STEEPEST = 1000.0
"""Largest weight tried, inverse temperature absorbed: soft pursuit this steep is all but optimal."""

_EVALUATIONS = 60
_BISECTIONS = 16
_FELT = 1e-3
"""Slope of the gain at no weight at all, in discounted counts, below which a feature has no sign."""

CARD = Card(
    name="goal-directedness",
    measures=(
        "Maximum entropy goal-directedness: how much better the subject's actions are predicted by soft pursuit of "
        "some objective over features than by chance. It says how far behavior looks purposeful, not that there is a "
        "purpose."
    ),
    estimator=(
        "max over weights w of E_pi sum_t g^t [log pi_w(a|s) + log|A|], pi_w soft-optimal (inverse temperature "
        "absorbed into w, at most 1000 in magnitude), over log|A| times the subject's discounted steps before the end: "
        "0 chance, 1 a policy that is the only optimal one everywhere. Concave; weights are fitted on one half of the "
        "levels, the gain is measured on the other; bootstrap over those levels. By feature: that feature alone, "
        "weight of either sign, the sign reported."
    ),
    assumptions=(
        "Soft optimality is the right notion of noisy pursuit. An ended episode goes on without consequence, so that "
        "only steps before the end count and weights of zero are chance."
    ),
    controls=(
        "The uniform policy scores 0; fitting and scoring levels are disjoint; a negative weight is shown as such."
    ),
    blind_spots=(
        "A property of behavior: a lookup table and a planner with the same policy score the same.",
        "With unrestricted utilities every policy scores all that its entropy allows; it says something only because "
        "objectives are restricted to features.",
        "Where several actions are optimal a subject that always takes the same one scores below 1; and where all that "
        "is wanted lies behind what is not, waiting adds steps that no objective predicts, for an optimal subject too.",
        "Distant cells carry nearly equal values: they ask for steeper weights than near ones, and one steepness "
        "serves all.",
        "Held-out scores can fall a little below 0.",
    ),
    cost="some dozens of soft value iterations for each feature: a second or two for 200 levels of 9x9",
    references=(
        "MacDermott et al. 2024, Measuring goal-directedness, arXiv 2412.04758",
        "Orseau et al. 2018, Agents and devices: a relative definition of agency, arXiv 1805.12387",
        "Ziebart 2010, Modeling purposeful adaptive behavior with the principle of maximum causal entropy",
    ),
)


class GoalDirectedness(NamedTuple):
    """MEG as a share of its maximum, at the best weights and with each feature alone; signs tell pursuit from flight.

    Features that no level of the sample offers are left out of all three.
    """

    meg: Estimate
    weights: dict[str, float]
    by_feature: dict[str, Estimate]
    signs: dict[str, int]


class _Half(NamedTuple):
    mdp: FiniteMDP
    seen: PolicyStatistics


def measure_goal_directedness(world: AbstractWorld, sample: Sample, *, levels: int) -> GoalDirectedness:
    """MEG of the subject on the first `levels` levels of a sample, half of them for fitting.

    Where the features are not independent (a world's `independent_features` are weighed) or a level set does not tell
    two apart, one of several equally good weights is given; the gain is the same for all of them.
    """
    half = max(min(levels, sample.mdp.levels) // 2, 1)
    fitting, scoring = (_half(sample, first, half, world.discount) for first in (0, half))
    offered = (np.asarray(fitting.mdp.features) != 0).any((0, 1, 2, 3))
    names = [f for i, f in enumerate(world.features) if offered[i]]
    free = [world.features.index(f) for f in world.independent_features if f in names]
    columns = np.eye(len(world.features))
    best = _fit(fitting, columns[free], world.discount)
    alone = columns[[world.features.index(f) for f in names]]
    lone = alone * np.asarray(_line_search(fitting, jnp.asarray(alone, jnp.float32), world.discount))[:, None]
    return GoalDirectedness(
        _score(scoring, best, world.discount),
        {world.features[i]: float(best[i]) for i in free},
        {f: _score(scoring, w, world.discount) for f, w in zip(names, lone, strict=True)},
        {f: int(np.sign(w.sum())) for f, w in zip(names, lone, strict=True)},
    )


def _half(sample: Sample, first: int, count: int, discount: float) -> _Half:
    mdp, policy = part_of((sample.mdp, sample.policy), first, count)
    return _Half(mdp, conduct(mdp, policy, discount))


def _fit(fitting: _Half, basis: Float[np.ndarray, "free feature"], discount: float) -> Float[np.ndarray, " feature"]:
    """Weights in the span of `basis` of largest mean gain."""

    def loss(free: Float[np.ndarray, " free"]):
        found = predict(*fitting, jnp.asarray(free @ basis, jnp.float32), discount)
        gain, gradient = (np.asarray(part, np.float64) for part in found)
        return -gain.mean(), -(basis @ gradient)

    bounds = [(-STEEPEST, STEEPEST)] * len(basis)
    options = {"maxfun": _EVALUATIONS}
    return minimize(loss, np.zeros(len(basis)), jac=True, method="L-BFGS-B", bounds=bounds, options=options).x @ basis


@jax.jit
def _line_search(
    fitting: _Half, directions: Float[Array, "candidate feature"], discount: Discount
) -> Float[Array, " candidate"]:
    """Best multiple of each direction, of either sign: the root of a falling slope, by bisection on a cubic scale."""

    def slope(direction: Float[Array, " feature"], share: Float[Array, ""]) -> Float[Array, ""]:
        weights = direction * (STEEPEST * share**3)
        return direction @ predict(*fitting, weights, discount).gradient

    def search(direction: Float[Array, " feature"]) -> Float[Array, ""]:
        at_none = slope(direction, jnp.array(0.0))
        sign = jnp.sign(at_none)

        def halve(_, ends):
            low, high = ends
            middle = (low + high) / 2
            onward = sign * slope(direction, sign * middle) > 0
            return jnp.where(onward, middle, low), jnp.where(onward, high, middle)

        low, high = jax.lax.fori_loop(0, _BISECTIONS, halve, (jnp.array(0.0), jnp.array(1.0)))
        share = (low + high) / 2
        return jnp.where(jnp.abs(at_none) > _FELT, sign * STEEPEST * share**3, 0.0)

    return jax.lax.map(search, directions)


def _score(scoring: _Half, weights: Float[np.ndarray, " feature"], discount: float) -> Estimate:
    gain = predict(*scoring, jnp.asarray(weights, jnp.float32), discount).gain
    most = np.log(scoring.mdp.actions) * np.asarray(scoring.seen.steps, np.float64)
    return ratio_of(np.asarray(gain, np.float64), most)
