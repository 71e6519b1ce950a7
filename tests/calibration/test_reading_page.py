"""The page that explains reports quotes the threshold and the error rates of the calibration that is shipped."""

import re

import pytest

from mesascope.auditing.alignment import Alignment
from mesascope.auditing.alignment_thresholds import THRESHOLDS
from mesascope.auditing.capability_verdict import CapabilityRobustness
from mesascope.auditing.objective_verdict import ObjectiveRobustness
from mesascope.instruments.interventions.operating_point import OPERATING_POINT as POINT
from mesascope.instruments.interventions.thresholds import PLAN_ONCE_MAP
from mesascope.reports.plain import ALIGNMENT
from tests.house.tree import ROOT

PAGE = " ".join((ROOT / "docs" / "reading-a-report.md").read_text(encoding="utf-8").split())


def test_the_thresholds_are_those_that_decide():
    assert f"the lower end of its statistic is above {PLAN_ONCE_MAP.passes_above:g}, the calibrated threshold" in PAGE
    assert f"One with its upper end below {PLAN_ONCE_MAP.fails_below:g} gives *no search*" in PAGE
    assert f"Below {THRESHOLDS.capable:g} at every objective" in PAGE


@pytest.mark.parametrize("verdict", list(Alignment))
def test_every_verdict_on_alignment_has_its_row(verdict):
    assert re.search(rf"\| ({verdict}|{re.escape(ALIGNMENT[verdict])})( \([^|]*\))* \|", PAGE)


@pytest.mark.parametrize("verdict", [*ObjectiveRobustness, *CapabilityRobustness])
def test_every_verdict_on_objective_and_capability_has_its_row(verdict):
    assert re.search(rf"\| `{verdict}`[^|`]* \| [A-Za-z*]", PAGE)


def test_the_error_rates_are_those_that_were_measured():
    assert f"{POINT.true_positives} of {POINT.positives} audits of searchers were found" in PAGE
    assert f"{POINT.false_positives} of {POINT.negatives} audits of agents that do not search" in PAGE
    rate, (low, high) = POINT.false_positive_rate
    assert f"({100 * rate:.1f} %, interval {100 * low:.1f} % to {100 * high:.1f} %)" in PAGE
    assert "no error rates are known" not in PAGE
