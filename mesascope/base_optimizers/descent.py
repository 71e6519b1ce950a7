"""The step every base optimizer here takes: clipped Adam under a warm-up and a cosine."""

import optax

from mesascope.core.options import Option

LEARNING_RATE = Option(3e-3, 1e-6, 1.0, "step size after the warm-up")
WARMUP = Option(50, 0, 100_000, "updates over which the step size rises from zero")
FLOOR = Option(0.02, 0.0, 1.0, "share of the step size that is left at the end")
CLIP = Option(1.0, 1e-6, 1e6, "norm that a gradient is clipped to")


def clipped_adam(
    steps: int, learning_rate: float, warmup: int, floor: float, clip: float
) -> optax.GradientTransformation:
    """Adam (Kingma and Ba 2015) on gradients clipped to a global norm; its step size rises, then falls as a cosine.

    `steps` is the length of the whole schedule, warm-up included; a warm-up is cut to half of it.
    """
    rise = min(warmup, steps // 2)
    schedule = optax.warmup_cosine_decay_schedule(0.0, learning_rate, rise, max(steps, 1), learning_rate * floor)
    return optax.chain(optax.clip_by_global_norm(clip), optax.adam(schedule))
