"""Weights halfway between a trained linear network and one that was built to take descent's steps."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.statistics import Estimate, mean_of
from mesascope.experiments.regression.contexts import INPUTS, Contexts
from mesascope.experiments.regression.networks import Transformer

SHARES = tuple(i / 10 for i in range(11))


class Between(NamedTuple):
    """Query loss at a share of the way from the trained to the built weights."""

    share: float
    loss: Estimate


def interpolate(trained: Transformer, built: Transformer, contexts: Contexts) -> list[Between]:
    """Straight line between the weights. A layer's score and value can be scaled against each other without any change:
    both networks are first scaled so that the mean of the score's diagonal over inputs is 1 (von Oswald et al.
    2212.07677, figure 2).
    """
    ends = _scaled(trained), _scaled(built)
    errors = np.asarray(_errors(ends[0], ends[1], contexts, jnp.array(SHARES)), np.float64)
    return [Between(share, mean_of(row)) for share, row in zip(SHARES, errors, strict=True)]


@eqx.filter_jit
def _errors(
    trained: Transformer, built: Transformer, contexts: Contexts, shares: Float[Array, " share"]
) -> Float[Array, "share level"]:
    def at(share: Array) -> Array:
        net = jax.tree.map(lambda a, b: (1 - share) * a + share * b, trained, built)
        return (net(contexts) - contexts.right) ** 2

    return jax.lax.map(at, shares)


def _scaled(net: Transformer) -> Transformer:
    blocks = []
    for block in net.blocks:
        size = jnp.diagonal(block.score, axis1=1, axis2=2)[:, :INPUTS].mean()
        blocks.append(eqx.tree_at(lambda b: (b.score, b.value), block, (block.score / size, block.value * size)))
    return eqx.tree_at(lambda n: n.blocks, net, tuple(blocks))
