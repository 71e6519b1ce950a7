"""Does a subject keep its promises?"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from mesascope.core.errors import SubjectError
from mesascope.core.subject import AbstractOpenSubject, AbstractSubject, Observation, State

_LAYOUT_ROUNDING = 1e-5
"""Largest difference, relative to the largest logit, that another batch may make by rounding."""


def check_subject(subject: AbstractSubject, observation: Observation) -> None:
    """Raise `SubjectError`, naming the level and cell where there is one, for the first promise that is broken.

    `observation` is a batch of at least two levels that the subject is made for. Any subject: logits of shape
    `(level, height, width, 4)`, finite, the same when asked again, and independent of the other levels in the batch. An
    open subject besides: states with its sites and nothing else, of the promised widths; `begin` that uses only the
    shape of the observation; ticks from `reads_until` on that do not use it; `logits` equal to those of begin, steps
    and readout in turn.
    """
    if observation.ndim != 4 or observation.shape[0] < 2:
        raise SubjectError(f"check_subject needs a batch of at least two levels, and was given {observation.shape}")
    logits = _checked_logits(subject, observation)
    if not np.array_equal(logits, np.asarray(_ask(subject, observation))):
        raise SubjectError("the subject gives other logits when it is asked again about the same levels")
    company = np.array(observation)
    company[0] = company[1] + 1.0
    in_other_company = np.asarray(_ask(subject, jnp.asarray(company)))
    _same(logits[1:], in_other_company[1:], "depend on the other levels of the batch", 1)
    if isinstance(subject, AbstractOpenSubject):
        _check_open(subject, observation, logits)


@eqx.filter_jit
def _ask(subject: AbstractSubject, observation: Observation) -> jax.Array:
    return subject.logits(observation)


def _checked_logits(subject: AbstractSubject, observation: Observation) -> np.ndarray:
    logits = np.asarray(_ask(subject, observation))
    expected = (*observation.shape[:3], 4)
    if logits.shape != expected:
        raise SubjectError(f"logits have shape {logits.shape}; expected {expected} (level, height, width, action)")
    bad = np.argwhere(~np.isfinite(logits).all(-1))
    if len(bad):
        level, row, column = (int(x) for x in bad[0])
        raise SubjectError(f"logits of level {level} are not finite in row {row}, column {column} of the interior")
    return logits


def _same(expected: np.ndarray, found: np.ndarray, trouble: str, first_level: int = 0) -> None:
    off = np.abs(expected - found).reshape(len(expected), -1).max(-1)
    worst = int(off.argmax())
    if off[worst] > _LAYOUT_ROUNDING * max(1.0, float(np.abs(expected).max())):
        raise SubjectError(f"logits {trouble}: those of level {worst + first_level} differ by {off[worst]:.2g}")


class _Runs(NamedTuple):
    """States of an open subject that is shown the levels, and of one that is shown others where it must not look."""

    start: State
    start_elsewhere: State
    end: State
    end_blinded: State
    answer: jax.Array


@eqx.filter_jit
def _run(subject: AbstractOpenSubject, observation: Observation, other: Observation) -> _Runs:
    def tick(states: tuple[State, State], t: jax.Array) -> tuple[tuple[State, State], None]:
        honest, blinded = states
        shown = jnp.where(t < subject.reads_until, observation, other)
        return (subject.step(honest, observation, t), subject.step(blinded, shown, t)), None

    start = subject.begin(observation)
    (end, blinded), _ = jax.lax.scan(tick, (start, start), jnp.arange(subject.ticks))
    return _Runs(start, subject.begin(other), end, blinded, subject.readout(end))


def _check_open(subject: AbstractOpenSubject, observation: Observation, logits: np.ndarray) -> None:
    promised = {site.name: (*observation.shape[:3], site.channels) for site in subject.sites}
    start = jax.eval_shape(lambda: subject.begin(observation))
    after = jax.eval_shape(lambda: subject.step(subject.begin(observation), observation, jnp.array(0)))
    for moment, state in (("begin", start), ("step", after)):
        found = {name: value.shape for name, value in state.items()}
        if found != promised:
            raise SubjectError(f"{moment} gives sites {found}; `sites` promises {promised}")
    runs = jax.device_get(_run(subject, observation, jnp.asarray(np.asarray(observation)[::-1] + 1.0)))
    for name in promised:
        if not np.array_equal(runs.start[name], runs.start_elsewhere[name]):
            raise SubjectError(f"begin depends on what is observed at site '{name}'; it may use the shape only")
        if not np.array_equal(runs.end[name], runs.end_blinded[name]):
            raise SubjectError(f"site '{name}' depends on the observation at or after tick {subject.reads_until}")
    _same(logits, runs.answer, "are not those of begin, steps and readout in turn")
