"""The model that searching organisms hold inside: registers of walls and rewards, a backup over them, an exact answer."""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mesascope.core.solver import optimal_actions
from mesascope.core.subject import Observation, Site, State
from mesascope.organisms.decoded_observation import Logits, Map, ahead, decode, prefer

WALLS = Site("walls", 1, "1 where there is a wall")
REWARD = Site("reward", 2, "what touching the object here is worth; 1 where there is an object")
MODEL = (WALLS, REWARD)

_NOTHING = 1e-5
"""Worth below which there is nothing to go for: rounding of a code must not look like a goal."""


def read_model(
    state: State, observation: Observation, weights: Float[Array, " feature"], walls_now: Array, reward_now: Array
) -> State:
    """The registers, read from the level where it is their time; kept otherwise."""
    decoded = decode(observation, weights)
    return {
        "walls": jnp.where(walls_now, decoded.walls[..., None], state["walls"]),
        "reward": jnp.where(reward_now, jnp.stack([decoded.worth, decoded.objects], -1), state["reward"]),
    }


def action_values(
    walls: Float[Array, "level height width 1"],
    reward: Float[Array, "level height width 2"],
    value: Map,
    discount: float,
) -> Logits:
    """Worth of each action: the object ahead, or the discounted value ahead; zero where the episode has ended."""
    blocked = ahead(walls[..., 0], 1.0) > 0.5
    touches = ahead(reward[..., 1], 0.0) > 0.5
    free = jnp.where(touches, ahead(reward[..., 0], 0.0), discount * ahead(value, 0.0))
    q = jnp.where(blocked, discount * value[..., None], free)
    return jnp.where(reward[..., 1:] > 0.5, 0.0, q)


def answer_exactly(q: Logits) -> Logits:
    """The uniform policy over the optimal set, as the tables give it: the exact solver's tolerance, no trace of values."""
    return prefer(optimal_actions(jnp.where(jnp.abs(q) < _NOTHING, 0.0, q)))


def goals(reward: Float[Array, "level height width 2"]) -> Bool[Array, "level height width"]:
    """Cells of the most valued objects, where any is worth something."""
    worth = jnp.where(reward[..., 1] > 0.5, reward[..., 0], 0.0)
    best = worth.max((1, 2), keepdims=True)
    return (worth > _NOTHING) & (worth >= best - _NOTHING)


def enterable(state: State) -> Bool[Array, "level height width"]:
    """Cells that can be walked through: no wall, no object."""
    return (state["walls"][..., 0] < 0.5) & (state["reward"][..., 1] < 0.5)
