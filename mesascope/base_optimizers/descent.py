"""The step every base optimizer here takes: clipped Adam under a warm-up and a cosine."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, PyTree

from mesascope.core.options import Option

LEARNING_RATE = Option(3e-3, 1e-6, 1.0, "step size after the warm-up")
WARMUP = Option(50, 0, 100_000, "updates over which the step size rises from zero")
FLOOR = Option(0.02, 0.0, 1.0, "share of the step size that is left at the end")
CLIP = Option(1.0, 1e-6, 1e6, "norm that a gradient is clipped to")

Scalar = float | Float[Array, ""]
"""A number of an optimizer: part of the compiled program where it is a Python number, an argument of it where it is an
array, so that optimizers which differ in nothing else share one program."""
Count = int | Int[Array, ""]


WEIGHT_DECAY = Option(0.0, 0.0, 100.0, "weight decay: share of every weight lost in a step of size one", later=True)
L1 = Option(0.0, 0.0, 100.0, "L1 penalty: how far every weight moves to zero in a step of size one", later=True)


class Penalty(NamedTuple):
    """What weights cost. Both are apart from the gradient (decoupled), and spare vectors: biases, and a critic's readout."""

    weight_decay: float = 0.0
    l1: float = 0.0


NO_PENALTY = Penalty()


class ShrinkState(NamedTuple):
    """Steps that were taken."""

    taken: Int[Array, ""]


def clipped_adam(
    steps: int, learning_rate: Scalar, warmup: Count, floor: Scalar, clip: Scalar, penalty: Penalty = NO_PENALTY
) -> optax.GradientTransformation:
    """Adam (Kingma and Ba 2015) on gradients clipped to a global norm; its step size rises, then falls as a cosine.

    `steps` is the length of the whole schedule, warm-up included; a warm-up is cut to half of it. With a penalty every step
    also shrinks the weight matrices, after Adam has moved them. Without one the chain, its state and its bits are those of
    Adam alone.
    """
    if any(isinstance(value, jax.Array) for value in (learning_rate, warmup, floor)):
        schedule = _schedule_of_arrays(steps, learning_rate, warmup, floor)
    else:
        rise = min(warmup, steps // 2)
        schedule = optax.warmup_cosine_decay_schedule(0.0, learning_rate, rise, max(steps, 1), learning_rate * floor)
    adam = (optax.clip_by_global_norm(clip), optax.adam(schedule))
    return optax.chain(*adam) if penalty == NO_PENALTY else optax.chain(*adam, shrink(schedule, penalty))


def _schedule_of_arrays(steps: int, learning_rate: Scalar, warmup: Count, floor: Scalar) -> optax.Schedule:
    """The same schedule up to rounding; optax's own wants to know its numbers when it is built."""
    rise = jnp.minimum(warmup, steps // 2)

    def schedule(count: optax.ScalarOrSchedule) -> Float[Array, ""]:
        done = jnp.clip((count - rise) / jnp.maximum(max(steps, 1) - rise, 1), 0.0, 1.0)
        falling = floor + (1.0 - floor) * 0.5 * (1.0 + jnp.cos(jnp.pi * done))
        return learning_rate * jnp.where(count < rise, count / jnp.maximum(rise, 1), falling)

    return schedule


def shrink(schedule: optax.Schedule, penalty: Penalty) -> optax.GradientTransformation:
    """Shrinks what the steps before it would leave, by the step size of the schedule.

    Weight decay as in AdamW (Loshchilov and Hutter 2019): w <- w (1 - rate weight_decay) before the step. L1 by its proximal map,
    w <- sign(w) max(|w| - rate l1, 0) after it, which leaves exact zeros (ISTA, Daubechies et al. 2004).
    """

    def init(params: PyTree) -> ShrinkState:
        return ShrinkState(jnp.zeros((), jnp.int32))

    def update(steps: PyTree, state: ShrinkState, params: PyTree = None) -> tuple[PyTree, ShrinkState]:
        rate = jnp.asarray(schedule(state.taken), jnp.float32)

        def one(step: Float[Array, "*any"], weight: Float[Array, "*any"]) -> Float[Array, "*any"]:
            if weight.ndim < 2:
                return step
            moved = weight * (1.0 - rate * penalty.weight_decay) + step
            return jnp.sign(moved) * jnp.maximum(jnp.abs(moved) - rate * penalty.l1, 0.0) - weight

        return jax.tree.map(one, steps, params), ShrinkState(state.taken + 1)

    return optax.GradientTransformation(init, update)
