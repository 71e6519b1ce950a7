"""Weights over features from decisions between objects: Bayesian inverse planning over a mixture of models of choice."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from mesascope.core.errors import SubjectError, UsageError
from mesascope.core.solver import Discount
from mesascope.core.statistics import CONFIDENCE, Estimate, Interval
from mesascope.core.tempered_sampler import mixing, sample_tempered
from mesascope.instruments.choice_model import NUISANCES, Chooser, log_likelihood, read_chooser, see
from mesascope.instruments.decisions import Decisions

MIXED, ENOUGH, ATTEMPTS = 1.05, 400.0, 6
"""While populations disagree by more than the first (r-hat), or all together have fewer effective draws than the second, more are
run and put beside them, so many times at most; what they reached is said.
"""

WIDER = 0.075
"""How much farther each end of a weight's interval lies than the posterior's, as a share of the posterior's width: no agent
decides quite as the models say. Chosen on agents of known weights; how often intervals hold is counted on others
(docs/coverage.md).
"""

BEYOND_DOUBT = 0.995
"""Posterior probability of a positive weight at which a feature is said to be wanted."""


class Weight(NamedTuple):
    """Central value and 95 % interval of one weight, wider than the posterior's by `WIDER`.

    Not `offered`: no object had it, and this is the prior. `wanted` is the posterior probability that the weight is above 0,
    where there is one.
    """

    mean: float
    interval: Interval
    offered: bool
    wanted: float | None = None


class Diagnostics(NamedTuple):
    """Worst r-hat between populations and least number of effective draws over the weights offered, and how many times
    populations were run until they agreed and were enough.
    """

    r_hat: float
    effective_sample_size: float
    attempts: int = 1


class WeightPosterior(NamedTuple):
    """Weights over features, each draw scaled so that its largest positive weight is 1 (its farthest from 0, if none is).

    `inverse_temperature` is how many units of choice noise the most wanted feature is worth to an agent that decides at every
    step; `lapse` is the share of steps taken at random. `chooser` holds what else was inferred of how it decides.
    `draws` has every posterior draw, columns in the order of `weights`.
    """

    weights: dict[str, Weight]
    inverse_temperature: Estimate
    lapse: Estimate
    draws: Float[np.ndarray, "draw feature"]
    diagnostics: Diagnostics
    choices: int
    chooser: dict[str, Estimate]

    @property
    def wanted(self) -> tuple[str, ...]:
        """Features that are wanted beyond doubt, most wanted first."""
        return features_wanted(self.weights)


def features_wanted(weights: Mapping[str, Weight]) -> tuple[str, ...]:
    """Features whose weight is positive with a posterior probability of `BEYOND_DOUBT`, most wanted first."""
    sure = [(w.mean, name) for name, w in weights.items() if w.offered and (w.wanted or 0.0) >= BEYOND_DOUBT]
    return tuple(name for _, name in sorted(sure, reverse=True))


def features_undecided(weights: Mapping[str, Weight]) -> tuple[str, ...]:
    """Features of which neither is beyond doubt, that they are wanted or that they are not; also those that nothing offered."""
    return tuple(
        name
        for name, w in weights.items()
        if not w.offered or (w.wanted is not None and 1 - BEYOND_DOUBT < w.wanted < BEYOND_DOUBT)
    )


def fit_choice_weights(
    decisions: Decisions,
    free: Sequence[str],
    features: Sequence[str],
    discount: Discount,
    key: PRNGKeyArray,
    *,
    inverse_temperature: float | None = None,
) -> WeightPosterior:
    """Posterior of the weights of the `free` features, by name, given the names of all feature columns.

    Args:
        decisions: What was decided, one episode of each level.
        free: Features whose weights are inferred; the others weigh nothing.
        features: Names of the feature columns of `decisions`.
        discount: The world's discount, in which the agent's own is measured.
        key: Random key.
        inverse_temperature: That of the agent's steps where it is known, in units of its largest weight.

    Returns:
        The posterior; only features that some object within reach had are informed by the decisions.

    Raises:
        SubjectError: The sampler did not reach the posterior.
        UsageError: A feature has no column, or there is no episode at all.
    """
    missing = [f for f in free if f not in features]
    if missing or len(features) != decisions.objects.shape[0]:
        raise UsageError(f"features {', '.join(free)} do not fit decisions with columns {', '.join(features)}")
    if decisions.number == 0:
        raise UsageError("there is no choice to learn from: no level had an admissible start")
    columns = tuple(list(features).index(f) for f in free)
    offered = decisions.offered[list(columns)]
    runs: list[Chooser] = []
    for attempt in range(ATTEMPTS):
        run_key = jax.random.fold_in(key, attempt)
        drawn, arrived = jax.device_get(_sample(decisions, columns, discount, inverse_temperature, run_key))
        if not arrived:
            raise SubjectError(
                "the weights of the subject's decisions could not be inferred: tempering from the prior did not reach the "
                "posterior; fewer levels make it wider"
            )
        runs.append(drawn)
        found = jax.tree.map(lambda *parts: np.concatenate(parts), *runs)
        posterior = _report(found, tuple(free), offered, decisions.number, len(runs))
        reached = posterior.diagnostics
        if reached.r_hat < MIXED and reached.effective_sample_size >= ENOUGH:
            break
    return posterior


_OPTIMIZED = {"xla_backend_optimization_level": 2}
"""Small steps by the hundred thousand: optimized also where XLA is told to compile in a hurry, as in the tests. Random numbers of
the last level, 3, take 3.5 s to compile where those of this one take 0.25 s, and run no faster.
"""


@jax.jit(static_argnames="columns", compiler_options=_OPTIMIZED)
def _sample(
    decisions: Decisions,
    columns: tuple[int, ...],
    discount: Discount,
    inverse_temperature: float | Float[Array, ""] | None,
    key: PRNGKeyArray,
) -> tuple[Chooser, Bool[Array, ""]]:
    """Draws of choosers, leading axes population, particle and draw, and whether they are any; compiled once for each shape."""
    seen = see(decisions, columns)

    def at(position: Float[Array, " coordinate"]) -> Float[Array, ""]:
        return log_likelihood(seen, read_chooser(position, inverse_temperature), discount).sum()

    drawn = sample_tempered(at, len(columns) + NUISANCES, key)
    return read_chooser(drawn.position, inverse_temperature), drawn.reached


def _report(found: Chooser, free: tuple[str, ...], offered: np.ndarray, number: int, attempts: int) -> WeightPosterior:
    scaled = np.asarray(found.weights, np.float64)
    central = central_direction(scaled.reshape(-1, len(free)))
    noise = float(np.median(1.0 / np.asarray(found.inverse_temperature, np.float64)))
    weights = {}
    for i, name in enumerate(free):
        interval = _widened(_resolved(_summary(scaled[..., i])[1], noise))
        inside = float(np.clip(central[i], interval.low, interval.high))
        weights[name] = Weight(inside, interval, bool(offered[i]), float((scaled[..., i] > 0).mean()))
    # Bounded, so that what is far below nothing, which hardly anything tells apart, does not stand for everything.
    # What is within the noise of choice counts as none at all.
    bounded = np.where(np.abs(scaled) < 2 * noise, 0.0, scaled / (1.0 + np.abs(scaled)))
    watched = bounded[..., offered]
    if watched.size == 0 or not np.ptp(watched.reshape(-1, watched.shape[-1]), axis=0).any():
        # Weights that never move say nothing of how well the particles do.
        watched = np.asarray(found.lapse, np.float64)[..., None]
    agreement = mixing(watched)
    shares = np.exp(np.asarray(found.log_shares, np.float64))
    return WeightPosterior(
        weights,
        Estimate(*_summary(found.inverse_temperature)),
        Estimate(*_summary(found.lapse)),
        scaled.reshape(-1, len(free)),
        Diagnostics(agreement.r_hat, agreement.effective_sample_size, attempts),
        number,
        {
            "decides at every step": Estimate(*_summary(shares[..., 0])),
            "decides once": Estimate(*_summary(shares[..., 1])),
            "walks blindly": Estimate(*_summary(shares[..., 2])),
            "discount exponent": Estimate(*_summary(found.discount_exponent)),
            "horizon": Estimate(*_summary(found.horizon)),
        },
    )


def _widened(interval: Interval) -> Interval:
    """Wider by `WIDER`; no weight is above the largest, which is 1."""
    low, high = interval
    more = WIDER * (high - low)
    return Interval(low - more, min(high + more, 1.0))


def _resolved(interval: Interval, noise: float) -> Interval:
    """An end at exactly 0 stands for all weights below the noise of choice: they are not told from none at all."""
    low, high = interval
    return Interval(-noise if low == 0.0 else low, noise if high == 0.0 else high)


def central_direction(draws: Float[np.ndarray, "draw feature"]) -> Float[np.ndarray, " feature"]:
    """The mean direction, scaled like the draws: a mean of ratios would be ruled by draws that want hardly anything."""
    direction = (draws / np.maximum(np.abs(draws).max(-1, keepdims=True), 1e-9)).mean(0)
    top = direction.max() if direction.max() > 0 else np.abs(direction).max()
    return direction / max(float(top), 1e-9)


def _summary(draws: Float[Array | np.ndarray, "*draws"]) -> tuple[float, Interval]:
    tail = (1 - CONFIDENCE) / 2
    drawn = np.asarray(draws, np.float64)
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(drawn.mean()), Interval(float(low), float(high))
