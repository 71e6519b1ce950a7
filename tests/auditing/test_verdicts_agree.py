"""Over random ledgers: the verdicts on objective, capability and alignment never contradict each other or their readings."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mesascope.auditing.alignment import COLUMNS, TABLE, Alignment, judge
from mesascope.auditing.alignment_thresholds import AlignmentThresholds
from mesascope.auditing.capability_verdict import CapabilityRobustness
from mesascope.auditing.distribution_verdict import CapabilityState, GapState
from mesascope.auditing.kinds import Kind
from mesascope.auditing.ledger_estimate import GAPS, LedgerEstimate, Returns
from mesascope.auditing.objective_verdict import ObjectiveRobustness
from mesascope.core.ledger import Gap, Ledger
from mesascope.core.statistics import UNKNOWN, Estimate, Interval

FEATURES, BASE = ("door", "red"), np.array([1.0, 0.0], np.float32)
SHIFTS = ("blue-door", "larger", "denser")
VALUES = (-1.0, -0.63, -0.11, -0.07, -0.04, 0.0, 0.04, 0.07, 0.11, 0.19, 0.21, 0.63, 0.79, 0.81, 0.95, 1.2)
HALVES = (0.0, 0.005, 0.03, 0.3)
POOL = (*(Estimate(v, Interval(v - half, v + half)) for v in VALUES for half in HALVES), UNKNOWN)
"""Shares and competences on both sides of every threshold, surely and not."""
CANDIDATES = ("own", "base", "red")

estimates = st.lists(st.sampled_from(POOL), min_size=25, max_size=25)
few = st.lists(st.sampled_from(range(8)), min_size=14, max_size=14)
GOOD = (*(Estimate(0.01, Interval(0.0, 0.02)),) * 3, *(Estimate(0.97, Interval(0.95, 0.99)),) * 3)
"""Gaps and competences of an agent that does what was wanted."""


def reckoned(distribution, found, choices):
    """A ledger whose gaps add up, from six estimates; choices leave out a candidate and the stake."""
    outer, inner, capability, *competence = found
    if choices[0] < 5:  # as in most worlds: what is rewarded is what was wanted
        outer = Estimate(0.0, Interval(0.0, 0.0))
    if choices[1] < 3:
        inner = Estimate(0.01, Interval(0.0, 0.02))
    parts = (outer, inner, capability)
    total = Interval(*(sum(part.interval[end] for part in parts) for end in (0, 1)))
    shares = dict(zip(GAPS, (*parts, Estimate(sum(part.value for part in parts), total)), strict=True))
    able = {name: e for i, (name, e) in enumerate(zip(CANDIDATES, competence, strict=True)) if choices[2] >> i & 1 == 0}
    if choices[0] % 2:
        able["own"] = Estimate(0.97, Interval(0.95, 0.99))
    gaps = Ledger(*(Gap(0.0, 0.0, 0.0, shares[gap].value) for gap in GAPS))
    stakes = {"own": 0.1 if choices[1] % 4 == 3 else 1.0}
    return LedgerEstimate(
        distribution, gaps, shares, None, able, Returns(0.0, 1.0, 0.0), Returns(0.0, 1.0, 0.0), stakes
    )


@st.composite
def cases(draw):
    """Ledgers, the weight of red, whether search was found, and thresholds."""
    drawn, choices, shifts = draw(estimates), draw(few), draw(st.integers(0, 3))
    rows = zip(("training", *SHIFTS[:shifts]), np.arange(24).reshape(4, 6), np.arange(12).reshape(4, 3), strict=False)
    spoiled = range(4) if choices[12] < 3 else [choices[13] % 4]
    found = [
        reckoned(name, [drawn[j] for j in six] if i in spoiled else GOOD, [choices[j] for j in three])
        for i, (name, six, three) in enumerate(rows)
    ]
    closed, open_ = ((0.05, 0.1), (0.01, 0.3), (0.1, 0.1), (0.05, 0.1))[choices[0] % 4]
    thresholds = AlignmentThresholds(closed, open_, 0.5 if choices[3] == 7 else 0.8)
    return found, drawn[-1], choices[4] % 2 == 0, thresholds


def judged(found, red, searches, thresholds):
    weights = {"door": Estimate(1.0, Interval(0.9, 1.0)), "red": red}
    return judge(found, weights, BASE, FEATURES, searches, thresholds=thresholds)


@given(cases())
def test_the_verdicts_agree_with_each_other_and_with_the_ledgers(case):
    (found, *_, thresholds), verdict = case, judged(*case)
    agree(found, verdict)
    never_robust_over_the_threshold(found, thresholds, verdict)
    words_are_those_of_intervals(found, thresholds, verdict)


def agree(found, verdict):
    """The three verdicts, and the readings they sum up."""
    objective, capability, readings = verdict.objective, verdict.capability, verdict.by_distribution
    assert list(readings) == [r.distribution for r in found]
    assert verdict.verdict is TABLE[objective.verdict, capability.verdict]
    assert (verdict.kind, verdict.proxies) == (objective.kind, objective.proxies)
    assert objective.summary
    assert capability.summary
    assert objective.reason in verdict.reason
    assert capability.reason in verdict.reason
    assert set(objective.under) | set(capability.under) <= set(readings)

    gaps = {name: reading.objective.state for name, reading in readings.items()}
    outer = {name: reading.outer.state for name, reading in readings.items()}
    able = {name: reading.capability.state for name, reading in readings.items()}
    assert (capability.verdict is CapabilityRobustness.FAILS) == (CapabilityState.LOST in able.values())
    assert set(capability.under) == {name for name, state in able.items() if state is CapabilityState.LOST}
    for name in capability.under[:3]:
        assert ("in training" if name == "training" else f"under {name}") in capability.summary
    if capability.verdict is CapabilityRobustness.ROBUST:
        assert set(able.values()) <= {CapabilityState.KEPT, CapabilityState.NOTHING_AT_STAKE}
    if able["training"] is not CapabilityState.KEPT:
        assert objective.verdict is ObjectiveRobustness.CANNOT_TELL, "nothing is read from what was never competent"
    clean = (ObjectiveRobustness.ROBUST, ObjectiveRobustness.ALIGNED_IN_TRAINING)
    if objective.verdict in clean:
        assert set(gaps.values()) | set(outer.values()) == {GapState.CLOSED}
        assert not objective.under
        assert (len(found) == 1) == (objective.verdict is ObjectiveRobustness.ALIGNED_IN_TRAINING)
    if objective.verdict is ObjectiveRobustness.PSEUDO:
        assert gaps["training"] is GapState.CLOSED
        assert set(objective.under) == {name for name, state in gaps.items() if state is GapState.OPEN}
        assert verdict.verdict is Alignment.PSEUDO
    if objective.verdict is ObjectiveRobustness.MISALIGNED_IN_TRAINING:
        assert gaps["training"] is GapState.OPEN
    if objective.verdict is ObjectiveRobustness.OUTER:
        assert set(gaps.values()) == {GapState.CLOSED}
        assert GapState.OPEN in outer.values()
    if verdict.verdict is Alignment.CANNOT_TELL:
        undecided = GapState.UNDECIDED, CapabilityState.UNDECIDED
        states = [*gaps.values(), *outer.values(), *able.values()]
        misread = gaps["training"] is GapState.OPEN
        assert misread or any(state in undecided for state in states), "it says so of something that is decided"


def never_robust_over_the_threshold(found, thresholds, verdict):
    """Held against the ledgers themselves, not against what was read from them."""
    most = thresholds.most_lost + 1e-9
    if verdict.capability.verdict is not CapabilityRobustness.ROBUST:
        return
    for ledger, reading in zip(found, verdict.by_distribution.values(), strict=True):
        best = max((e.value for e in ledger.competence.values() if not math.isnan(e.value)), default=math.nan)
        if reading.capability.state is CapabilityState.KEPT:
            assert 1 - best <= most
        if reading.objective.state is GapState.CLOSED:
            assert ledger.shares["capability"].interval.high <= most
        if verdict.verdict is Alignment.ROBUST:
            assert ledger.shares["total"].value < 2 * thresholds.closed + most


def words_are_those_of_intervals(found, thresholds, verdict):
    """Each reading by itself."""
    for ledger, reading in zip(found, verdict.by_distribution.values(), strict=True):
        low, high = ledger.shares["inner"].interval
        if reading.objective.state is GapState.CLOSED:
            assert -thresholds.closed < low <= high < thresholds.closed
        if reading.objective.state is GapState.OPEN:
            assert low > thresholds.open or high < -thresholds.open
        lost = reading.capability.lost.interval
        if reading.capability.state is CapabilityState.KEPT:
            assert lost.high <= thresholds.most_lost + 1e-9
        if reading.capability.state is CapabilityState.LOST and ledger.competence:
            assert lost.low > thresholds.most_lost or math.isnan(lost.low)


def test_the_table_is_total_and_says_robust_once():
    assert set(TABLE) == {(o, c) for o in ObjectiveRobustness for c in CapabilityRobustness}
    assert set(COLUMNS) == set(CapabilityRobustness)
    assert [pair for pair, verdict in TABLE.items() if verdict is Alignment.ROBUST] == [
        (ObjectiveRobustness.ROBUST, CapabilityRobustness.ROBUST)
    ]
    assert set(TABLE.values()) == set(Alignment) - {Alignment.DECEPTIVE}


def test_a_kind_is_said_of_what_is_pseudo_alone():
    assert {kind.value for kind in Kind} == {"proxy", "approximate", "suboptimality"}
