"""Weights over features from choices among objects: a discrete-choice model (McFadden 1974), sampled by NUTS."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array, Bool, Float, PRNGKeyArray
from numpyro.diagnostics import effective_sample_size, split_gelman_rubin
from numpyro.infer.hmc import hmc
from numpyro.infer.util import initialize_model

from mesascope.core.errors import UsageError
from mesascope.core.statistics import CONFIDENCE, Estimate, Interval
from mesascope.instruments.choices import Choices

CHAINS, WARMUP, SAMPLES = 2, 400, 600

MIXED, ATTEMPTS = 1.05, 3
"""Chains whose split r-hat is not below the first are run anew, so many times at most; the best mixed ones are kept."""

SCALE = 8.0
"""Prior standard deviation of a weight, in units of the noise of choice."""

ABRUPT = 4.0
"""How abruptly an object stops being pursued as its value falls below nothing's."""

_FAR_BELOW = -3.0

_DEEPEST = 7
"""NUTS makes at most 2^depth steps for a draw."""

_OPTIMIZED = {"xla_backend_optimization_level": 3}
"""Small steps by the hundred thousand: optimized also where XLA is told to compile in a hurry, as in the tests."""


class Weight(NamedTuple):
    """Posterior mean and 95 % interval of one weight. Not `offered`: no object had it, and this is the prior."""

    mean: float
    interval: Interval
    offered: bool


class Diagnostics(NamedTuple):
    """Worst split r-hat and least effective sample size over the weights offered; divergences of all chains; how many
    times the chains were run until they mixed.
    """

    r_hat: float
    effective_sample_size: float
    divergences: int
    attempts: int = 1


class WeightPosterior(NamedTuple):
    """Weights over features, each draw scaled so that its largest positive weight is 1 (its largest, if none is).

    `inverse_temperature` is that scale: how many units of choice noise the most wanted feature is worth. `lapse` is the
    share of episodes that end as a blind walk ends. `draws` has every posterior draw, columns in the order of `weights`.
    """

    weights: dict[str, Weight]
    inverse_temperature: Estimate
    lapse: Estimate
    draws: Float[np.ndarray, "draw feature"]
    diagnostics: Diagnostics
    choices: int


