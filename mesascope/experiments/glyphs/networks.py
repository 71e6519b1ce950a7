"""The classifiers: two hidden layers, trained many at once."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.experiments.glyphs.pictures import CLASSES, SIDE, draw

BATCH = 128
RATE = 3e-3


class Classifier(NamedTuple):
    """Weights and biases of the three layers; a leading axis `network` where there are several."""

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]


class Subject(NamedTuple):
    """What is audited: how scores are made, networks along a leading axis, those before training, sizes of sites, losses."""

    scores: Callable[[Any, Array, tuple[Array, ...] | None], Array]
    nets: Any
    untrained: Any | None
    widths: tuple[int, ...]
    losses: Float[np.ndarray, " tick"] | None


def fresh(key: PRNGKeyArray, width: int) -> Classifier:
    """Before training: normal weights of variance 2 over inputs (He and others 2015), no bias."""
    sizes = (SIDE * SIDE, width, width, CLASSES)
    keys = [named_key(key, "layer", i) for i in range(3)]
    weights = tuple(
        jax.random.normal(k, (a, b)) * (2 / a) ** 0.5 for k, a, b in zip(keys, sizes[:-1], sizes[1:], strict=True)
    )
    return Classifier(weights, tuple(jnp.zeros(b) for b in sizes[1:]))


def scores(
    net: Classifier, picture: Float[Array, "level 64"], edits: tuple[Array, ...] | None = None
) -> Float[Array, "level action"]:
    """A score for every name; the answer is the name with the highest. `edits` are added to the two hidden layers.

    The highest of ten scores is looked up, not searched for: scores are no worth of outcomes, no candidate outside of the
    ten is ever formed, and no objective stands anywhere that could be exchanged for another.
    """
    state = picture
    for layer in range(2):
        state = jax.nn.relu(state @ net.weights[layer] + net.biases[layer])
        state = state if edits is None else state + edits[layer]
    return state @ net.weights[2] + net.biases[2]


@eqx.filter_jit
def ask(given: Callable, nets: Any, pictures: Float[Array, "level 64"]) -> Int[Array, "network level"]:
    """The answers of several networks: the names with the highest scores as `given` makes them."""
    return jax.vmap(lambda net: given(net, pictures, None).argmax(-1))(nets)


@partial(jax.jit, static_argnames=("networks", "width"))
def untrained(key: PRNGKeyArray, networks: int, width: int) -> Classifier:
    """Several fresh classifiers."""
    return jax.vmap(lambda i: fresh(jax.random.fold_in(key, i), width))(jnp.arange(networks))


@partial(jax.jit, static_argnames="updates")
def train(
    key: PRNGKeyArray, nets: Classifier, updates: int, noise: float | Array
) -> tuple[Classifier, Float[Array, " tick"]]:
    """Adam on the cross-entropy of fresh pictures, all networks on the same ones; also the mean loss at each update."""
    optimizer = optax.adam(RATE)

    def loss(net, seen):
        return optax.softmax_cross_entropy_with_integer_labels(scores(net, seen.picture), seen.name).mean()

    def update(carry, tick):
        now, state = carry
        seen = draw(jax.random.fold_in(key, tick), BATCH, noise)
        value, slope = jax.vmap(jax.value_and_grad(loss), (0, None))(now, seen)
        change, state = optimizer.update(slope, state)
        return (optax.apply_updates(now, change), state), value.mean()

    (trained, _), losses = jax.lax.scan(update, (nets, optimizer.init(nets)), jnp.arange(updates))
    return trained, losses
