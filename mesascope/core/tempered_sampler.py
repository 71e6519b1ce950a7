"""Draws from a posterior by tempering from its prior: sequential Monte Carlo (Del Moral et al. 2006), with BlackJAX."""

from collections.abc import Callable
from typing import NamedTuple

import blackjax
import jax
import jax.numpy as jnp
import numpy as np
from blackjax.diagnostics import effective_sample_size, potential_scale_reduction
from blackjax.mcmc import random_walk
from blackjax.smc import resampling
from jaxtyping import Array, Float, Int, PRNGKeyArray

POPULATIONS, PARTICLES = 4, 64
"""Populations are tempered apart from each other, so that what they disagree about is seen."""

MOVES, SNAPSHOTS, BETWEEN = 6, 16, 16
"""Moves of every particle in a stage of tempering; then draws taken of each particle at the posterior, and moves between two."""

_MOST_STAGES = 80
_KEPT = 0.5
"""Share of the particles that a stage keeps in effect: how far one stage goes."""

_STEP = 1.5
"""Standard deviation of a move, in units of the particles' own, over the root of the number of coordinates. Below the 2.4
that suits a normal posterior (Roberts et al. 1997): those here have edges.
"""
_AT_ONCE = 32
"""Particles moved together, so that what they read stays in the processor's cache."""


class Draws(NamedTuple):
    """Draws of every particle of every population, and the last tempering exponent of each: 1 where it reached the posterior."""

    position: Float[Array, "population particle draw coordinate"]
    reached: Float[Array, " population"]


def sample_tempered(
    log_likelihood: Callable[[Float[Array, " coordinate"]], Float[Array, ""]],
    coordinates: int,
    key: PRNGKeyArray,
    *,
    between: int | Int[Array, ""] = BETWEEN,
) -> Draws:
    """Temper particles from a standard normal prior to the posterior and walk on there; to be called in compiled code.

    Random-walk moves whose covariance is that of the particles, resampled systematically. They need no gradient, and a
    likelihood with edges (an agent that never errs) is sampled as one without.

    Args:
        log_likelihood: Log likelihood of one point.
        coordinates: Number of coordinates, each standard normal in the prior.
        key: Random key.
        between: Moves between two draws of a particle.

    Returns:
        The draws, all of one weight.
    """

    def log_prior(position: Float[Array, " coordinate"]) -> Float[Array, ""]:
        return -0.5 * (position**2).sum()

    kernel = random_walk.build_additive_step()

    def move(key: PRNGKeyArray, state, log_density, factor: Float[Array, "coordinate coordinate"]):
        return kernel(key, state, log_density, lambda key, _: factor @ jax.random.normal(key, (coordinates,)))

    def factor_of(particles: Float[Array, "particle coordinate"]) -> Float[Array, "coordinate coordinate"]:
        spread = jnp.cov(particles, rowvar=False).reshape(coordinates, coordinates) + 1e-6 * jnp.eye(coordinates)
        return _STEP / coordinates**0.5 * jnp.linalg.cholesky(spread)

    sampler = blackjax.inner_kernel_tuning(
        smc_algorithm=blackjax.adaptive_tempered_smc,
        logprior_fn=log_prior,
        loglikelihood_fn=log_likelihood,
        mcmc_step_fn=move,
        mcmc_init_fn=random_walk.init,
        resampling_fn=resampling.systematic,
        mcmc_parameter_update_fn=lambda key, state, info: {"factor": factor_of(state.particles)[None]},
        initial_parameter_value={"factor": jnp.eye(coordinates)[None]},
        target_ess=_KEPT,
        num_mcmc_steps=MOVES,
        batch_size=_AT_ONCE,
    )

    def temper(key: PRNGKeyArray) -> tuple[Array, Array]:
        first = jax.random.normal(key, (PARTICLES, coordinates))
        state = sampler.init(first)._replace(parameter_override={"factor": factor_of(first)[None]})

        # A stage moves at the exponent that it finds and ends by weighing for the next. The one after the last weighs
        # for none, resamples, and moves at the posterior.
        def under_way(carry):
            stage, there, _ = carry
            return ~there & (stage < _MOST_STAGES)

        def advance(carry):
            stage, _, state = carry
            there = state.sampler_state.tempering_param >= 1.0
            state, _ = sampler.step(jax.random.fold_in(key, stage), state)
            return stage + 1, there, state

        _, _, state = jax.lax.while_loop(under_way, advance, (0, jnp.array(False), state))
        return state.sampler_state.particles, state.sampler_state.tempering_param

    start_key, walk_key = jax.random.split(key)
    started, reached = jax.lax.map(temper, jax.random.split(start_key, POPULATIONS))
    factor = factor_of(started.reshape(-1, coordinates))

    def log_posterior(position: Float[Array, " coordinate"]) -> Float[Array, ""]:
        return log_prior(position) + log_likelihood(position)

    def walk(carry: tuple[PRNGKeyArray, Array]) -> Float[Array, "draw coordinate"]:
        key, position = carry

        def draw(state, key):
            def on(index, state):
                return move(jax.random.fold_in(key, index), state, log_posterior, factor)[0]

            state = jax.lax.fori_loop(0, between, on, state)
            return state, state.position

        begun = random_walk.init(position, log_posterior)
        return jax.lax.scan(draw, begun, jax.random.split(key, SNAPSHOTS))[1]

    keys = jax.random.split(walk_key, POPULATIONS * PARTICLES)
    drawn = jax.lax.map(walk, (keys, started.reshape(-1, coordinates)), batch_size=_AT_ONCE)
    return Draws(drawn.reshape(POPULATIONS, PARTICLES, SNAPSHOTS, coordinates), reached)


class Mixing(NamedTuple):
    """Worst potential scale reduction (Gelman and Rubin 1992) between populations, and least number of effective draws."""

    r_hat: float
    effective_sample_size: float


def mixing(drawn: Float[np.ndarray, "population particle draw quantity"]) -> Mixing:
    """How far populations agree, and how many independent draws all particles' walks are worth, by quantity.

    A quantity that never moves is left out: 1 and all draws where none is left.
    """
    populations, particles, draws, quantities = drawn.shape
    r_hat, effective = 1.0, float(populations * particles * draws)
    for index in range(quantities):
        column = drawn[..., index]
        if np.ptp(column) > 0:
            r_hat = max(r_hat, float(potential_scale_reduction(column.reshape(populations, -1))))
            effective = min(effective, float(effective_sample_size(column.reshape(-1, draws))))
    return Mixing(r_hat, effective)
