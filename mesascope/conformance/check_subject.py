"""Does a subject keep its promises?"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Shaped

from mesascope.conformance.subject_runs import answers, first_states, run_blinded, run_episode
from mesascope.core.errors import SubjectError
from mesascope.core.subject import AbstractSubject, Observation
from mesascope.worlds.grids.grid import ACTIONS

STEPS = 3
"""Steps of the episode in which a recurrent subject is checked; where an actor stands changes from one to the next."""

_ROUNDING = 1e-5
"""Largest difference, relative to the largest logit, that another batch may make by rounding."""


def check_subject(
    subject: AbstractSubject,
    observation: Shaped[Array, "level ..."],
    actions: int = len(ACTIONS),
    *,
    by_state: bool = False,
) -> None:
    """Check the promises of `mesascope.core.subject.AbstractSubject`, as far as the subject's properties make them.

    Every subject: at least one tick; a view that the worlds have; logits that are finite, of the right shape, the same when
    asked again, and independent of the rest of the batch. A subject with sites: states with these sites and nothing else, each
    of its support and width; `start` that uses only the shape of the observation. A subject with sites that answers all states:
    ticks from `reads_until` on that do not use the observation; `logits` equal to those of `start`, `think` and `act` in turn.
    A recurrent subject is checked over the first steps of an episode.

    Args:
        subject: The subject.
        observation: At least two levels that the subject is made for, shape `(level, height, width, channel)`; with `by_state`
            what is shown in each state, `(level, state, ...)`.
        actions: Number of actions of the world.
        by_state: Whether the world shows each state by itself instead of maps; for subjects without sites and without memory.

    Raises:
        SubjectError: For the first promise that is broken, with the level and the cell where there is one.

    Example:
        >>> import jax
        >>> from mesascope.conformance.check_subject import check_subject
        >>> from mesascope.organisms.registry import build_organism
        >>> from mesascope.worlds.grids.red_doors import RedDoors
        >>> world = RedDoors(size=7)
        >>> check_subject(build_organism("planner", world), world.observe(world.draw(jax.random.key(0), 2)))
    """
    if (observation.ndim < 2 if by_state else observation.ndim != 4) or observation.shape[0] < 2:
        raise SubjectError(f"check_subject needs a batch of at least two levels, and was given {observation.shape}")
    if by_state and (subject.sites or subject.recurrent):
        raise SubjectError(
            "a subject with sites or with a memory is shown maps, and this world shows each state by itself"
        )
    _check_properties(subject)
    if subject.sites:
        _check_states(subject, observation)
    if subject.recurrent:
        _check_episode(subject, observation, actions)
    else:
        _check_answers(subject, observation, actions, ("level", "state") if by_state else ("level", "row", "column"))


def _check_properties(subject: AbstractSubject) -> None:
    if subject.ticks < 1 or subject.reads_until < 0 or subject.sees_until < 1:
        raise SubjectError(
            f"expected ticks from 1, reads_until from 0 and sees_until from 1; found ticks={subject.ticks}, "
            f"reads_until={subject.reads_until} and sees_until={subject.sees_until}"
        )
    view = "full" if subject.recurrent else "map"
    if subject.view != view or subject.answers_all_states == subject.recurrent:
        raise SubjectError(
            f"expected view '{view}' and answers_all_states={not subject.recurrent} of a subject with recurrent="
            f"{subject.recurrent}; found '{subject.view}' and {subject.answers_all_states}"
        )
    names = [site.name for site in subject.sites]
    if len(set(names)) < len(names):
        raise SubjectError(f"sites need different names; found {names}")
    vectors = [site.name for site in subject.sites if site.support == "vector"]
    if vectors and not subject.recurrent:
        raise SubjectError(f"site '{vectors[0]}' is a vector; the sites of a subject that answers all states are maps")


def _check_states(subject: AbstractSubject, observation: Observation) -> None:
    levels, height, width = observation.shape[:3]
    promised = {
        site.name: (levels, *((1, 1) if site.support == "vector" else (height, width)), site.channels)
        for site in subject.sites
    }
    states = jax.eval_shape(lambda: first_states(subject, observation))
    for moment, state in zip(("start", "think"), states, strict=True):
        found = {name: value.shape for name, value in state.items()}
        if found != promised:
            raise SubjectError(f"{moment} gives sites {found}; `sites` promises {promised}")
    start, elsewhere = jax.device_get((subject.start(observation), subject.start(observation[::-1] + 1.0)))
    site = _differing(start, elsewhere)
    if site is not None:
        raise SubjectError(f"start depends on what is observed at site '{site}'; it may use the shape only")


def _differing(state: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> str | None:
    return next((site for site, value in state.items() if not np.array_equal(value, other[site])), None)


def _check_answers(
    subject: AbstractSubject, observation: Shaped[Array, "level ..."], actions: int, axes: tuple[str, ...]
) -> None:
    logits = np.asarray(answers(subject, observation))
    expected = (*observation.shape[: len(axes)], actions)
    if logits.shape != expected:
        named = ", ".join({"row": "height", "column": "width"}.get(axis, axis) for axis in axes)
        raise SubjectError(f"logits have shape {logits.shape}; expected {expected} ({named}, action)")
    bad = np.argwhere(~np.isfinite(logits).all(-1))
    if len(bad):
        level, *place = (int(x) for x in bad[0])
        where = ", ".join(f"{axis} {number}" for axis, number in zip(axes[1:], place, strict=True))
        inside = " of the interior" if len(place) > 1 else ""
        raise SubjectError(f"logits of level {level} are not finite in {where}{inside}")
    if not np.array_equal(logits, np.asarray(answers(subject, observation))):
        raise SubjectError("the subject gives other logits when it is asked again about the same levels")
    company = np.array(observation)
    company[0] = company[1] + 1.0
    in_other_company = np.asarray(answers(subject, jnp.asarray(company)))
    _check_same(logits[1:], in_other_company[1:], "depend on the other levels of the batch", 1)
    if subject.sites:
        other = jnp.asarray(np.asarray(observation)[::-1] + 1.0)
        end, blinded, answer = jax.device_get(run_blinded(subject, observation, other))
        site = _differing(end, blinded)
        if site is not None:
            raise SubjectError(f"site '{site}' depends on the observation at or after tick {subject.reads_until}")
        _check_same(logits, answer, "are not those of start, think and act in turn")


def _check_episode(subject: AbstractSubject, observation: Observation, actions: int) -> None:
    levels, height, width = observation.shape[:3]
    cells = jnp.arange(STEPS * levels).reshape(STEPS, levels) % (height * width)
    state, logits = jax.device_get(run_episode(subject, observation, cells))
    if logits.shape != (levels, actions):
        raise SubjectError(f"logits have shape {logits.shape}; expected {(levels, actions)} (actor, action)")
    if not all(np.isfinite(value).all() for value in (*state.values(), logits)):
        raise SubjectError(f"the state or the logits are not finite after {STEPS} steps")
    if not np.array_equal(logits, np.asarray(run_episode(subject, observation, cells)[1])):
        raise SubjectError("the subject gives other logits when it takes the same steps again")
    company, elsewhere = observation.at[0].set(observation[1] + 1.0), cells.at[:, 0].add(1)
    in_other_company = np.asarray(run_episode(subject, company, elsewhere)[1])
    _check_same(logits[1:], in_other_company[1:], "depend on the other actors of the batch", 1, "actor")


def _check_same(expected: np.ndarray, found: np.ndarray, trouble: str, first: int = 0, each: str = "level") -> None:
    off = np.abs(expected - found).reshape(len(expected), -1).max(-1)
    worst = int(off.argmax())
    if off[worst] > _ROUNDING * max(1.0, float(np.abs(expected).max())):
        raise SubjectError(f"logits {trouble}: those of {each} {worst + first} differ by {off[worst]:.2g}")
