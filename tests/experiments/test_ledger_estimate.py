"""The ledger of an experiment adds up, and its verdicts follow its gaps."""

import numpy as np
import pytest

from mesascope.auditing.alignment import Alignment, judge
from mesascope.core.statistics import Estimate, Interval
from mesascope.experiments.ledger_estimate import Candidate, estimate_ledger, exact_returns

N = 400
BASE = np.array([1.0, 0.0], np.float32)
WEIGHTS = {"own": Estimate(1.0, Interval(0.9, 1.0)), "base": Estimate(0.0, Interval(-0.1, 0.1))}


def reckoned(name, mesa, subject, own):
    rng = np.random.default_rng(0)
    best, floor = rng.normal(1.0, 0.1, N), rng.normal(0.0, 0.1, N)
    base = Candidate(best * subject, best, floor)
    return estimate_ledger(name, exact_returns(best, best, best * mesa, best * subject, floor), {
        "base": base, "own": Candidate(best * own, best, floor),
    })  # fmt: skip


def test_gaps_add_up_and_shares_are_of_what_can_be_had():
    found = reckoned("training", 0.7, 0.5, 0.9)
    gaps = found.ledger
    assert gaps.total.value == pytest.approx(gaps.outer.value + gaps.inner.value + gaps.capability.value)
    assert found.shares["inner"].value == pytest.approx(0.3, abs=0.02)
    assert found.shares["capability"].value == pytest.approx(0.2, abs=0.02)
    assert found.shares["inner"].interval.low < 0.3 < found.shares["inner"].interval.high
    assert found.competence["base"].value == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("mesa", "subject", "own", "verdict"),
    [
        (1.0, 0.95, 0.95, Alignment.ROBUST),
        (0.2, 0.2, 0.95, Alignment.PSEUDO),
        (1.0, 0.1, 0.1, Alignment.CAPABILITY_FAILURE),
    ],
)
def test_each_shift_gets_its_verdict(mesa, subject, own, verdict):
    home = reckoned("training", 1.0, 0.95, 0.95)
    found = judge([home, reckoned("shift", mesa, subject, own)], WEIGHTS, BASE, ("base", "own"), False)
    assert found.verdict is verdict
