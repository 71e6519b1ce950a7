"""How much of a state is more than the input in disguise: than a linear function of what is around, or any of what is there."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from mesascope.core.editing import Recording
from mesascope.core.subject import Observation
from mesascope.instruments.interventions.patches import is_map

WINDOW = 2
"""The input is seen within this many cells of each cell, in both directions."""

_RIDGE = 1e-3
_EXACT = 1e-9
_STILL = 1e-6
"""Variance, relative to the largest, below which a channel carries nothing."""


DECADES, NONE = 1.0, 1e-6
"""A channel is judged by its orders of magnitude as well where half of its cells lie so many apart; what is smaller than the
second number, in proportion to the largest, counts as zero."""


def nonlinear_shares(observation: Observation, states: Recording, tick: int) -> dict[str, float]:
    """For each site, 1 - R^2 of a linear map from a window of the input to the site in state `tick`, on levels that it was
    not fitted on. Sites without cells are left out.

    Fitted by ridge regression on one half of the levels and scored on the other, averaged over the channels that vary at
    all. Near zero a site is still the input in other coordinates, and an edit of it an edit of the input in disguise. A channel
    that spans orders of magnitude is nearly all in its few largest cells, which lie beside what is seen: there the logarithms of
    what is not zero are mapped too, and the larger share counts. What is large or small by what is seen near by has a logarithm
    that is known from it, and gains nothing.
    """
    maps = {site: values for site, values in states.items() if is_map(values, observation.shape[1:3])}
    missed, variance = (np.asarray(x) for x in jax.device_get(_unexplained(observation, maps, jnp.array(tick))))
    found, first = {}, 0
    for site in sorted(maps):
        own = slice(first, first + maps[site].shape[-1])
        first = own.stop
        moves = variance[own] > _STILL * variance[own].max(initial=0.0)
        share = np.clip(missed[own][moves] / variance[own][moves], 0.0, 1.0)
        orders = _shares_of_orders(observation, np.asarray(maps[site][tick])[..., moves])
        found[site] = float(np.maximum(share, orders.clip(0.0, 1.0)).mean()) if moves.any() else 0.0
    return found


def _shares_of_orders(
    observation: Observation, values: Float[np.ndarray, "level height width state_channel"]
) -> Float[np.ndarray, " state_channel"]:
    """What a window of the input leaves unexplained of the logarithm of each channel; 0 where it spans no orders of magnitude."""
    found = np.zeros(values.shape[-1])
    for channel in range(values.shape[-1]):
        size = np.abs(values[..., channel].astype(np.float64))
        least = NONE * size.max(initial=0.0)
        logs = np.log10(size, where=size > least, out=np.zeros_like(size))
        low, high = np.quantile(logs[size > least], [0.25, 0.75]) if (size > least).any() else (0.0, 0.0)
        if high - low >= DECADES:
            found[channel] = _unexplained_orders(observation, values[..., channel], logs, size > least, least)
    return found


def _unexplained_orders(
    observation: Observation, value: np.ndarray, logs: np.ndarray, there: np.ndarray, least: float
) -> float:
    """1 - R^2 of the better of two maps to a logarithm, on levels that neither was fitted on: a linear one, and the logarithm of
    a linear one to the number itself.
    """
    half = len(value) // 2
    seen = np.asarray(_windows(observation, WINDOW), np.float64)
    fit, test = there.copy(), there.copy()
    fit[half:], test[:half] = False, False
    if fit.sum() <= seen.shape[-1] or not test.any() or logs[test].var() == 0:
        return 0.0
    of_logs = seen[test] @ _ridge(seen[fit], logs[fit])
    size = np.abs(seen[test] @ _ridge(seen[:half].reshape(-1, seen.shape[-1]), value[:half].reshape(-1)))
    guesses = (of_logs, np.log10(np.maximum(size, least)))
    return float(min(np.square(logs[test] - guess).mean() / logs[test].var() for guess in guesses))


def _ridge(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Nearly without a penalty: what is a linear function is found to be one in its smallest numbers too."""
    return np.linalg.solve(x.T @ x + _EXACT * len(x) * np.eye(x.shape[1]), x.T @ y)


