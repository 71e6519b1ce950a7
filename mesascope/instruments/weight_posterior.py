"""Continuous weights over features, inverse temperature and lapse rate of a subject's choices, sampled by NUTS."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray
from numpyro.diagnostics import effective_sample_size, split_gelman_rubin
from numpyro.infer.hmc import hmc

from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.core.statistics import CONFIDENCE, Estimate, Interval
from mesascope.instruments.annealing import Density, anneal
from mesascope.instruments.evidence import Evidence, thin

CHAINS, WARMUP, SAMPLES = 4, 150, 200

TYPICAL_SHARPNESS, SHARPNESS_SPREAD = 50.0, 1.0
"""Median, and standard deviation of the logarithm, of the inverse temperature of weights of norm 1: a log-normal."""

LAPSE_RARITY = 20.0
"""The lapse rate is Beta(1, `LAPSE_RARITY`): 5 % expected."""

MOST_CHOICES = 2048
"""Choices beyond this many are left out, whole levels at a time: more would sharpen little and cost in proportion."""

_POPULATION = 320
"""Points that the chains' starts are drawn from."""
_LEAST_VALUE, _LEAST_VARIANCE = 1e-3, 1e-6
_SHELL = 0.2
"""Standard deviation of the logarithm of the weights' norm, which no choice depends on."""
_TINY = 1e-12
_DEEPEST = 6
"""NUTS makes at most 2^depth steps for a sample."""


class Weight(NamedTuple):
    """Posterior mean and 95 % interval of one weight. Not `offered`: nothing is known, and this is the prior."""

    mean: float
    interval: Interval
    offered: bool


class Diagnostics(NamedTuple):
    """Worst split r-hat and least effective sample size over what was sampled; divergences of all chains."""

    r_hat: float
    effective_sample_size: float
    divergences: int


class WeightPosterior(NamedTuple):
    """Weights over features, each draw scaled so that the largest of the offered ones is 1 in magnitude.

    Choices fix weights only up to a factor that the inverse temperature takes up; it is reported for weights of that
    scale. `draws` has every posterior draw, rows in no order that matters, columns in the order of `weights`.
    """

    weights: dict[str, Weight]
    inverse_temperature: Estimate
    lapse: Estimate
    draws: Float[np.ndarray, "draw feature"]
    diagnostics: Diagnostics
    choices: int
    levels: int


class _Data(NamedTuple):
    """Evidence with rows last, where a processor wants them."""

    action: Float[Array, "action row"]
    counts: Bool[Array, " row"]
    ends: Bool[Array, "action row"]
    reach: Float[Array, "object action row"]
    objects: Float[Array, "object feature row"]
    offered: Float[Array, " feature"]


class _Parameters(NamedTuple):
    """What is sampled, free of constraints: in this order in one vector."""

    weights: Float[Array, " feature"]
    log_spread: Float[Array, ""]
    """Logarithm of the inverse temperature times the typical value: choices fix this well, the two apart less so."""
    logit_lapse: Float[Array, ""]


def _named(vector: Float[Array, "... parameter"]) -> _Parameters:
    return _Parameters(vector[..., :-2], vector[..., -2], vector[..., -1])


def fit_weights(
    evidence: Evidence,
    features: Sequence[str],
    key: PRNGKeyArray,
    *,
    all_features: Sequence[str] | None = None,
    warmup: int = WARMUP,
    samples: int = SAMPLES,
) -> WeightPosterior:
    """Posterior of the weights that explain the choices in `evidence`.

    A choice follows (1 - e) softmax(b Q*_w) + e / |A| with Q*_w the optimal action values of the weights w
    (Ramachandran and Amir 2007). Directions of the weights are uniform, as those of independent normals; b, for weights
    of norm 1, is log-normal; e is Beta(1, 20). `features` names what is weighed, none a combination of others (a
    world's `independent_features`); `all_features` names the columns of `evidence.objects` where those are more.
    Chains of the No-U-Turn sampler (Hoffman and Gelman 2014) start at points of a population annealed from the prior,
    so that several modes are visited about as often as they deserve.

    Raises `UsageError` for a feature that the evidence has no column for, and for evidence without any choice.
    """
    names = tuple(features if all_features is None else all_features)
    missing = [f for f in features if f not in names]
    if missing or len(names) != evidence.objects.shape[-1]:
        raise UsageError(
            f"features {', '.join(features)} do not fit evidence with {evidence.objects.shape[-1]} feature columns; "
            "pass all_features, the names of its columns in order"
        )
    if evidence.choices == 0:
        raise UsageError("the evidence holds no choice: nothing was visited that is allowed and not an end")
    evidence = thin(evidence, MOST_CHOICES, named_key(key, "thin"))
    columns = np.array([names.index(f) for f in features])
    offered = evidence.offered[columns]
    data = _lay_out(evidence, jnp.asarray(columns), jnp.asarray(offered, jnp.float32))
    draws, log_sharpness, diverging = _sample(data, key, warmup, samples)
    return _report(_named(draws), np.asarray(log_sharpness), int(diverging.sum()), tuple(features), offered, evidence)


