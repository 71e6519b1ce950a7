"""Training: Adam on the query loss, one network or several at once."""

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, PRNGKeyArray

from mesascope.base_optimizers.descent import clipped_adam
from mesascope.core.rng import named_key
from mesascope.experiments.regression.contexts import PLAIN, Look, draw
from mesascope.experiments.regression.networks import Transformer, fresh


class Recipe(eqx.Module):
    """All that a training depends on but its seed and its tasks."""

    attention: str = eqx.field(static=True)
    layers: int = eqx.field(static=True)
    width: int = eqx.field(static=True)
    heads: int = eqx.field(static=True)
    updates: int = eqx.field(static=True)
    batch: int = eqx.field(static=True)
    rate: float = eqx.field(static=True)
    look: Look = PLAIN

    def fresh(self, seed: int | Array) -> Transformer:
        """The network that training begins with; also the untrained control."""
        return fresh(named_key(seed, "regression", "fresh"), self.attention, self.layers, self.width, self.heads)


@eqx.filter_jit
def train(
    recipe: Recipe, key: PRNGKeyArray, start: Transformer, pool: Float[Array, "task feature"] | None
) -> tuple[Transformer, Float[Array, " tick"]]:
    """The trained network, and the query loss of each update's batch before the update."""
    optimizer = clipped_adam(recipe.updates, recipe.rate, 50, 0.02, 1.0)

    def loss(net: Transformer, tick: Array) -> Float[Array, ""]:
        contexts = draw(jax.random.fold_in(key, tick), recipe.batch, pool, recipe.look)
        return ((net(contexts) - contexts.right) ** 2).mean()

    def update(carry, tick):
        net, state = carry
        value, slope = jax.value_and_grad(loss)(net, tick)
        change, state = optimizer.update(slope, state)
        return (optax.apply_updates(net, change), state), value

    (trained, _), losses = jax.lax.scan(update, (start, optimizer.init(start)), jnp.arange(recipe.updates))
    return trained, losses


def trained(recipe: Recipe, seed: int, pool: Float[Array, "task feature"] | None):
    """Network and losses of one seed."""
    return train(recipe, named_key(seed, "regression", "training"), recipe.fresh(seed), pool)
