"""Does a subject keep its promises?"""

import math
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from mesascope.conformance.subject_runs import answers, first_shown, first_states, run_blinded, run_episode
from mesascope.core.actions import flaw_of_logits
from mesascope.core.errors import SubjectError, subject_errors
from mesascope.core.subject import FULL, MAP, AbstractSubject
from mesascope.worlds.grids.grid import ACTIONS

STEPS = 3
"""Steps of the episode in which a recurrent subject is checked; where an actor stands changes from one to the next."""

REPEATED = 6000
"""Answers that are compared with the first ones, by asking again about the same levels. Where none differs, a share of differing
answers of 0.05 % or more is excluded at 95 % (rule of three: 3 / 6,000), and so is an agent that takes an action at random in
0.1 % of cases, since of two or more actions at least half are others.
"""
MOST_TIMES = 50
"""Times that it is asked again at most: an actor that is rolled out gives one answer each time, and 4 actors exclude 1.5 %."""

_ROUNDING = 1e-5
"""Largest difference, relative to the largest logit, that another batch may make by rounding."""


@subject_errors()
def check_subject(
    subject: AbstractSubject, observation: Array, actions: int = len(ACTIONS), *, all_states: bool = True
) -> None:
    """Check the promises of `mesascope.core.subject.AbstractSubject`, as far as the subject's properties make them.

    Every subject: at least one tick; a view that the worlds have; logits of the right shape, numbers or minus infinity (an action
    never taken, but not every action of a level), the same whenever the same levels are asked about (`REPEATED` answers are
    compared), and independent of the rest of the batch. A subject with sites: states with these sites and nothing else, each of
    its support and width; `start` that uses only the shape of the observation. A subject with sites that answers all states:
    ticks from `reads_until` on that do not use the observation; `logits` equal to those of `start`, `think` and `act` in turn.
    A recurrent subject is checked over the first steps of an episode.

    Args:
        subject: The subject.
        observation: At least two levels that the subject is made for, shape `(level, height, width, channel)`; what is seen in
            each state, `(level, state, ...)`, where the view does not show all states. For a recurrent subject that is shown
            `full`, the view `map` of the levels, or what it shows in each state.
        actions: Number of actions of the world.
        all_states: Whether the view that the subject is shown shows all states of a level at once (as `map` does).

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
    if observation.ndim < 2 or (all_states and observation.ndim != 4) or observation.shape[0] < 2:
        raise SubjectError(f"check_subject needs a batch of at least two levels, and was given {observation.shape}")
    _check_properties(subject, all_states)
    if subject.sites:
        _check_states(subject, observation)
    if subject.recurrent:
        _check_episode(subject, observation, actions)
    else:
        _check_answers(subject, observation, actions, 3 if all_states else 2)


def _check_properties(subject: AbstractSubject, all_states: bool) -> None:
    if subject.ticks < 1 or subject.reads_until < 0 or subject.sees_until < 1:
        raise SubjectError(
            f"expected ticks from 1, reads_until from 0 and sees_until from 1; found ticks={subject.ticks}, "
            f"reads_until={subject.reads_until} and sees_until={subject.sees_until}"
        )
    if subject.recurrent and subject.view == MAP:
        raise SubjectError(
            f"expected view '{FULL}' of a recurrent subject, or another that depends on the state; found '{MAP}', which does not "
            "show it where it stands"
        )
    if subject.answers_all_states != (not subject.recurrent and subject.view == MAP):
        raise SubjectError(
            f"answers_all_states is {subject.answers_all_states} of a subject that is shown '{subject.view}': one look gives "
            f"the answers in all states where the view is '{MAP}', and nowhere else"
        )
    if subject.sites and not subject.recurrent and (not all_states or subject.view == FULL):
        raise SubjectError(
            f"sites are read where one look at a level gives the answers in all states: expected view '{MAP}', found "
            f"'{subject.view}', which depends on the state; leave the sites out, and the subject is audited by its answers"
        )
    names = [site.name for site in subject.sites]
    if len(set(names)) < len(names):
        raise SubjectError(f"sites need different names; found {names}")
    vectors = [site.name for site in subject.sites if site.support == "vector"]
    if vectors and not subject.recurrent:
        raise SubjectError(f"site '{vectors[0]}' is a vector; the sites of a subject that answers all states are maps")


def _check_states(subject: AbstractSubject, observation: Array) -> None:
    first = first_shown(subject, observation) if subject.recurrent else observation
    levels, height, width = (*first.shape, 1, 1)[:3]
    promised = {
        site.name: (levels, *((1, 1) if site.support == "vector" else (height, width)), site.channels)
        for site in subject.sites
    }
    states = jax.eval_shape(lambda: first_states(subject, observation))
    for moment, state in zip(("start", "think"), states, strict=True):
        found = {name: value.shape for name, value in state.items()}
        if found != promised:
            raise SubjectError(f"{moment} gives sites {found}; `sites` promises {promised}")
    start, elsewhere = jax.device_get((subject.start(first), subject.start(first[::-1] + 1)))
    site = _differing(start, elsewhere)
    if site is not None:
        raise SubjectError(f"start depends on what is observed at site '{site}'; it may use the shape only")


def _differing(state: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> str | None:
    return next((site for site, value in state.items() if not np.array_equal(value, other[site])), None)


def _check_answers(subject: AbstractSubject, observation: Array, actions: int, axes: int) -> None:
    logits = np.asarray(answers(subject, observation))
    expected = (*observation.shape[:axes], actions)
    if logits.shape != expected:
        names = "(level, height, width, action)" if axes > 2 else "(level, state, action)"
        raise SubjectError(f"logits have shape {logits.shape}; expected {expected} {names}")
    flaw = flaw_of_logits(logits)
    if flaw is not None:
        (level, *place), why = flaw
        where = "row {}, column {} of the interior" if axes > 2 else "state {}"
        raise SubjectError(f"logits of level {level}, {where.format(*place)} are no policy: {why}")
    _check_repeatable(logits, math.prod(expected[:-1]), lambda: np.asarray(answers(subject, observation)))
    company = np.array(observation)
    company[0] = company[1] + 1 if axes > 2 else company[1][::-1]  # a state of another number may not exist
    in_other_company = np.asarray(answers(subject, jnp.asarray(company)))
    _check_same(logits[1:], in_other_company[1:], "depend on the other levels of the batch", 1)
    if subject.sites:
        other = jnp.asarray(np.asarray(observation)[::-1] + 1.0)
        end, blinded, answer = jax.device_get(run_blinded(subject, observation, other))
        site = _differing(end, blinded)
        if site is not None:
            raise SubjectError(f"site '{site}' depends on the observation at or after tick {subject.reads_until}")
        _check_same(logits, answer, "are not those of start, think and act in turn")


def _check_repeatable(logits: np.ndarray, answers: int, again: Callable[[], np.ndarray]) -> None:
    times = min(MOST_TIMES, math.ceil(REPEATED / answers))
    for time in range(times):
        other = (again() != logits).any(-1)
        if other.any():
            raise SubjectError(
                f"the subject gives other logits when it is asked again about the same levels: {int(other.sum())} of "
                f"{answers} answers differ between the first time and time {time + 2}. Switch off dropout, and ask for "
                "probabilities or for the preferred action (`deterministic=True` in many libraries), not for one that is drawn"
            )


def _check_episode(subject: AbstractSubject, observation: Array, actions: int) -> None:
    levels, height, width = (*observation.shape, 1)[:3]
    of_maps = subject.view == FULL and observation.ndim == 4
    states = height * width if of_maps else height
    cells = jnp.arange(STEPS * levels).reshape(STEPS, levels) % states
    state, logits = jax.device_get(run_episode(subject, observation, cells))
    if logits.shape != (levels, actions):
        raise SubjectError(f"logits have shape {logits.shape}; expected {(levels, actions)} (actor, action)")
    if not all(np.isfinite(value).all() for value in state.values()):
        raise SubjectError(f"the state is not finite after {STEPS} steps")
    flaw = flaw_of_logits(logits, np.full(levels, not subject.may_stop))
    if flaw is not None:
        raise SubjectError(f"logits of actor {flaw[0][0]} after {STEPS} steps are no policy: {flaw[1]}")
    _check_repeatable(logits, levels, lambda: np.asarray(run_episode(subject, observation, cells)[1]))
    other = observation[1] + 1.0 if of_maps else observation[1][::-1]
    company, elsewhere = observation.at[0].set(other), (cells.at[:, 0].add(1)) % states
    in_other_company = np.asarray(run_episode(subject, company, elsewhere)[1])
    _check_same(logits[1:], in_other_company[1:], "depend on the other actors of the batch", 1, "actor")


def _check_same(expected: np.ndarray, found: np.ndarray, trouble: str, first: int = 0, each: str = "level") -> None:
    # Two logits of minus infinity are equal; one beside a number differs by infinity.
    off = np.abs(np.subtract(expected, found, where=expected != found, out=np.zeros(expected.shape)))
    off = off.reshape(len(expected), -1).max(-1)
    worst, largest = int(off.argmax()), float(np.abs(expected[np.isfinite(expected)]).max(initial=1.0))
    if off[worst] > _ROUNDING * largest:
        raise SubjectError(f"logits {trouble}: those of {each} {worst + first} differ by {off[worst]:.2g}")
