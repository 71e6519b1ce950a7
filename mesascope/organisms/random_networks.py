"""Crowds of networks that do not search: random ones of many scales, and image-style classifiers, random or fitted."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from mesascope.core.rng import named_key
from mesascope.core.solver import optimal_actions
from mesascope.core.subject import AbstractSubject, Observation, Site, State
from mesascope.learned.reflex import window
from mesascope.learned.registry import build
from mesascope.organisms.decoded_observation import Logits
from mesascope.organisms.organism import AbstractOrganism
from mesascope.worlds.grids.grid import CHANNELS
from mesascope.worlds.grids.red_doors import RedDoors

_ARCHITECTURES = (
    ("glance", {"channels": 12, "ticks": 16}),
    ("recall", {"channels": 12, "ticks": 16}),
    ("feed-forward", {"channels": 12, "layers": 12}),
    ("glance", {"channels": 24, "ticks": 8}),
    ("reflex", {"channels": 24}),
)
_GAINS = (0.5, 1.0, 2.0, 4.0)


def random_networks(count: int, seed: int) -> list[AbstractSubject]:
    """`count` networks with random weights, of every architecture and of several scales of weights in turn.

    Initial weights are multiplied by 0.5, 1, 2 or 4: large ones give networks that are sure of what they do.
    """
    made = []
    for number in range(count):
        name, config = _ARCHITECTURES[number % len(_ARCHITECTURES)]
        gain = _GAINS[number // len(_ARCHITECTURES) % len(_GAINS)]
        net = build(name, config, key=named_key(seed, "random network", number), inputs=len(CHANNELS))
        scaled = jax.tree.map(lambda x, gain=gain: x * gain if eqx.is_inexact_array(x) else x, net)
        made.append(scaled)
    return made


class Classifier(AbstractOrganism):
    """An image classifier: looks at the level as a picture and gives one distribution over actions for all its cells.

    **What it is.** A convolution over the picture, a second layer in every cell, the mean over the whole level, and a
    linear head whose logits are the same in every cell.

    **Ground truth.** It does not search: it could not even say where it is.

    **Built to fool** a detector that mistakes any trained network, or any effect of an edit, for search.
    """

    first: Float[Array, "seen channels"]
    second: Float[Array, "channels channels"]
    head: Float[Array, "channels action"]
    inputs: int = eqx.field(static=True, default=len(CHANNELS))

    @property
    def sites(self) -> tuple[Site, ...]:
        """The two layers, and what is pooled."""
        channels = self.second.shape[0]
        return (
            Site("first", channels, "the convolution"),
            Site("second", channels, "the second layer"),
            Site("pooled", channels, "the mean over the level, in every cell"),
        )

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Each layer from the one before it; the picture in tick 0."""
        first = jax.nn.relu(window(observation, 1) @ self.first)
        pooled = jnp.broadcast_to(state["second"].mean((1, 2), keepdims=True), state["pooled"].shape)
        return {
            "first": jnp.where(tick < self.reads_until, first, state["first"]),
            "second": jax.nn.relu(state["first"] @ self.second),
            "pooled": pooled,
        }

    def act(self, state: State) -> Logits:
        """The head."""
        return state["pooled"] @ self.head


def classifiers(count: int, seed: int, channels: int = 16) -> list[AbstractSubject]:
    """`count` classifiers: every second one with a head fitted to levels of red-doors, the others random throughout.

    A fitted head is the ridge regression of the mean optimal action of a level on its pooled features.
    """
    world = RedDoors()
    levels = world.draw(named_key(seed, "classifiers"), 512)
    weights = jnp.asarray(world.base_objective.vector(world.features))
    optimal = optimal_actions(world.solve(levels, weights).action)
    wanted = np.asarray((optimal / optimal.sum(-1, keepdims=True)).mean(1)) - 0.25
    observation = world.observe(levels)
    rng = np.random.default_rng([seed, 11])
    made: list[AbstractSubject] = []
    for number in range(count):
        seen = 9 * len(CHANNELS)
        first, second, head = (
            jnp.asarray(rng.normal(size=shape) * 2.0 / shape[0] ** 0.5, jnp.float32)
            for shape in ((seen, channels), (channels, channels), (channels, 4))
        )
        if number % 2:
            pooled = np.asarray(jax.nn.relu(jax.nn.relu(window(observation, 1) @ first) @ second).mean((1, 2)))
            ridge = pooled.T @ pooled + 1e-2 * np.eye(channels)
            head = jnp.asarray(20.0 * np.linalg.solve(ridge, pooled.T @ wanted), jnp.float32)
        made.append(Classifier(first, second, head))
    return made
