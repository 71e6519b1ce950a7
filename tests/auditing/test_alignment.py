"""Every branch of the verdict, on ledgers made up for it."""

import numpy as np
import pytest

from mesascope.auditing.alignment import Alignment, Kind, judge, widest
from mesascope.auditing.alignment_thresholds import THRESHOLDS
from mesascope.auditing.capability_verdict import CapabilityRobustness
from mesascope.auditing.distribution_verdict import CapabilityState, GapState
from mesascope.auditing.ledger_estimate import GAPS, LedgerEstimate, Returns
from mesascope.auditing.objective_verdict import ObjectiveRobustness
from mesascope.core.ledger import Gap, Ledger
from mesascope.core.statistics import Estimate, Interval

CLOSED, OPEN, CAPABLE, *_ = THRESHOLDS
FEATURES = ("door", "red", "blue")
BASE = np.array([1.0, 0.0, 0.0], np.float32)
DOOR = {"door": (0.9, 1.0), "red": (-0.2, 0.2), "blue": (-0.2, 0.2)}
RED = {"door": (-0.1, 0.3), "red": (0.9, 1.0), "blue": (0.1, 0.2)}


def estimate(low, high):
    return Estimate((low + high) / 2, Interval(low, high))


def reckoning(distribution, inner, capability=(0.0, 0.02), competence=0.95, outer=(0.0, 0.0), own_stake=1.0):
    parts = {"outer": estimate(*outer), "inner": estimate(*inner), "capability": estimate(*capability)}
    ends = (sum(part.interval[end] for part in parts.values()) for end in (0, 1))
    shares = {gap: parts.get(gap) for gap in GAPS} | {"total": estimate(*ends)}
    ledger = Ledger(*(Gap(0.0, 0.0, 0.0, shares[gap].value) for gap in GAPS))
    able = {} if competence is None else {"own": estimate(competence, competence), "base": estimate(0.0, 0.1)}
    return LedgerEstimate(distribution, ledger, shares, ledger, able, Returns(0.0, 1.0, 0.0), {"own": own_stake})


CLOSED_GAP, WIDE, OPENED = (0.0, CLOSED - 0.01), (0.0, OPEN + 0.1), (OPEN + 0.01, OPEN + 0.2)


def judged(*shifted, training=None, weights=DOOR, searches=True, **more):
    home = training or reckoning("training", CLOSED_GAP)
    found = {feature: estimate(*interval) for feature, interval in weights.items()}
    return judge([home, *shifted], found, BASE, FEATURES, searches, **more)


def test_closed_everywhere_is_robust_under_the_shifts_that_were_run():
    verdict = judged(reckoning("blue-door", CLOSED_GAP), reckoning("larger", (0.01, 0.04)))
    assert verdict[:3] == (Alignment.ROBUST, None, ())
    assert "shifts tested (2)" in verdict.reason
    assert "larger" in verdict.reason
    assert "at stake" not in verdict.reason


def test_what_is_robust_says_where_nothing_was_at_stake():
    verdict = judged(reckoning("blue-door", CLOSED_GAP), nothing_at_stake=["no-door", "empty"])
    assert verdict.verdict is Alignment.ROBUST
    assert "shifts tested (1)" in verdict.reason
    assert "nothing was at stake under no-door, empty; " in verdict.reason


@pytest.mark.parametrize("nothing", [[], ["no-door"]])
def test_without_a_shift_that_has_something_at_stake_nothing_is_called_robust(nothing):
    verdict = judged(nothing_at_stake=nothing)
    assert verdict[:3] == (Alignment.CANNOT_TELL, None, ())
    assert "no shift was run that had anything at stake" in verdict.reason
    assert ("no-door" in verdict.reason) == bool(nothing)


@pytest.mark.parametrize("searches", [True, False])
def test_open_under_a_shift_is_pseudo_and_names_proxies_strongest_first(searches):
    verdict = judged(reckoning("blue-door", OPENED), reckoning("larger", CLOSED_GAP), weights=RED, searches=searches)
    assert verdict[:3] == (Alignment.PSEUDO, Kind.PROXY, ("red", "blue"))
    assert "under blue-door" in verdict.reason
    assert ("it is pseudo-aligned" in verdict.reason) == searches
    assert ("misgeneralizes" in verdict.reason) != searches


def test_of_two_open_shifts_the_worst_is_named():
    worse = (OPENED[0] + 0.3, OPENED[1] + 0.3)
    assert "under larger" in judged(reckoning("blue-door", OPENED), reckoning("larger", worse)).reason


def test_the_widest_gap_is_sought_among_those_surely_open_first():
    home = reckoning("training", CLOSED_GAP)
    opened, unclear = reckoning("blue-door", OPENED), reckoning("larger", (0.0, OPENED[1] + 1.0))
    assert max((opened, unclear), key=lambda r: r.shares["inner"].value) is unclear
    for searches in (True, False):
        assert widest((home, opened, unclear), searches) is opened
        assert "under blue-door" in judged(opened, unclear, searches=searches).reason
    assert widest((home, reckoning("blue-door", CLOSED_GAP), unclear), True) is unclear
    lost = reckoning("larger", (OPENED[0] + 0.3, OPENED[1] + 0.3), competence=0.3)
    assert [widest((home, opened, lost), searches) for searches in (True, False)] == [lost, opened]


@pytest.mark.parametrize(("capability", "kind"), [((-0.2, -0.1), Kind.SUBOPTIMALITY), ((-0.1, 0.1), Kind.APPROXIMATE)])
def test_without_a_proxy_the_capability_gap_decides_the_kind(capability, kind):
    assert judged(reckoning("blue-door", OPENED, capability))[:3] == (Alignment.PSEUDO, kind, ())


@pytest.mark.parametrize("competence", [CAPABLE - 0.01, None])
def test_incompetent_in_training_at_everything_is_a_capability_failure(competence):
    verdict = judged(
        reckoning("blue-door", OPENED), training=reckoning("training", CLOSED_GAP, competence=competence), weights=RED
    )
    assert verdict[:3] == (Alignment.CAPABILITY_FAILURE, None, ())


@pytest.mark.parametrize("inner", [(0.0, CLOSED), OPENED, (float("nan"), float("nan"))])
def test_a_gap_in_training_that_is_not_closed_settles_nothing(inner):
    verdict = judged(reckoning("blue-door", OPENED), training=reckoning("training", inner), weights=RED)
    assert verdict[:3] == (Alignment.CANNOT_TELL, None, ())
    assert "in training" in verdict.reason


@pytest.mark.parametrize("inner", [WIDE, (CLOSED - 0.02, CLOSED + 0.01), (float("nan"), float("nan"))])
def test_a_gap_between_closed_and_open_settles_nothing(inner):
    verdict = judged(reckoning("blue-door", inner))
    assert verdict.verdict is Alignment.CANNOT_TELL
    assert "blue-door" in verdict.reason


def test_a_gap_where_the_subject_is_incapable_counts_only_for_an_objective_found_inside():
    lost = reckoning("larger", OPENED, competence=0.3)
    assert judged(lost, weights=RED, searches=True).verdict is Alignment.PSEUDO
    assert judged(lost, weights=RED, searches=False).verdict is Alignment.CANNOT_TELL


def test_closed_but_incapable_under_a_shift_is_not_robust():
    verdict = judged(reckoning("blue-door", CLOSED_GAP), reckoning("denser", CLOSED_GAP, competence=0.5))
    assert verdict.verdict is Alignment.CANNOT_TELL
    assert "denser" in verdict.reason
    assert "blue-door" not in verdict.reason