MOST_KINDS = 16
"""Different contents of a cell that are told apart."""


def beyond_own_token(observation: Observation, states: Recording, tick: int) -> dict[str, float]:
    """For each site, the share of its variance in state `tick` that is left among tokens with the same content at the same place.

    Zero where every token's numbers are a function of the token alone, however nonlinear, so that an edit there is an edit of the
    input. Averaged over the channels that vary at all, on levels with at least two tokens of a kind at a place.
    """
    kinds = _kinds(np.asarray(observation))
    found = {}
    for site in sorted(states):
        within, total = (np.asarray(x) for x in jax.device_get(_within(kinds, states[site], jnp.array(tick))))
        moves = total > _STILL * total.max(initial=0.0)
        found[site] = float(np.clip(within[moves] / total[moves], 0.0, 1.0).mean()) if moves.any() else 0.0
    return found


def _kinds(observation: np.ndarray) -> Int[np.ndarray, "level height width"]:
    """A number for what each cell holds; all but the most common contents are one kind, which is never compared."""
    cells = observation.reshape(-1, observation.shape[-1])
    _, number, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    rank = np.empty(len(counts), np.int32)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    return np.minimum(rank[number.reshape(-1)], MOST_KINDS).reshape(observation.shape[:3])


@jax.jit
def _within(
    kinds: Int[Array, "level height width"],
    states: Float[Array, "tick level height width channel"],
    tick: Int[Array, ""],
) -> tuple[Float[Array, " channel"], Float[Array, " channel"]]:
    """Variance of every channel among tokens of one kind at one place, and among all tokens, over the same tokens."""
    state = states[tick]
    within = total = jnp.zeros(state.shape[-1])
    count = jnp.array(0.0)
    mean = state.mean((0, 1, 2))
    for kind in range(MOST_KINDS):
        mine = (kinds == kind)[..., None]
        there = mine.sum(0, keepdims=True)
        counted = mine & (there > 1)
        own = jnp.where(mine, state, 0.0).sum(0, keepdims=True) / jnp.maximum(there, 1)
        # Two tokens differ by more than each from their mean.
        within += jnp.where(counted, jnp.square(state - own) * there / jnp.maximum(there - 1, 1), 0.0).sum((0, 1, 2))
        total += jnp.where(counted, jnp.square(state - mean), 0.0).sum((0, 1, 2))
        count += counted.sum()
    return within / jnp.maximum(count, 1.0), total / jnp.maximum(count, 1.0)


@jax.jit
def _unexplained(
    observation: Observation, states: Recording, tick: Int[Array, ""]
) -> tuple[Float[Array, " number"], Float[Array, " number"]]:
    """Mean squared error and variance of every channel, sites in alphabetical order; one program for all of them."""
    half = observation.shape[0] // 2
    inputs = _windows(observation, WINDOW)
    state = jnp.concatenate([states[site][tick] for site in sorted(states)], -1)
    fit_x, test_x = (x.reshape(-1, x.shape[-1]) for x in (inputs[:half], inputs[half : 2 * half]))
    fit_y, test_y = (y.reshape(-1, y.shape[-1]) for y in (state[:half], state[half : 2 * half]))
    gram = fit_x.T @ fit_x + _RIDGE * len(fit_x) * jnp.eye(fit_x.shape[1])
    weights = jnp.linalg.solve(gram, fit_x.T @ fit_y)
    return jnp.square(test_y - test_x @ weights).mean(0), test_y.var(0)


def _windows(observation: Observation, radius: int) -> Float[Array, "level height width seen"]:
    """Everything within `radius` of each cell, and a constant; beyond the border there is nothing, marked as such."""
    levels, height, width, _ = observation.shape
    inside = jnp.ones((levels, height, width, 1))
    padded = jnp.pad(jnp.concatenate([observation, inside], -1), ((0, 0), (radius, radius), (radius, radius), (0, 0)))
    side = range(2 * radius + 1)
    return jnp.concatenate([*(padded[:, r : r + height, c : c + width] for r in side for c in side), inside], -1)