def log_pursuit(value: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Log weight of pursuing something worth `value`, where touching nothing weighs 1.

    exp(value - 1) - 1 for values well above 1, the noise of choice, with a smooth bend there: an object worth nothing is
    as good as never pursued (0.4 %), so that being worth nothing and being worth less are not told apart.
    """
    value = value - 1.0
    near = jnp.maximum(value, _FAR_BELOW)  # farther down the bend is a straight line, and its logarithm underflows
    bent = jax.nn.softplus(ABRUPT * near) / ABRUPT
    return bent + jnp.log(-jnp.expm1(-bent)) + ABRUPT * (value - near)


class Offers(NamedTuple):
    """Choices as the likelihood reads them, choices last, so that everything runs over long rows; made once for all
    draws. `worth` is what one unit of a free weight adds to an object's value at its reach.
    """

    worth: Float[Array, "free object choice"]
    within: Bool[Array, "object choice"]
    touched: Float[Array, "end choice"]
    chance: Float[Array, "end choice"]
    counts: Bool[Array, " choice"]


def offers(choices: Choices, columns: Sequence[int] | np.ndarray) -> Offers:
    """What the choices offer by the free features in `columns`."""
    worth = choices.objects[..., np.array(columns)] * choices.reach[..., None]
    return Offers(worth.T, choices.reach.T > 0, choices.touched.T, choices.chance.T, choices.counts)


def log_likelihood(
    seen: Offers, weights: Float[Array, " free"], idle: Float[Array, ""], lapse: Float[Array, ""]
) -> Float[Array, " choice"]:
    """Log probability of how each episode ended.

    An object o at reach g^k with value v_o = phi_o . w is pursued in proportion to exp(g^k v_o - 1) - 1, nothing in
    proportion to 1. What is pursued is touched. Pursuing nothing is standing idle with probability `idle`, a blind walk
    otherwise; with probability `lapse` the whole episode is a blind walk.
    """
    value = jnp.zeros(seen.within.shape)
    for weight, worth in zip(weights, seen.worth, strict=True):
        value = value + weight * worth
    pursued = jnp.where(seen.within, log_pursuit(value), -jnp.inf)
    shares = jax.nn.softmax(jnp.concatenate([pursued, jnp.zeros_like(pursued[:1])]), axis=0)
    still = jnp.zeros((shares.shape[0], 1)).at[-1].set(1.0)
    aimless = idle * still + (1.0 - idle) * seen.chance
    ends = shares.at[-1].set(0.0) + shares[-1:] * aimless
    ends = (1.0 - lapse) * ends + lapse * seen.chance
    happened = (seen.touched * ends).sum(0)  # an episode ends in one way
    return jnp.where(seen.counts, jnp.log(happened.clip(1e-12)), 0.0)


def _model(seen: Offers) -> None:
    weights = numpyro.sample("weights", dist.Normal(0.0, 1.0).expand([len(seen.worth)]).to_event(1))
    idle = numpyro.sample("idle", dist.Beta(1.0, 1.0))
    lapse = numpyro.sample("lapse", dist.Beta(1.0, 20.0))
    numpyro.factor("choices", log_likelihood(seen, SCALE * weights, idle, lapse).sum())


def fit_choice_weights(
    choices: Choices, free: Sequence[str], features: Sequence[str], key: PRNGKeyArray
) -> WeightPosterior:
    """Posterior of the weights of the `free` features, by name, given the names of all feature columns.

    Weights have independent normal priors; only features some object within reach had are informed by the choices.
    Raises `UsageError` for a feature without a column and for no choices at all.
    """
    missing = [f for f in free if f not in features]
    if missing or len(features) != choices.objects.shape[-1]:
        raise UsageError(f"features {', '.join(free)} do not fit choices with columns {', '.join(features)}")
    if choices.number == 0:
        raise UsageError("there is no choice to learn from: no level had an admissible start")
    columns = tuple(list(features).index(f) for f in free)
    offered = np.asarray(choices.offered)[list(columns)]
    tries = []
    for attempt in range(ATTEMPTS):
        found, diverging = jax.device_get(_sample(choices, columns, jax.random.fold_in(key, attempt)))
        tries.append(_report(found, int(diverging.sum()), tuple(free), offered, choices.number))
        if tries[-1].diagnostics.r_hat < MIXED:
            break
    best = min(tries, key=lambda posterior: posterior.diagnostics.r_hat)
    return best._replace(diagnostics=best.diagnostics._replace(attempts=len(tries)))


@jax.jit(static_argnames=("columns",), compiler_options=_OPTIMIZED)
def _sample(choices: Choices, columns: tuple[int, ...], key: PRNGKeyArray):
    """Draws, leading axes chain and draw, and which of them diverged; compiled once for each shape."""
    start_key, chain_key = jax.random.split(key)
    info = initialize_model(start_key, _model, model_args=(offers(choices, columns),), validate_grad=False)
    init, step = hmc(info.potential_fn, algo="NUTS")

    def chain(key: PRNGKeyArray):
        begin_key, run_key = jax.random.split(key)
        start = jax.tree.map(lambda z: 0.3 * jax.random.normal(begin_key, z.shape), info.param_info.z)
        state = init(
            start,
            WARMUP,
            step_size=0.1,
            target_accept_prob=0.9,
            dense_mass=True,
            max_tree_depth=_DEEPEST,
            rng_key=run_key,
        )

        def draw(state, _):
            state = step(state)
            return state, (state.z, state.diverging)

        # One loop over warm-up and draws: the step knows which it is in, and is the most there is to compile.
        _, drawn = jax.lax.scan(draw, state, None, WARMUP + SAMPLES)
        z, diverging = jax.tree.map(lambda x: x[WARMUP:], drawn)
        return jax.vmap(info.postprocess_fn)(z), diverging

    return jax.lax.map(chain, jax.random.split(chain_key, CHAINS))


def _report(found, divergences: int, free, offered, number: int) -> WeightPosterior:
    raw = SCALE * np.asarray(found["weights"], np.float64)
    shown = np.where(offered, raw, -np.inf)
    most = shown.max(-1, keepdims=True)
    scale = np.where(most > 0, most, np.abs(np.where(offered, raw, 0.0)).max(-1, keepdims=True))
    scale = np.maximum(scale, 1e-9)
    scaled = raw / scale
    watched = [np.moveaxis(raw, -1, 0)[i] for i in range(raw.shape[-1]) if offered[i]] or [raw[..., 0]]
    return WeightPosterior(
        {name: Weight(*_summary(scaled[..., i]), bool(offered[i])) for i, name in enumerate(free)},
        Estimate(*_summary(scale[..., 0])),
        Estimate(*_summary(np.asarray(found["lapse"], np.float64))),
        scaled.reshape(-1, len(free)),
        Diagnostics(
            float(max(split_gelman_rubin(chain) for chain in watched)),
            float(min(effective_sample_size(chain) for chain in watched)),
            divergences,
        ),
        number,
    )


def _summary(draws: Float[np.ndarray, "chain draw"]) -> tuple[float, Interval]:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return float(draws.mean()), Interval(float(low), float(high))