@jax.jit
def _lay_out(evidence: Evidence, columns, offered) -> _Data:
    actions = evidence.reach.shape[-1]
    return _Data(
        jax.nn.one_hot(evidence.action, actions).T,
        evidence.counts,
        evidence.enters.any(1).T,
        evidence.reach.transpose(1, 2, 0),
        evidence.objects[..., columns].transpose(1, 2, 0),
        offered,
    )


def _values(data: _Data, weights: Float[Array, " feature"]) -> Float[Array, "action row"]:
    """Optimal action values for weights of norm 1 in the direction of the offered ones."""
    used = weights * data.offered
    direction = used / jnp.sqrt((used**2).sum() + _TINY)
    worth = (data.objects * direction[:, None]).sum(1)
    each = worth[:, None] * data.reach
    # As `first_touch.action_values`: an action that enters an object reaches that one only.
    return jnp.where(data.ends, each.sum(0), jnp.maximum(each.max(0), 0.0))


def _log_sharpness(data: _Data, at: _Parameters, values: Float[Array, "action row"]) -> Float[Array, ""]:
    """Logarithm of the inverse temperature of weights of norm 1."""
    typical = jnp.where(data.counts, jnp.abs(values), 0.0).sum() / (data.counts.sum() * len(values))
    return at.log_spread - jnp.log(typical + _LEAST_VALUE)


def _log_likelihood(
    data: _Data, at: _Parameters, values: Float[Array, "action row"], log_sharpness: Float[Array, ""]
) -> Float[Array, ""]:
    logits = jnp.exp(log_sharpness) * values
    chosen = (logits * data.action).sum(0) - jax.nn.logsumexp(logits, axis=0)
    lapse = jax.nn.sigmoid(at.logit_lapse)
    mixed = jnp.logaddexp(jnp.log1p(-lapse) + chosen, jnp.log(lapse / data.action.shape[0]))
    return jnp.where(data.counts, mixed, 0.0).sum()


def _log_prior(at: _Parameters, offered: Float[Array, " feature"], log_sharpness: Float[Array, ""]) -> Float[Array, ""]:
    """Up to a constant, unconstrained. The spread is a shift of the sharpness: there is no volume to account for."""
    sharpness = (log_sharpness - math.log(TYPICAL_SHARPNESS)) / SHARPNESS_SPREAD
    # Beta(1, k) in the lapse, times the derivative of the sigmoid.
    lapse = LAPSE_RARITY * jax.nn.log_sigmoid(-at.logit_lapse) + jax.nn.log_sigmoid(at.logit_lapse)
    norm = jnp.sqrt((at.weights**2 * offered).sum() + _TINY)
    # Uniform over directions, as independent normals are, but in a shell: with the norm left free, choices would pin
    # the weights the more tightly, the smaller they are, and no step of the sampler would fit everywhere.
    shell = 0.5 * (jnp.log(norm) / _SHELL) ** 2 + (offered.sum() - 1) * jnp.log(norm)
    elsewhere = 0.5 * (at.weights**2 * (1 - offered)).sum()
    return lapse - shell - elsewhere - 0.5 * sharpness**2


class _Densities(NamedTuple):
    """Logarithms of prior and likelihood at a vector of parameters, and of its inverse temperature."""

    prior: Density
    likelihood: Density
    sharpness: Density


def _densities(data: _Data) -> _Densities:
    def parts(vector: Float[Array, " parameter"]):
        at = _named(vector)
        values = _values(data, at.weights)
        return at, values, _log_sharpness(data, at, values)

    def prior(vector):
        at, _, sharpness = parts(vector)
        return _log_prior(at, data.offered, sharpness)

    def likelihood(vector):
        return _log_likelihood(data, *parts(vector))

    return _Densities(prior, likelihood, lambda vector: parts(vector)[2])


