"""Audits give what they gave before: verdicts, ledgers, weights and scores, by the public command line."""

from pathlib import Path

import pytest

from tests.golden.cases import HERE, read_cases
from tests.golden.changes import read_changes
from tests.golden.check import judge
from tests.golden.running import check_package, run

CHANGES = read_changes((HERE / "CHANGES.md").read_text("utf-8"))
CASES = [
    pytest.param(case, id=case.name, marks=[pytest.mark.slow] if case.quick else [pytest.mark.slow, pytest.mark.long])
    for case in read_cases()
]


def test_the_package_of_this_checkout_is_run():
    assert check_package() == Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("case", CASES)
def test_an_audit_gives_its_golden_values(case):
    outcome = judge(case, run(case), CHANGES)
    assert [str(difference) for difference in outcome.unlisted] == []
