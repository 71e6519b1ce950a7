"""The kind of a pseudo-alignment, on evidence made up for it."""

import numpy as np
import pytest

from mesascope.auditing.alignment import Alignment, judge
from mesascope.auditing.kinds import ALIKE, Kind, KindEvidence, read_kind
from mesascope.instruments.kinds.correlation import Correlation
from mesascope.instruments.kinds.deletion import Deletion
from mesascope.instruments.kinds.effort import Effort
from mesascope.instruments.kinds.mechanism import Mechanism
from mesascope.instruments.kinds.openers import HALF, Opener
from mesascope.instruments.kinds.strength import Strength
from tests.auditing.test_alignment import BASE, CLOSED, FEATURES, OPEN, OPENED, RED, estimate, reckoning

NEAR, FARTHER = (0.0, ALIKE - 0.01), (ALIKE + 0.01, ALIKE + 0.2)
GROWS, STAYS = (0.05, 0.2), (-0.05, 0.2)
SIDE_EFFECT = Deletion(estimate(0.9, 1.0), estimate(0.0, 0.0), estimate(0.0, 0.0), estimate(0.0, 0.0))
TOGETHER = Correlation(estimate(0.9, 1.0), estimate(-0.1, 0.1))


def opener(gone, telling=True):
    return Opener("scatter", estimate(*gone), telling)


def evidence(weakest=NEAR, amplified=GROWS, openers=(), deletion=SIDE_EFFECT, effort=None):
    strength = Strength(estimate(*weakest), (1.0,), (estimate(*OPENED),), estimate(*amplified))
    return KindEvidence("blue-door", deletion, TOGETHER, tuple(openers), strength, effort)


@pytest.mark.parametrize(
    ("found", "kind", "mechanism"),
    [
        (evidence(), Kind.APPROXIMATE, None),
        (
            evidence(openers=[opener((0.9, 1.0))]),
            Kind.PROXY,
            Mechanism.SIDE_EFFECT,
        ),  # however near, and however it grows
        (evidence(openers=[opener((0.9, 1.0))], deletion=None), Kind.PROXY, None),
        (evidence(openers=[opener((HALF - 0.1, 1.0))]), Kind.APPROXIMATE, None),
        (evidence(openers=[opener((0.9, 1.0), telling=False)]), Kind.APPROXIMATE, None),
        (evidence(weakest=FARTHER), Kind.PROXY, Mechanism.SIDE_EFFECT),
        (evidence(amplified=STAYS), Kind.APPROXIMATE, None),  # growth is shown and decides nothing
        (evidence(weakest=FARTHER, amplified=STAYS), Kind.PROXY, Mechanism.SIDE_EFFECT),
        (evidence(weakest=(ALIKE - 0.05, ALIKE + 0.05)), None, None),
    ],
)
def test_the_kind_from_the_evidence(found, kind, mechanism):
    read = read_kind(found)
    assert (read.kind, read.mechanism) == (kind, mechanism)
    assert read.reason


def judged(training, *shifted, found=None, searches=True):
    weights = {feature: estimate(*interval) for feature, interval in RED.items()}
    return judge([training, *shifted], weights, BASE, FEATURES, searches, found)


def test_evidence_decides_the_kind_and_not_the_weights():
    home, away = reckoning("training", (0.0, CLOSED - 0.01)), reckoning("blue-door", OPENED)
    assert judged(home, away).kind is Kind.PROXY  # by its weights
    verdict = judged(home, away, found=evidence())
    assert (verdict.verdict, verdict.kind, verdict.mechanism) == (Alignment.PSEUDO, Kind.APPROXIMATE, None)
    verdict = judged(home, away, found=evidence(openers=[opener((0.9, 1.0))]))
    assert (verdict.kind, verdict.mechanism) == (Kind.PROXY, Mechanism.SIDE_EFFECT)
    assert "without scatter" in verdict.reason


def mistaken(inner=(OPEN + 0.5, OPEN + 0.6), capability=(-0.7, -0.5), total=(0.0, CLOSED - 0.01)):
    home = reckoning("training", inner, capability)
    return home._replace(shares={**home.shares, "total": estimate(*total)})


def effort(lost, gained):
    return Effort((), 5.0, estimate(*lost), estimate(*gained))


def test_right_by_mistake_or_misread_is_not_told_without_an_effort():
    verdict = judged(mistaken(), reckoning("blue-door", OPENED))
    assert verdict[:2] == (Alignment.CANNOT_TELL, None)
    assert "no effort of it was varied" in verdict.reason


@pytest.mark.parametrize(
    ("lost", "gained", "kind"),
    [
        ((0.2, 0.9), (0.1, 0.5), Kind.SUBOPTIMALITY),
        ((0.05, 0.9), (0.1, 0.5), None),  # not surely lost
        ((0.2, 0.9), (-0.1, 0.5), None),  # more effort makes it worse at everything
    ],
)
def test_more_effort_must_bear_it_out(lost, gained, kind):
    verdict = judged(mistaken(), reckoning("blue-door", OPENED), found=evidence(effort=effort(lost, gained)))
    assert verdict.kind is kind
    assert verdict.verdict is (Alignment.CANNOT_TELL if kind is None else Alignment.PSEUDO)


@pytest.mark.parametrize(
    "training",
    [
        mistaken(total=(0.0, CLOSED + 0.1)),  # it does not do what was wanted
        mistaken(capability=(-0.7, -OPEN + 0.01)),  # its mistakes do not surely help
        mistaken(inner=(OPEN - 0.01, OPEN + 0.6)),
    ],
)
def test_what_is_not_surely_right_by_mistake_is_not_called_so(training):
    assert judged(training, reckoning("blue-door", OPENED)).verdict is Alignment.CANNOT_TELL


def test_an_objective_that_only_describes_behavior_cannot_be_at_odds_with_it():
    assert judged(mistaken(), reckoning("blue-door", OPENED), searches=False).verdict is Alignment.CANNOT_TELL


def test_weights_of_the_made_up_audit_are_those_of_a_proxy():
    assert np.array_equal(BASE, [1, 0, 0])
    assert RED["red"][0] > RED["door"][1]
