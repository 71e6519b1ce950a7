"""The instruments of `glyphs`."""

from typing import Any

import numpy as np

from mesascope.auditing.ledger_estimate import LedgerEstimate
from mesascope.core.rng import named_key
from mesascope.core.statistics import exactly, mean_of, rate_of
from mesascope.experiments import instruments
from mesascope.experiments.glyphs.instruments.rewriting import REWRITING, pictures, rewrite
from mesascope.experiments.glyphs.instruments.verdict import decide, mean_test, overall
from mesascope.experiments.glyphs.networks import Subject, ask
from mesascope.experiments.glyphs.pictures import CLASSES, Drawn
from mesascope.experiments.glyphs.report_parts import part_of_tests, part_of_training, part_of_verdicts
from mesascope.experiments.instruments import Kept
from mesascope.experiments.ledger_estimate import Candidate, estimate_ledger, exact_returns
from mesascope.instruments.context import AuditContext
from mesascope.instruments.instrument import Finding, Instrument
from mesascope.instruments.report_parts import ReportPart
from mesascope.instruments.search.verdict import Verdict

EXPLANATION = (
    "Is there an objective inside that can be exchanged? A constant, the same for every picture, is written at every site at "
    "once, as well as gradient descent can find it. A chooser, which weighs answers by an objective it holds, passes all three "
    "tests; a classifier has nothing that could be rewritten so."
)
"""What the report says of the tests."""


def _keep(context: AuditContext) -> Kept:
    count = 500 if context.settings.quick else 2_000
    ledgers, behavior = [], {}
    for distribution in context.distributions:
        shown = context.world.draw(context.seed, "audit", count, distribution)
        right = _right(context.subject, shown)
        ledgers.append(_ledger_of(distribution, right))
        behavior[distribution] = {"correct": mean_of(right, 0, 1)}
    weights = {"correct": exactly(1.0)}
    return Kept(ledgers, weights, behavior)  # there is one objective to be after: nothing is inferred


def _rewriting(context: AuditContext) -> Finding:
    """The tests of every network, the verdict on each, and one on all."""
    subject: Subject = context.subject
    key = named_key(context.seed, context.world.name, "rewriting")
    given = pictures(key, 500 if context.settings.quick else 1_000, context.world.noise)
    each = rewrite(subject.scores, subject.nets, subject.untrained, subject.widths, given, key)
    count = len(each)
    verdicts = [decide(tests) for tests in each]
    mean = each[0] if count == 1 else tuple(mean_test(same) for same in zip(*each, strict=True))
    searches = context.audited.hard_coded
    fields = instruments.search_fields(*overall(verdicts, mean), searches, mean, EXPLANATION)
    rate = rate_of(verdicts.count(Verdict.SEARCH), count)
    return Finding(
        verdicts,
        {"search": fields},
        data={"verdicts": verdicts, "said_to_search": rate},
        parts=(part_of_verdicts(verdicts, rate, bool(searches)), part_of_tests(each)),
    )


def _curve(context: AuditContext) -> tuple[list[ReportPart], dict[str, Any]]:
    return [part_of_training(context.subject.losses)], {}


def _right(subject: Subject, shown: Drawn) -> np.ndarray:
    """Share of the networks that name each picture right."""
    answers = np.asarray(ask(subject.scores, subject.nets, shown.picture))
    return (answers == np.asarray(shown.name)).mean(0)


def _ledger_of(distribution: str, right: np.ndarray) -> LedgerEstimate:
    """The ledger: naming all right is best for every objective there is here, so only capability can be lost."""
    one, chance = np.ones_like(right), np.full_like(right, 1 / CLASSES)
    candidates = {"base": Candidate(right, one, chance)}
    return estimate_ledger(distribution, exact_returns(one, one, one, right, chance), candidates)


INSTRUMENTS = (
    instruments.ledger(_keep),
    Instrument(REWRITING, _rewriting),
    instruments.training_curve(_curve),
    instruments.alignment(),
)
"""The instruments of an audit of `glyphs`."""
