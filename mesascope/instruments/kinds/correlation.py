"""Whether two objectives go together over policies that have nothing to do with either."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.lookahead import lookahead_values
from mesascope.core.mdp import FiniteMDP
from mesascope.core.rng import named_key
from mesascope.core.solver import DISCOUNT, Discount, feature_returns
from mesascope.core.statistics import RESAMPLES, Estimate, statistic_of

POLICIES = 64
_DEPTH, _SHARPNESS = 16, 8.0


class Correlation(NamedTuple):
    """Correlation over policies of mean returns: by base and subject's objective, and, the null, by base and a chance event."""

    own: Estimate
    null: Estimate


def measure_correlation(
    mdp: FiniteMDP,
    base: Float[np.ndarray, " feature"],
    mesa: Float[np.ndarray, " feature"],
    features: Sequence[str],
    irrelevant: str,
    seed: int = 0,
    discount: float = DISCOUNT,
) -> Correlation:
    """Over `POLICIES` softmax policies that look 16 steps ahead for objectives drawn at random; exact returns. Intervals
    resample levels and policies, both: the policies are a sample too.
    """
    drawn = jax.random.normal(named_key(seed, "kinds", "correlation"), (POLICIES, len(features)))
    counts = np.asarray(_counts(mdp, drawn, discount), np.float64)
    chance = np.asarray([float(f == irrelevant) for f in features])
    returns = np.stack([counts @ np.asarray(w, np.float64) for w in (base, mesa, chance)], -1).swapaxes(0, 1)
    # A stream of its own: with as many levels as policies the same one would draw both alike.
    redrawn = np.random.default_rng([seed, POLICIES]).integers(POLICIES, size=(RESAMPLES, POLICIES, 1))

    def correlation(means: Float[np.ndarray, "resample policy 2"]) -> Float[np.ndarray, " resample"]:
        return _correlation(np.take_along_axis(means, redrawn, 1) if len(means) == RESAMPLES else means)

    return Correlation(*(statistic_of(returns[..., [0, k]], correlation) for k in (1, 2)))


@jax.jit
def _counts(
    mdp: FiniteMDP, objectives: Float[Array, "policy feature"], discount: Discount
) -> Float[Array, "policy level feature"]:
    def one(weights: Float[Array, " feature"]) -> Float[Array, "level feature"]:
        values = lookahead_values(mdp, weights, _DEPTH, discount)
        return feature_returns(mdp, jax.nn.softmax(_SHARPNESS * values, axis=-1), discount)

    return jax.lax.map(one, objectives)


def _correlation(means: Float[np.ndarray, "resample policy 2"]) -> Float[np.ndarray, " resample"]:
    centered = means - means.mean(1, keepdims=True)
    spread = np.sqrt((centered**2).sum(1))
    product = centered.prod(2).sum(1)
    # A return that all policies share has no correlation; to say so it counts as zero.
    return np.where(spread.prod(1) > 1e-12, product / np.maximum(spread.prod(1), 1e-12), 0.0)
