"""The step every base optimizer here takes: clipped Adam under a warm-up and a cosine."""

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from mesascope.core.options import Option

LEARNING_RATE = Option(3e-3, 1e-6, 1.0, "step size after the warm-up")
WARMUP = Option(50, 0, 100_000, "updates over which the step size rises from zero")
FLOOR = Option(0.02, 0.0, 1.0, "share of the step size that is left at the end")
CLIP = Option(1.0, 1e-6, 1e6, "norm that a gradient is clipped to")

Scalar = float | Float[Array, ""]
"""A number of an optimizer: part of the compiled program where it is a Python number, an argument of it where it is an
array, so that optimizers which differ in nothing else share one program."""
Count = int | Int[Array, ""]


def clipped_adam(
    steps: int, learning_rate: Scalar, warmup: Count, floor: Scalar, clip: Scalar
) -> optax.GradientTransformation:
    """Adam (Kingma and Ba 2015) on gradients clipped to a global norm; its step size rises, then falls as a cosine.

    `steps` is the length of the whole schedule, warm-up included; a warm-up is cut to half of it.
    """
    if any(isinstance(value, jax.Array) for value in (learning_rate, warmup, floor)):
        schedule = _schedule_of_arrays(steps, learning_rate, warmup, floor)
    else:
        rise = min(warmup, steps // 2)
        schedule = optax.warmup_cosine_decay_schedule(0.0, learning_rate, rise, max(steps, 1), learning_rate * floor)
    return optax.chain(optax.clip_by_global_norm(clip), optax.adam(schedule))


def _schedule_of_arrays(steps: int, learning_rate: Scalar, warmup: Count, floor: Scalar) -> optax.Schedule:
    """The same schedule up to rounding; optax's own wants to know its numbers when it is built."""
    rise = jnp.minimum(warmup, steps // 2)

    def schedule(count: optax.ScalarOrSchedule) -> Float[Array, ""]:
        done = jnp.clip((count - rise) / jnp.maximum(max(steps, 1) - rise, 1), 0.0, 1.0)
        falling = floor + (1.0 - floor) * 0.5 * (1.0 + jnp.cos(jnp.pi * done))
        return learning_rate * jnp.where(count < rise, count / jnp.maximum(rise, 1), falling)

    return schedule
