"""Planning that stops after some steps: backward induction over a finite depth."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.core.mdp import FiniteMDP, continuation, rewards
from mesascope.core.solver import DISCOUNT, Discount


@partial(jax.jit, static_argnames="most")
def lookahead_values(
    mdp: FiniteMDP,
    weights: Float[Array, " feature"],
    depth: int | Array,
    discount: Discount = DISCOUNT,
    *,
    most: int = 64,
) -> Float[Array, "level state action"]:
    """Action values when only the next `depth` steps count (at most `most`): what lies beyond is worth nothing.

    Depth 1 sees the reward of the step itself; as the depth grows the values become the optimal ones (Bellman 1957).
    """
    reward = rewards(mdp, weights)

    def deeper(sweep, values):
        new = reward + discount * continuation(mdp, values.max(-1))
        return jnp.where(sweep < depth - 1, new, values)

    return jax.lax.fori_loop(0, most - 1, deeper, reward * (jnp.asarray(depth) > 0))
