"""How the gap between two objectives grows with the strength of optimization."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.mdp import FiniteMDP, continuation, rewards
from mesascope.core.solver import DISCOUNT, Discount, solve_policy, uniform_policy
from mesascope.core.statistics import Estimate, statistic_of

STEPS = tuple(0.03 * 3.0**k for k in range(10))
"""Sizes of the updates, in units of an objective's own size on the levels at hand."""


class Strength(NamedTuple):
    """The inner gap along a path of optimization, as a share of what optimizing the base objective as hard has gained.

    `weakest` is the limit of no optimization at all: one less the cosine of the two objectives, 0 where they are the same
    up to scale and shaping. `gaps` are those after each update, `strengths` the sum of the sizes of updates so far.
    `amplified` is the last gap less the weakest.
    """

    weakest: Estimate
    strengths: tuple[float, ...]
    gaps: tuple[Estimate, ...]
    amplified: Estimate


def measure_strength(
    mdp: FiniteMDP, base: Float[np.ndarray, " feature"], mesa: Float[np.ndarray, " feature"], discount: float = DISCOUNT
) -> Strength:
    """Both objectives optimized from the uniform policy by the exact natural policy gradient in the same growing steps.

    An update adds size x advantage to the logits of every state (Agarwal et al. 2021, lemma 5.1), where advantages are in
    units of their root mean square under the uniform policy. To first order the return by the base objective then grows
    with the inner product of the two advantage functions, weighed by visits, which is what STARC distances with
    value-adjusted leveling compare (Skalse et al. 2023): hence `weakest`.
    """
    products, paths = _paths(mdp, jnp.asarray(base), jnp.asarray(mesa), discount)
    own, floor = np.asarray(paths, np.float64), np.asarray(paths[0, 0], np.float64)
    alike = np.asarray(products, np.float64)
    table = np.concatenate([alike, floor[:, None], own[0, 1:].T, own[1, 1:].T], 1)
    steps = len(STEPS)

    def gap(step: int):
        return lambda m: _over(m[:, 4 + step] - m[:, 4 + steps + step], m[:, 4 + step] - m[:, 3])

    def amplified(m: Float[np.ndarray, "resample column"]) -> Float[np.ndarray, " resample"]:
        return gap(steps - 1)(m) - _unlike(m)

    return Strength(
        statistic_of(table, _unlike),
        tuple(float(x) for x in np.cumsum(STEPS)),
        tuple(statistic_of(table, gap(step)) for step in range(steps)),
        statistic_of(table, amplified),
    )


def _unlike(means: Float[np.ndarray, "resample column"]) -> Float[np.ndarray, " resample"]:
    return 1.0 - _over(means[:, 1], np.sqrt(means[:, 0] * means[:, 2]))


def _over(
    value: Float[np.ndarray, " resample"], room: Float[np.ndarray, " resample"]
) -> Float[np.ndarray, " resample"]:
    return np.where(room > 1e-9, value / np.maximum(room, 1e-9), np.nan)


@jax.jit
def _paths(
    mdp: FiniteMDP, base: Float[Array, " feature"], mesa: Float[Array, " feature"], discount: Discount
) -> tuple[Float[Array, "level 3"], Float[Array, "2 step level"]]:
    """Inner products (bb, bm, mm) of advantages under the uniform policy; base returns along both paths, uniform first."""
    reward = jnp.stack([rewards(mdp, base), rewards(mdp, mesa)])

    def advantage(policy, own) -> tuple[Float[Array, "level state action"], Float[Array, "level state action"]]:
        values, visits = solve_policy(mdp, policy, own, discount)
        action = own + discount * continuation(mdp, values)
        return action - (policy * action).sum(-1, keepdims=True), visits[..., None] * policy

    # One objective after the other: solvers of small batches that run side by side can wait for each other's threads.
    uniform = uniform_policy(mdp)
    first, taken = jax.lax.map(lambda own: advantage(uniform, own), reward)
    pairs = ((0, 0), (0, 1), (1, 1))
    products = jnp.stack([(taken[0] * first[i] * first[j]).sum((1, 2)) for i, j in pairs], 1)
    sizes = jnp.sqrt(products[:, ::2].mean(0) / taken[0].sum((1, 2)).mean())

    def path(objective) -> Float[Array, "step level"]:
        own, size = objective

        def update(logits, step):
            found, taken = advantage(jax.nn.softmax(logits, axis=-1), own)
            return logits + step * found / jnp.maximum(size, 1e-9), (taken * reward[0]).sum((1, 2))

        logits, before = jax.lax.scan(update, jnp.zeros_like(own), jnp.asarray(STEPS))
        _, taken = advantage(jax.nn.softmax(logits, axis=-1), own)
        return jnp.concatenate([before, (taken * reward[0]).sum((1, 2))[None]])

    return products, jax.lax.map(path, (reward, sizes))
