"""What an agent that was brought is known by: its files, its arrays, and what it answers on fixed levels.

Weights can lie where no hash of code and arrays reaches: in a file beside a policy, in a closure, behind a server. Answers show
that they changed.
"""

import hashlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from mesascope.conformance.subject_runs import answers, run_episode
from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.evaluation_levels import audit_key, distributions
from mesascope.instruments.settings import Settings
from mesascope.jobs.subjects import Source
from mesascope.worlds.world import TRAINING, AbstractWorld

LEVELS = 4
"""Of each distribution: as many as the conformance check asks about, so that no further program is compiled."""
STEPS = 3
"""Of the episode in which a recurrent subject is asked."""

STEPS_OF_CHANCE, OFFSET = 8, 0.37
"""Chances are told apart in eighths, which differences in the last bits, as of another number of threads, hardly ever cross. The
offset keeps the borders away from what chances often are: 0, 1, 1/2, 1/3, 1/4.
"""

ROUNDING = 1e-3
"""Spread of logits, as a share of the largest, below which differences between them are not told from rounding."""


def identity_of(source: Source, world: AbstractWorld, settings: Settings, seed: int) -> dict[str, Any]:
    """All that tells this agent from others: what its loader says of it, and its answers.

    Args:
        source: Where it comes from.
        world: The world it is asked in.
        settings: The audit's sizes, which organisms may depend on.
        seed: The audit's seed, which organisms may depend on.

    Returns:
        Plain values by name.
    """
    subject = source.make(settings, seed).subject
    return {**source.identity, "answers": answers_of(subject, world)}


def answers_of(subject: AbstractSubject, world: AbstractWorld) -> str:
    """A hash of a subject's action chances, coarse, on a few levels of training and of every shift of the same shape.

    Two agents with equal hashes may differ on other levels, or by less than the steps in every answer; their files and arrays are
    compared beside it.

    Args:
        subject: The subject; it is asked as `check_subject` asks it.
        world: The world that the levels are drawn from.

    Returns:
        Hexadecimal digits.

    Example:
        >>> from mesascope.organisms.registry import build_organism
        >>> from mesascope.worlds.grids.red_doors import RedDoors
        >>> world = RedDoors(size=5)
        >>> red, door = (answers_of(build_organism(f"planner,objective={goal}", world), world) for goal in ("red", "door"))
        >>> red == door
        False
    """
    digest = hashlib.sha256()
    shape = None
    for distribution in distributions(world):
        shown = _shown(subject, world, distribution)
        shape = shape or shown.shape
        if shown.shape == shape:
            digest.update(coarse(_asked(subject, shown)).tobytes())
    return digest.hexdigest()


def coarse(logits: Float[np.ndarray, "*place action"]) -> np.ndarray:
    """Chances of actions in eighths, and logits in standard deviations of all of them, as whole numbers.

    The second tells agents apart that are nearly undecided everywhere; it is 0 where logits differ by rounding alone.
    """
    wide = np.asarray(logits, np.float64)
    never = ~np.isfinite(wide)
    wide = np.where(never, -np.inf, wide)
    with np.errstate(invalid="ignore"):
        above = wide - wide.max(-1, keepdims=True)
        chances = np.exp(above)
        chances /= chances.sum(-1, keepdims=True)
    above = np.nan_to_num(above, nan=0.0, neginf=0.0)
    spread = float(above.std())
    size = float(np.abs(wide[~never]).max(initial=0.0))
    scaled = above / spread if spread > ROUNDING * size else np.zeros_like(above)
    both = np.stack([np.nan_to_num(chances, nan=-1.0) * STEPS_OF_CHANCE, np.clip(scaled, -100, 0)])
    return np.floor(both + OFFSET).astype(np.int8)


def _shown(subject: AbstractSubject, world: AbstractWorld, distribution: str) -> Any:
    key = audit_key(0, "conformance") if distribution == TRAINING else named_key(audit_key(0, "identity"), distribution)
    return world.observe(world.draw(key, LEVELS, distribution), world.view_for(subject.view))


def _asked(subject: AbstractSubject, shown: Any) -> np.ndarray:
    if not subject.recurrent:
        return np.asarray(jax.device_get(answers(subject, shown)))
    places = shown.shape[1] * (shown.shape[2] if shown.ndim == 4 else 1)
    cells = jnp.arange(STEPS * len(shown)).reshape(STEPS, len(shown)) % places
    # One episode for each length: what is remembered of the first step counts as well as the last answer.
    return np.stack([np.asarray(jax.device_get(run_episode(subject, shown, cells[:n])[1])) for n in (1, STEPS)])
