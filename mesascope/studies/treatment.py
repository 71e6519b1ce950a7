"""What is done to a trained agent before it is looked at: weights rounded, small weights removed."""

from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.core.options import Config, Option
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.search.capacity import rounded

OPTIONS = {
    "bits": Option(0, 0, 16, "bits that every large array of weights is rounded to, 0 for as they are"),
    "prune": Option(0.0, 0.0, 1.0, "share of all weights, the smallest first, that are set to zero"),
}

Agent = TypeVar("Agent", bound=AbstractSubject)


def treated(agent: Agent, options: Config) -> Agent:
    """The agent after pruning, then rounding. Options that say nothing leave every bit as it is."""
    if options["prune"] > 0:
        agent = pruned(agent, float(options["prune"]))
    if options["bits"] > 0:
        agent = rounded(agent, 2 ** int(options["bits"]))
    return agent


def pruned(agent: Agent, share: float) -> Agent:
    """The agent without the smallest weights: `share` of all numbers in its weight matrices, wherever they are.

    Vectors (biases) are spared: they are few, and zero means something else for them.
    """
    sizes = [jnp.abs(leaf).ravel() for leaf in jax.tree.leaves(agent) if _is_matrix(leaf)]
    if not sizes:
        return agent
    together = jnp.sort(jnp.concatenate(sizes))
    count = round(share * together.size)
    least = together[count] if count < together.size else jnp.inf

    def cut(leaf: Float[Array, "*any"]) -> Float[Array, "*any"]:
        return jnp.where(jnp.abs(leaf) < least, 0.0, leaf)

    return jax.tree.map(lambda leaf: cut(leaf) if _is_matrix(leaf) else leaf, agent)


def _is_matrix(leaf: Any) -> bool:
    return bool(eqx.is_inexact_array(leaf)) and leaf.ndim >= 2
