"""Does a stepwise subject keep its promises?"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from mesascope.core.errors import SubjectError
from mesascope.core.stepwise import AbstractStepwiseSubject, StepwiseState, think, view_of
from mesascope.core.subject import Observation

STEPS = 3
"""Steps that are walked in the check; where an actor stands changes from one to the next."""

_ROUNDING = 1e-5
"""Largest difference, relative to the largest number, that another batch may make by rounding."""


def check_stepwise_subject(subject: AbstractStepwiseSubject, observation: Observation) -> None:
    """Raise `SubjectError` for the first promise that is broken.

    `observation` is a batch of at least two levels that the subject is made for. Promised: a positive number of ticks;
    states with the named sites and nothing else, each a map over the level or a vector kept as a map of one cell; a blank
    state that uses only the shape of the observation and does not depend on the actor; preferences `(actor, 4)` that are
    finite, the same when asked again, and independent of the other actors.
    """
    if observation.ndim != 4 or observation.shape[0] < 2:
        raise SubjectError(
            f"check_stepwise_subject needs a batch of at least two levels, and was given {observation.shape}"
        )
    if subject.ticks_per_step < 1 or subject.sees_until < 1:
        raise SubjectError(
            f"a stepwise subject has at least one tick in a step and sees the level in the first; this one has "
            f"ticks_per_step={subject.ticks_per_step} and sees_until={subject.sees_until}"
        )
    _check_shapes(subject, observation)
    blank, other = subject.blank(observation), subject.blank(observation[::-1] + 1.0)
    for site, value in blank.items():
        if not np.array_equal(value, other[site]):
            raise SubjectError(f"blank depends on what is observed at site '{site}'; it may use the shape only")
    levels, height, width = observation.shape[:3]
    cells = jnp.arange(STEPS * levels).reshape(STEPS, levels) % (height * width)
    state, logits = jax.device_get(_go(subject, observation, cells))
    if logits.shape != (levels, 4):
        raise SubjectError(f"the readout has shape {logits.shape}; expected {(levels, 4)} (actor, action)")
    if not all(np.isfinite(value).all() for value in (*state.values(), logits)):
        raise SubjectError(f"after {STEPS} steps the state or the preferences are not finite")
    if not np.array_equal(logits, np.asarray(_go(subject, observation, cells)[1])):
        raise SubjectError("the subject gives other preferences when it walks the same way again")
    elsewhere = np.asarray(_go(subject, observation.at[0].set(observation[1] + 1.0), cells.at[:, 0].add(1))[1])
    off = np.abs(logits - elsewhere)[1:].max(-1)
    if off.max() > _ROUNDING * max(1.0, float(np.abs(logits).max())):
        raise SubjectError(
            "preferences depend on the other actors of the batch: those of actor "
            f"{int(off.argmax()) + 1} differ by {off.max():.2g}"
        )


def _check_shapes(subject: AbstractStepwiseSubject, observation: Observation) -> None:
    actors, height, width = observation.shape[:3]
    cell, age = jnp.zeros(actors, jnp.int32), jnp.array(0)
    start = jax.eval_shape(lambda: subject.blank(observation))
    after = jax.eval_shape(lambda: think(subject, subject.blank(observation), view_of(subject, observation, cell, age)))
    for moment, state in (("blank", start), ("step", after)):
        if set(state) != {site.name for site in subject.sites}:
            raise SubjectError(
                f"{moment} gives the sites {sorted(state)}; `sites` names {[s.name for s in subject.sites]}"
            )
        for site in subject.sites:
            maps = [(actors, *cells, site.channels) for cells in ((height, width), (1, 1))]
            if state[site.name].shape not in maps:
                raise SubjectError(
                    f"{moment} gives site '{site.name}' the shape {state[site.name].shape}; expected a map {maps[0]} or a "
                    f"vector kept as {maps[1]}"
                )


@eqx.filter_jit
def _go(
    subject: AbstractStepwiseSubject, observation: Observation, cells: Int[Array, "step actor"]
) -> tuple[StepwiseState, Array]:
    """State and preferences after walking over given cells."""

    def step(state: StepwiseState, now):
        cell, age = now
        return think(subject, state, view_of(subject, observation, cell, age)), None

    state = jax.lax.scan(step, subject.blank(observation), (cells, jnp.arange(len(cells))))[0]
    return state, subject.readout(state)
