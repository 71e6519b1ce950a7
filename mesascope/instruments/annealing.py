"""A population of points that follows a prior as it turns, by steps, into a posterior."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from mesascope.core.rng import named_key

_STAGES, _POWER, _MOVES = 20, 4, 4
_AT_ONCE = 16
"""Points evaluated together: few enough that their intermediate results stay in the processor's cache."""
_LEAST_VARIANCE = 1e-6

Density = Callable[[Float[Array, " parameter"]], Float[Array, ""]]


def anneal(
    log_prior: Density, log_likelihood: Density, prior_draws: Float[Array, "point parameter"], key: PRNGKeyArray
) -> Float[Array, "point parameter"]:
    """Carry prior draws to the posterior through powers of the likelihood (Del Moral et al. 2006).

    At each power the points are resampled by what it adds and moved by a few random-walk Metropolis steps, scaled to
    the population's own covariance. Unlike a climb from one point it ends among several modes in proportion to their
    mass, roughly; a good place for chains to begin, not a sample to report.
    """

    def everywhere(points: Float[Array, "point parameter"]) -> tuple[Float[Array, " point"], Float[Array, " point"]]:
        return jax.lax.map(lambda p: (log_prior(p), log_likelihood(p)), points, batch_size=_AT_ONCE)

    def stage(carry, now):
        points, prior, likelihood, before = carry
        power, key = now
        kept = _resample(named_key(key, "resample"), (power - before) * likelihood)
        points, prior, likelihood = points[kept], prior[kept], likelihood[kept]
        parameters = points.shape[1]
        spread = jnp.cov(points.T) * (2.38**2 / parameters) + _LEAST_VARIANCE * jnp.eye(parameters)
        root = jnp.linalg.cholesky(spread)

        def move(carry, now):
            points, prior, likelihood = carry
            key, share = now
            ahead = points + share * jax.random.normal(named_key(key, "step"), points.shape) @ root.T
            new_prior, new_likelihood = everywhere(ahead)
            gain = new_prior - prior + power * (new_likelihood - likelihood)
            go = jnp.log(jax.random.uniform(named_key(key, "accept"), gain.shape)) < gain
            chosen = (jnp.where(go[:, None], ahead, points), jnp.where(go, new_prior, prior))
            return (*chosen, jnp.where(go, new_likelihood, likelihood)), None

        keys = jax.random.split(named_key(key, "moves"), _MOVES)
        # Long and short steps in turn: the long ones cross between modes, the short ones are accepted in narrow ones.
        shares = jnp.geomspace(1.0, 0.1, _MOVES)
        (points, prior, likelihood), _ = jax.lax.scan(move, (points, prior, likelihood), (keys, shares))
        return (points, prior, likelihood, power), None

    powers = jnp.linspace(0.0, 1.0, _STAGES + 1)[1:] ** _POWER
    begin = (prior_draws, *everywhere(prior_draws), jnp.array(0.0))
    keys = jax.random.split(key, _STAGES)
    return jax.lax.scan(stage, begin, (powers, keys))[0][0]


def _resample(key: PRNGKeyArray, log_weight: Float[Array, " point"]):
    """Systematic resampling: one uniform for all, so that numbers of copies stray from the weights by less than one."""
    upto = jnp.cumsum(jax.nn.softmax(log_weight))
    count = len(log_weight)
    comb = (jnp.arange(count) + jax.random.uniform(key)) / count
    return jnp.searchsorted(upto / upto[-1], comb).clip(0, count - 1)
