"""The organism `compiled`: breadth-first search written by hand into the weights of a thinking net."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.learned.thinking import ThinkingNet
from mesascope.worlds.grids.vocabulary import SHAPES

CORE = 7
"""Channels that the search needs: obstacle, goal, reached, and four pointers."""

LEVEL_CHANNELS = 2
"""The first of them, which hold the level: obstacle and goal."""

_OBSTACLE, _GOAL, _REACHED, _POINTERS = 0, 1, 2, 3
_SURE = 12.0
"""Half the swing of a gate's argument: a closed gate lets 6e-6 through."""


def compile_search(
    weights: Float[np.ndarray, " feature"],
    ticks: int = 40,
    channels: int = 24,
    noise: float = 0.0,
    seed: int = 0,
    shapes: int = len(SHAPES),
) -> ThinkingNet:
    """A glance net whose weights are a breadth-first search; usable as the start of a training.

    Gates and tanh saturate, so that channels are bits. Obstacles and goal are written where they are seen. A cell is
    reached once a neighbor is the goal or was reached, and in that very tick, never again, its pointers take in which
    neighbors those were. The readout prefers the pointers. Whatever is no goal is an obstacle, as touching it ends the
    episode. `noise` is the standard deviation of what is added to every weight; channels beyond `CORE` hold nothing
    else. The goal is any object that has the one feature with a positive weight; the first `shapes` features are
    shapes. Raises `UsageError` for other objectives, and for too few channels.
    """
    if channels < CORE:
        raise UsageError(f"compiled search needs at least {CORE} channels, and was given {channels}")
    if (weights > 0).sum() != 1 or (weights < 0).any():
        raise UsageError("compiled search goes for one feature: give it an objective with a single positive weight")
    inputs = 1 + len(weights)
    net = ThinkingNet(named_key(seed, "compiled"), inputs, channels, ticks, reads_until=2)
    recur = np.zeros((5, channels, 3, channels))
    read = np.zeros((5, inputs, 3, channels))
    bias = np.zeros((3, channels))
    candidate_bias = np.zeros(channels)
    out = np.zeros((channels, 4))
    gate, reset, candidate = 0, 1, 2
    bias[gate] = -_SURE
    bias[reset] = _SURE
    wanted = 1 + int(np.argmax(weights))
    objects = range(1, 1 + shapes)
    for seen, channel, sign in (
        (0, _OBSTACLE, 1.0),
        *((shape, _OBSTACLE, 1.0) for shape in objects),
        (wanted, _OBSTACLE, -1.0),
        (wanted, _GOAL, 1.0),
    ):
        read[0, seen, gate, channel] += 2 * _SURE * sign
        read[0, seen, candidate, channel] += _SURE * sign
    arrived = [_REACHED, *range(_POINTERS, _POINTERS + 4)]
    for channel in arrived:
        for source in (_GOAL, _REACHED):
            recur[1:, source, gate, channel] = 2 * _SURE
        for stop in (_OBSTACLE, _GOAL):
            recur[0, stop, gate, channel] = -16 * _SURE
    bias[candidate, _REACHED] = _SURE
    for action in range(4):
        pointer = _POINTERS + action
        recur[0, _REACHED, gate, pointer] = -16 * _SURE
        for source in (_GOAL, _REACHED):
            recur[1 + action, source, candidate, pointer] = _SURE
        out[pointer, action] = _SURE
    made = {
        "recur": recur.reshape(5 * channels, 3 * channels),
        "read": read.reshape(5 * inputs, 3 * channels),
        "bias": bias.reshape(-1),
        "candidate_bias": candidate_bias,
        "out": out,
        "out_bias": np.zeros(4),
    }
    rng = np.random.default_rng([seed, 7])
    names = tuple(made)
    leaves = tuple(jnp.asarray(made[name] + noise * rng.normal(size=made[name].shape), jnp.float32) for name in names)
    return eqx.tree_at(lambda n: tuple(getattr(n, name) for name in names), net, leaves)
