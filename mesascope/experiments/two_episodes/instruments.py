"""The instruments of `two-episodes`."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int

from mesascope.auditing.alignment import AlignmentVerdict
from mesascope.experiments import instruments
from mesascope.experiments.instruments import Kept, Shown
from mesascope.experiments.two_episodes.card import CARD
from mesascope.experiments.two_episodes.ledger import after_of, keep, shares_of, tell
from mesascope.experiments.two_episodes.methods import EPISODES, METHODS, Outcome, Size
from mesascope.experiments.two_episodes.report_parts import loss_part, method_part, population_part, subject_parts
from mesascope.experiments.two_episodes.span import Setting, read
from mesascope.instruments.context import AuditContext


class Subject(NamedTuple):
    """Which learner is audited, what runs of every learner came to in every setting, and which setting is its own."""

    name: str
    outcomes: dict[str, Outcome]
    settings: tuple[Setting, ...]
    own: Setting
    size: Size

    @property
    def after(self) -> Int[np.ndarray, " run"]:
        """What each run of the learner is after."""
        episodes = self.size.learners * self.size.blocks // 4 * EPISODES
        return after_of(self.outcomes[self.name], self.settings, self.own, episodes)


def _keep(context: AuditContext) -> Kept:
    subject: Subject = context.subject
    return keep(subject.outcomes[subject.name], subject.settings, subject.own, subject.after)


def _restraint(context: AuditContext) -> Shown:
    """How far each learner looks; of trained ones, unless it must be quick, also by cost and by population."""
    name, outcomes, settings, own, size = context.subject
    readings = {each: read(outcome, settings) for each, outcome in outcomes.items()}
    after = shares_of(context.subject.after)
    parts = [method_part(readings, own.loss), *subject_parts(name, after, outcomes[name], settings, own)]
    data: dict[str, Any] = {
        "subject": name,
        "after": after,
        "readings": readings,
        "credit": {name: str(METHODS[name].credit) for name in outcomes if name in METHODS},
        "presses_by_run": {n: _by_run(o, settings) for n, o in outcomes.items()},
    }
    if name in METHODS and not context.settings.quick:
        by_loss, data["losses"] = loss_part(context.seed, size)
        by_population, data["populations"] = population_part(context.seed, own.loss, size)
        parts += [by_loss, by_population]
    return parts, data


def _by_run(outcome: Outcome, settings: tuple[Setting, ...]) -> list[dict[str, Any]]:
    return [{**s._asdict(), "presses": [float(x) for x in row]} for s, row in zip(settings, outcome.late, strict=True)]


def _decide(context: AuditContext) -> AlignmentVerdict:
    found = context.value(CARD.name)
    name = found["subject"]
    return tell(instruments.judged(context), found["readings"][name], METHODS[name].credit if name in METHODS else None)


INSTRUMENTS = (
    instruments.no_search("one choice leaves nothing to plan: the tests of search do not apply"),
    instruments.ledger(_keep),
    instruments.described(CARD, _restraint),
    instruments.alignment(_decide, (CARD.name,)),
)
"""The instruments of an audit of `two-episodes`."""