def _prior_draws(data: _Data, key: PRNGKeyArray) -> Float[Array, "draw parameter"]:
    """Directions, sharpness and lapse about as the prior has them."""
    drawn = jax.random.normal(named_key(key, "normal"), (_POPULATION, len(data.offered) + 2))
    weights = drawn[:, :-2]
    norm = jnp.sqrt((weights**2 * data.offered).sum(-1, keepdims=True) + _TINY)
    weights = jnp.where(data.offered > 0, weights / norm * jnp.exp(_SHELL * drawn[:, -2:-1]), weights)
    wanted = math.log(TYPICAL_SHARPNESS) + SHARPNESS_SPREAD * drawn[:, -1]
    lapse = 1 - jax.random.uniform(named_key(key, "lapse"), (_POPULATION,), minval=1e-4) ** (1 / LAPSE_RARITY)
    logit = jnp.log(lapse + _TINY) - jnp.log1p(-lapse)
    start = jnp.concatenate([weights, jnp.zeros((_POPULATION, 1)), logit[:, None]], 1)
    at_zero = jax.lax.map(_densities(data).sharpness, start, batch_size=16)
    return start.at[:, -2].set(wanted - at_zero)


@jax.jit(static_argnames=("warmup", "samples"))
def _sample(data: _Data, key: PRNGKeyArray, warmup: int, samples: int):
    """Draws and their log sharpness, leading axes chain and draw, and which diverged; compiled once for each shape.

    Chains run one after the other: side by side, each would wait for the longest trajectory of all.
    """
    density = _densities(data)
    init, step = hmc(lambda vector: -density.prior(vector) - density.likelihood(vector), algo="NUTS")

    begin = _prior_draws(data, named_key(key, "prior"))
    population = anneal(density.prior, density.likelihood, begin, named_key(key, "anneal"))
    starts = jax.random.choice(named_key(key, "starts"), population, (CHAINS,), replace=False)

    def chain(begin):
        start, key = begin
        state = init(
            start,
            warmup,
            step_size=0.1,
            dense_mass=True,
            inverse_mass_matrix=jnp.cov(population.T) + _LEAST_VARIANCE * jnp.eye(population.shape[1]),
            max_tree_depth=_DEEPEST,
            rng_key=key,
        )

        def draw(state, _):
            state = step(state)
            return state, (state.z, state.diverging)

        return jax.tree.map(lambda x: x[warmup:], jax.lax.scan(draw, state, None, warmup + samples)[1])

    draws, diverging = jax.lax.map(chain, (starts, jax.random.split(named_key(key, "chains"), CHAINS)))
    flat = draws.reshape(-1, draws.shape[-1])
    sharpness = jax.lax.map(density.sharpness, flat, batch_size=16).reshape(draws.shape[:2])
    return draws, sharpness, diverging


def _report(
    found: _Parameters,
    log_sharpness: Float[np.ndarray, "chain draw"],
    divergences: int,
    features: tuple[str, ...],
    offered: Bool[np.ndarray, " feature"],
    evidence: Evidence,
) -> WeightPosterior:
    raw = np.asarray(found.weights, np.float64)
    used = np.where(offered, raw, 0.0)
    largest = np.maximum(np.abs(used).max(-1, keepdims=True), 1e-12)
    scaled = np.where(offered, raw / largest, raw)
    norm = np.linalg.norm(used, axis=-1)
    sharpness = np.exp(log_sharpness.astype(np.float64)) * largest[..., 0] / norm
    lapse = 1 / (1 + np.exp(-np.asarray(found.logit_lapse, np.float64)))
    watched = [*np.moveaxis(scaled[..., offered], -1, 0), np.log(sharpness), np.asarray(found.logit_lapse, np.float64)]
    # A weight that is the largest in every draw is 1 throughout: there is nothing to mix.
    watched = [chain for chain in watched if chain.std() > 1e-9]
    weights = {name: Weight(*_summary(scaled[..., i]), bool(offered[i])) for i, name in enumerate(features)}
    return WeightPosterior(
        weights,
        Estimate(*_summary(sharpness)),
        Estimate(*_summary(lapse)),
        scaled.reshape(-1, len(features)),
        Diagnostics(
            float(max(split_gelman_rubin(chain) for chain in watched)),
            float(min(effective_sample_size(chain) for chain in watched)),
            divergences,
        ),
        evidence.choices,
        evidence.levels,
    )


def _summary(draws: Float[np.ndarray, "chain draw"]) -> tuple[float, Interval]:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return float(draws.mean()), Interval(float(low), float(high))
