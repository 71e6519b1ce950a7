"""The same thinking with channels first and levels last: the layout in which training is fastest.

Gates are then slices along the slowest axis and neighbors are copies of long runs, and nothing is kept for the gradient
but the state after each tick. `docs/design/training-speed.md` has the measurements. A test holds both layouts equal.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.core.subject import AbstractSubject, Observation, State
from mesascope.learned.feed_forward import FeedForwardNet
from mesascope.learned.thinking import ThinkingNet, gated_update

Field = Float[Array, "channel height width level"]
PolicySummary = Float[Array, "input height width level"]


def think(subject: AbstractSubject, observation: Observation) -> State:
    """The state after all ticks, as `begin` and `step` give it, up to rounding."""
    if isinstance(subject, ThinkingNet):
        return {"state": _as_state(_think(subject, _as_field(observation)))}
    if isinstance(subject, FeedForwardNet):
        return {"state": _as_state(_feed_forward(subject, _as_field(observation)))}

    def tick(state: State, t):
        return subject.think(state, observation, t), None

    return jax.lax.scan(tick, subject.start(observation), jnp.arange(subject.ticks))[0]


def answer(subject: AbstractSubject, observation: Observation) -> Float[Array, "level height width action"]:
    """`subject.logits`, up to rounding, arranged for speed."""
    return subject.act(think(subject, observation))


def _as_field(values: Observation) -> Field:
    return values.transpose(3, 1, 2, 0)


def _as_state(field: Field) -> Float[Array, "level height width channel"]:
    return field.transpose(3, 1, 2, 0)


def _stencil(field: Field, weights: Float[Array, "five_inputs outputs"]) -> Float[Array, "outputs height width level"]:
    """`neighborhood(field) @ weights` in this layout."""
    height, width = field.shape[1:3]
    padded = jnp.pad(field, ((0, 0), (1, 1), (1, 1), (0, 0)))
    around = jnp.concatenate(
        [
            field,
            padded[:, :height, 1:-1],
            padded[:, 2:, 1:-1],
            padded[:, 1:-1, :width],
            padded[:, 1:-1, 2:],
        ]
    )
    return (weights.T @ around.reshape(weights.shape[0], -1)).reshape(-1, *field.shape[1:])


def _think(net: ThinkingNet, observation: PolicySummary) -> Field:
    bias = net.bias[:, None, None, None]
    candidate_bias = net.candidate_bias[:, None, None, None]
    seen = _stencil(observation, net.read) + bias

    def tick(h: Field, x: Float[Array, "three_channels _ _ _"]) -> Field:
        u = _stencil(h, net.recur)
        return gated_update(h, jnp.split(x, 3), jnp.split(u, 3), candidate_bias)

    # Recomputing a tick is cheaper than storing what its gradient needs.
    tick = jax.checkpoint(tick)
    h = jnp.zeros((net.channels, *observation.shape[1:]))
    reading = min(net.reads_until, net.ticks)
    h, _ = jax.lax.scan(lambda h, _: (tick(h, seen), None), h, None, length=reading)
    h, _ = jax.lax.scan(lambda h, _: (tick(h, bias), None), h, None, length=net.ticks - reading)
    return h


def _feed_forward(net: FeedForwardNet, observation: PolicySummary) -> Field:
    def layer(h: Field, weight, bias, seen) -> Field:
        gate, candidate = jnp.split(_stencil(h, weight) + bias[:, None, None, None] + seen, 2)
        gate = jax.nn.sigmoid(gate)
        return (1.0 - gate) * h + gate * jnp.tanh(candidate)

    layer = jax.checkpoint(layer)
    h = jnp.zeros((net.channels, *observation.shape[1:]))
    h = layer(h, net.weight[0], net.bias[0], _stencil(observation, net.read))
    return jax.lax.scan(lambda h, w: (layer(h, *w, 0.0), None), h, (net.weight[1:], net.bias[1:]))[0]
