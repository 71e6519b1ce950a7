"""Draws from a posterior by tempering from its prior: sequential Monte Carlo (Del Moral, Doucet and Jasra 2006).

How far a stage goes, resampling and diagnostics are BlackJAX's. The loop is our own: one likelihood of every particle a move and
no other, where BlackJAX's reckons it again to weigh, to temper and to begin a stage, and compiles it each time (measured
in docs/performance.md).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from blackjax.diagnostics import effective_sample_size, potential_scale_reduction
from blackjax.smc.ess import ess_solver
from blackjax.smc.resampling import systematic
from blackjax.smc.solver import dichotomy
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

POPULATIONS, PARTICLES = 4, 128
"""Populations are tempered apart from each other, so that what they disagree about is seen."""

MOVES, SNAPSHOTS, BETWEEN = 6, 16, 10
"""Moves of every particle in a stage of tempering; then draws taken of each particle at the posterior, and moves between two."""

_KEPT, _MOST_STAGES = 0.5, 80
"""Share of the particles that a stage keeps in effect: how far one stage goes. After so many stages it is given up and said."""

_STEP = 1.5
"""Standard deviation of a move, in units of the particles' own, over the root of the number of coordinates. Below the 2.4
that suits a normal posterior (Roberts et al. 1997): those here have edges.
"""
_AT_ONCE = 32
"""Particles whose likelihood is reckoned together, so that what it reads stays in the processor's cache."""


class Draws(NamedTuple):
    """Draws of every particle of every population, all of one weight; zeros where the posterior was not reached."""

    position: Float[Array, "population particle draw coordinate"]
    reached: Bool[Array, ""]


class _Walk(NamedTuple):
    position: Float[Array, "population particle coordinate"]
    log_likelihood: Float[Array, "population particle"]
    exponent: Float[Array, " population"]
    factor: Float[Array, "population coordinate coordinate"]
    moves: Int[Array, ""]
    """All moves so far."""
    arrived: Int[Array, ""]
    """Moves made since every population has reached the posterior."""
    drawn: Float[Array, "draw population particle coordinate"]


def sample_tempered(
    log_likelihood: Callable[[Float[Array, " coordinate"]], Float[Array, ""]],
    coordinates: int,
    key: PRNGKeyArray,
) -> Draws:
    """Temper particles from a standard normal prior to the posterior and walk on there; to be called in compiled code.

    Random-walk moves whose covariance is that of the particles, resampled systematically. They need no gradient, and a
    likelihood with edges (an agent that never errs) is sampled as one without.

    Args:
        log_likelihood: Log likelihood of one point.
        coordinates: Number of coordinates, each standard normal in the prior.
        key: Random key.

    Returns:
        The draws, and whether the posterior was reached.
    """
    shape = (POPULATIONS, PARTICLES)

    def move(walk: _Walk) -> _Walk:
        step_key, accept_key, temper_key = jax.random.split(jax.random.fold_in(key, walk.moves), 3)
        noise = jax.random.normal(step_key, (*shape, coordinates))
        proposed = walk.position + jnp.einsum("pij,pnj->pni", walk.factor, noise)
        flat = proposed.reshape(-1, coordinates)
        found = jax.lax.map(log_likelihood, flat, batch_size=_AT_ONCE).reshape(shape)
        gain = walk.exponent[:, None] * (found - walk.log_likelihood)
        gain += 0.5 * ((walk.position**2).sum(-1) - (proposed**2).sum(-1))
        # The first move is from the origin by the prior's own spread: all particles are draws of the prior after it.
        taken = (jnp.log(jax.random.uniform(accept_key, shape)) < gain) | (walk.moves == 0)
        moved = walk._replace(
            position=jnp.where(taken[..., None], proposed, walk.position),
            log_likelihood=jnp.where(taken, found, walk.log_likelihood),
            moves=walk.moves + 1,
        )
        there = (walk.exponent >= 1.0).all()
        ends = ~there & (moved.moves % MOVES == 1)
        moved = jax.lax.cond(ends, lambda walk: _tempered(walk, temper_key), lambda walk: walk, moved)
        arrived = jnp.where(there, walk.arrived + 1, 0)
        index = jnp.where(arrived % BETWEEN == 0, arrived // BETWEEN, 0) - 1
        recorded = jnp.where(jnp.arange(SNAPSHOTS)[:, None, None, None] == index, moved.position, walk.drawn)
        return moved._replace(arrived=arrived, drawn=recorded)

    def under_way(walk: _Walk) -> Bool[Array, ""]:
        gives_up = (walk.arrived == 0) & (walk.moves > _MOST_STAGES * MOVES)
        return (walk.arrived < SNAPSHOTS * BETWEEN) & ~gives_up

    first = _Walk(
        jnp.zeros((*shape, coordinates)),
        jnp.zeros(shape),
        jnp.zeros(POPULATIONS),
        jnp.tile(jnp.eye(coordinates), (POPULATIONS, 1, 1)),
        jnp.array(0),
        jnp.array(0),
        jnp.zeros((SNAPSHOTS, *shape, coordinates)),
    )
    last = jax.lax.while_loop(under_way, move, first)
    return Draws(last.drawn.transpose(1, 2, 0, 3), last.arrived > 0)


def _tempered(walk: _Walk, key: PRNGKeyArray) -> _Walk:
    """Each population that is not there yet weighed on as far as its particles allow, and resampled."""

    def on(key: PRNGKeyArray, position, log_likelihood, exponent):
        further = ess_solver(lambda found: found, log_likelihood, _KEPT, 1.0 - exponent, dichotomy).clip(0.0)
        kept = systematic(key, jax.nn.softmax(further * log_likelihood), PARTICLES)
        # What is a hair below 1 would be tempered once more.
        after = jnp.where(exponent + further > 1.0 - 1e-5, 1.0, exponent + further)
        there = exponent >= 1.0
        return (
            jnp.where(there, position, position[kept]),
            jnp.where(there, log_likelihood, log_likelihood[kept]),
            jnp.where(there, exponent, after),
        )

    keys = jax.random.split(key, POPULATIONS)
    position, log_likelihood, exponent = jax.vmap(on)(keys, walk.position, walk.log_likelihood, walk.exponent)
    # Where all have arrived they share one spread, which is that of more particles.
    own = jax.vmap(_spread)(position)
    everyone = _spread(position.reshape(-1, position.shape[-1]))
    spread = jnp.where((exponent >= 1.0).all(), everyone, own)
    coordinates = position.shape[-1]
    factor = _STEP / coordinates**0.5 * jnp.linalg.cholesky(spread + 1e-6 * jnp.eye(coordinates))
    return walk._replace(position=position, log_likelihood=log_likelihood, exponent=exponent, factor=factor)


def _spread(particles: Float[Array, "particle coordinate"]) -> Float[Array, "coordinate coordinate"]:
    centered = particles - particles.mean(0)
    return centered.T @ centered / (len(particles) - 1)


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
