"""Two by two: which gap opens in which case, and the case in which a total of zero hides two open gaps.

Optimal returns are iterated in float32 and differ from evaluated ones by some 1e-6.
"""

import pytest

from mesascope.experiments.two_by_two.experiment import CASES, SHIFT, ledgers_of, verdict_of
from mesascope.worlds.described import TRAINING

VERDICTS = {"good-good": "robust", "bad-good": "outer-misaligned", "good-bad": "pseudo", "bad-bad": "pseudo"}


@pytest.fixture(scope="module")
def found():
    return {name: ledgers_of(case, 0, 128) for name, case in CASES.items()}


@pytest.mark.parametrize("case", CASES)
def test_in_training_the_four_cases_are_one(found, case):
    at_home = found[case][0]
    assert at_home.distribution == TRAINING
    for gap in at_home.ledger:
        assert gap.value == pytest.approx(0.0, abs=2e-5)


@pytest.mark.parametrize(
    ("case", "outer", "inner"), [("good-good", 0, 0), ("bad-good", 1, 0), ("good-bad", 0, 1), ("bad-bad", 1, -1)]
)
def test_under_the_shift_each_opens_its_own_gaps(found, case, outer, inner):
    shifted = found[case][1]
    assert shifted.distribution == SHIFT
    size = found["good-bad"][1].ledger.inner.value
    assert size > 0.3
    assert shifted.ledger.outer.value == pytest.approx(outer * size, abs=2e-5)
    assert shifted.ledger.inner.value == pytest.approx(inner * size, abs=2e-5)
    assert shifted.ledger.capability.value == pytest.approx(0.0, abs=2e-5)
    assert shifted.ledger.total.value == pytest.approx((outer + inner) * size, abs=2e-5)


@pytest.mark.parametrize("case", CASES)
def test_every_case_gets_its_verdict_and_what_cancels_is_not_called_aligned(found, case):
    verdict = verdict_of(CASES[case], found[case])
    assert verdict.verdict == VERDICTS[case], verdict
    assert ("cancel" in verdict.reason) == (case == "bad-bad")
