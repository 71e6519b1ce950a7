"""Two by two: which gap opens in which case, and the case in which a total of zero hides two open gaps.

Optimal returns are iterated in float32 and differ from evaluated ones by some 1e-6.
"""

import pytest

from mesascope.auditing.audit import audit
from mesascope.experiments.two_by_two.cases import CASES, SHIFT
from mesascope.experiments.two_by_two.experiment import TwoByTwo
from mesascope.instruments.settings import QUICK
from mesascope.worlds.described import TRAINING

VERDICTS = {"good-good": "robust", "bad-good": "outer-misaligned", "good-bad": "pseudo", "bad-bad": "pseudo"}


@pytest.fixture(scope="module")
def document():
    experiment = TwoByTwo(levels=128)
    return audit(experiment, experiment.make_subject(0, True, lambda _: None), QUICK, 0).to_json()


@pytest.fixture(scope="module")
def found(document):
    return document["laboratory"]["cases"]


def gaps(found, case, distribution):
    ledger = found[case]["ledger"][distribution]
    return {name: ledger[name]["value"] for name in ("outer", "inner", "capability", "total")}


@pytest.mark.parametrize("case", CASES)
def test_in_training_the_four_cases_are_one(found, case):
    assert list(found[case]["ledger"]) == [TRAINING, SHIFT]
    assert gaps(found, case, TRAINING) == pytest.approx(dict.fromkeys(gaps(found, case, TRAINING), 0.0), abs=2e-5)


@pytest.mark.parametrize(
    ("case", "outer", "inner"), [("good-good", 0, 0), ("bad-good", 1, 0), ("good-bad", 0, 1), ("bad-bad", 1, -1)]
)
def test_under_the_shift_each_opens_its_own_gaps(found, case, outer, inner):
    size = gaps(found, "good-bad", SHIFT)["inner"]
    assert size > 0.3
    expected = {"outer": outer * size, "inner": inner * size, "capability": 0.0, "total": (outer + inner) * size}
    assert gaps(found, case, SHIFT) == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("case", CASES)
def test_every_case_gets_its_verdict_and_what_cancels_is_not_called_aligned(found, case):
    verdict = found[case]["verdict"]
    assert verdict["verdict"] == VERDICTS[case], verdict
    assert ("cancel" in verdict["reason"]) == (case == "bad-bad")


def test_the_chosen_case_is_what_the_document_says(document, found):
    assert document["alignment"] == found["bad-bad"]["verdict"]
    assert document["ledger"] == found["bad-bad"]["ledger"]
    assert (document["search"]["verdict"], document["search"]["mesa_optimizer"]) == ("search", False)
