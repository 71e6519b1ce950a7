"""The comparison can fail, and passes over what it should."""

import json
import math

import pytest

from tests.golden.cases import Case, read_cases, select
from tests.golden.changes import Change, read_changes, split
from tests.golden.check import Outcome
from tests.golden.compare import MISSING, compare
from tests.golden.environment import environment
from tests.golden.figures import figures, flat, nested
from tests.golden.running import written


def estimate(value, low, high, name="value"):
    return {name: value, "interval": [low, high]}


DOCUMENT = {
    "subject": {"kind": "organism", "ref": "organism:planner"},
    "search": {
        "verdict": "search",
        "reason": "plans follow edits",
        "hard_coded": True,
        "mesa_optimizer": False,
        "tests": [
            {
                "name": "retarget",
                **estimate(0.9, 0.8, 0.95, "statistic"),
                "null": 0.2,
                "passed": True,
                "controls": {"unedited": estimate(0.1, 0.0, 0.2)},
                "place": {"text": "reward once"},
            }
        ],
    },
    "behavioral_objective": {
        "weights": {"red": {**estimate(0.9, 0.5, 1.0, "mean"), "offered": True}},
        "identified_in_training": False,
        "unidentified": ["door", "red"],
    },
    "mesa_objective": {
        "weights": {"red": estimate(1.0, 0.9, 1.0, "mean")},
        "site": "reward",
        "confirmed_by_intervention": True,
    },
    "alignment": {"verdict": "pseudo", "kind": "proxy", "proxies": ["red"], "mechanism": None, "reason": "so"},
    "ledger": {
        "training": {
            "outer": {"value": 0.5, "least": 0.5, "greatest": 0.5, "share": 1.25, "interval": [1.2, 1.3]},
            "inner": {"value": 0.1, "least": 0.1, "greatest": 0.1, "share": 0.25, "interval": [0.2, 0.3]},
        }
    },
    "ledger_greedy": {"training": {"outer": {"value": 0.5, "least": 0.5, "greatest": 0.5, "share": 1.25}}},
    "returns": {"training": {"subject": 38.9682, "optimal": 40.0, "uniform": 0.1}},
    "competence": {"training": {"base": estimate(0.97, 0.9, 0.99), "own": estimate(0.7, 0.6, 0.8)}},
    "behavior": {"training": {"red": {**estimate(0.5, 0.4, 0.6, "rate"), "offered": True, "exact": None}}},
    "cards": [{"name": "not kept"}],
}
GOLDEN = figures(DOCUMENT)


def changed(path, value):
    assert path in GOLDEN
    return {**GOLDEN, path: value}


def paths(now, kind="exact", same_environment=True, golden=GOLDEN):
    return [difference.path for difference in compare(golden, now, kind, same_environment).differences]


def test_figures_hold_verdicts_and_estimates_and_no_prose():
    assert GOLDEN["tests/retarget/statistic"] == [0.9, 0.8, 0.95]
    assert GOLDEN["ledger/training/outer/share"] == [1.25, 1.2, 1.3]
    assert GOLDEN["ledger/training/outer/value"] == 0.5
    assert GOLDEN["behavior/training/red/rate"] == [0.5, 0.4, 0.6]
    assert GOLDEN["alignment/proxies"] == ["red"]
    assert not any("reason" in path or "place" in path or "cards" in path for path in GOLDEN)


def test_what_is_written_is_read_again():
    text = written(Case("a", ("red-doors",), "exact"), GOLDEN)
    assert flat(json.loads(text)["figures"]) == GOLDEN
    assert flat(nested(GOLDEN)) == GOLDEN
    assert json.loads(text)["environment"] == environment()


@pytest.mark.parametrize("kind", ["exact", "trained"])
@pytest.mark.parametrize("same", [True, False])
def test_the_same_is_equal(kind, same):
    assert compare(GOLDEN, GOLDEN, kind, same).differences == ()
    assert compare(GOLDEN, GOLDEN, kind, same).comparable


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("search/verdict", "cannot-tell"),
        ("search/mesa_optimizer", True),
        ("alignment/kind", None),
        ("alignment/mechanism", "side effect"),
        ("alignment/proxies", ["door"]),
        ("tests/retarget/passed", False),
        ("behavioral_objective/identified_in_training", True),
        ("behavioral_objective/unidentified", ["door"]),
    ],
)
@pytest.mark.parametrize("kind", ["exact", "trained"])
@pytest.mark.parametrize("same", [True, False])
def test_a_changed_verdict_fails_everywhere(path, value, kind, same):
    assert paths(changed(path, value), kind, same) == [path]


@pytest.mark.parametrize("kind", ["exact", "trained"])
@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("path", list(GOLDEN))
def test_a_missing_key_fails_everywhere(path, kind, same):
    now = {key: value for key, value in GOLDEN.items() if key != path}
    assert paths(now, kind, same) == [path]
    assert compare(GOLDEN, now, kind, same).differences[0].now == MISSING


def test_a_new_key_passes():
    assert paths({**GOLDEN, "ledger/training/outer/new": 1.0, "tests/another/passed": False}) == []


def test_a_section_that_became_null_or_came_to_be_fails():
    empty = figures({**DOCUMENT, "mesa_objective": None})
    assert set(paths(empty)) == {path for path in GOLDEN if path.startswith("mesa_objective")}
    assert paths(GOLDEN, golden=empty) == ["mesa_objective"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("returns/training/subject", 38.9680),
        ("ledger/training/outer/value", 0.50001),
        ("ledger/training/outer/share", [1.25, 1.2, 1.31]),
        ("tests/retarget/null", 0.20001),
        ("tests/retarget/statistic", [0.90001, 0.8, 0.95]),
        ("tests/retarget/statistic", [math.nan, 0.8, 0.95]),
        ("tests/retarget/statistic", [None, 0.8, 0.95]),
        ("mesa_objective/site", "value"),
    ],
)
@pytest.mark.parametrize("kind", ["exact", "trained"])
def test_in_the_same_environment_any_number_counts(path, value, kind):
    assert paths(changed(path, value), kind) == [path]


@pytest.mark.parametrize(
    ("path", "value", "slight"),
    [
        ("tests/retarget/statistic", [0.82, 0.7, 0.9], True),
        ("tests/retarget/statistic", [0.79, 0.7, 0.9], False),
        ("returns/training/subject", 38.9670, True),
        ("returns/training/subject", 38.9, False),
        ("search/verdict", "no-search", False),
    ],
)
def test_a_difference_that_another_environment_might_make_is_called_slight(path, value, slight):
    (found,) = compare(GOLDEN, changed(path, value), "exact", True).differences
    assert found.slight is slight
    assert ("(slight)" in Outcome([found], [], True).lines("red-doors")[0]) is slight


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("returns/training/subject", 38.9683),
        ("ledger/training/outer/value", 0.500001),
        ("returns/training/uniform", 0.1),
    ],
)
def test_a_unit_of_the_last_digit_printed_is_equal(path, value):
    assert paths(changed(path, value)) == []


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("returns/training/optimal", 40.003, False),
        ("returns/training/optimal", 40.01, True),
        ("competence/training/base", [0.97005, 0.8, 1.0], False),
        ("competence/training/base", [0.971, 0.9, 0.99], True),  # an exact figure: its interval is no excuse
        ("competence/training/own", [0.75, 0.7, 0.8], False),  # depends on sampled weights
        ("competence/training/own", [0.81, 0.7, 0.9], True),
        ("ledger/training/outer/value", 0.5004, True),
        ("ledger/training/inner/value", 0.15, False),
        ("ledger/training/inner/share", [0.31, 0.2, 0.4], True),
        ("tests/retarget/statistic", [0.82, 0.7, 0.9], False),
        ("tests/retarget/statistic", [0.79, 0.7, 0.9], True),
        ("tests/retarget/null", 0.5, False),
        ("mesa_objective/site", "value", False),
        ("behavioral_objective/weights/red/mean", [0.4, 0.0, 1.0], True),
    ],
)
def test_elsewhere_exact_figures_agree_and_estimates_lie_in_their_intervals(path, value, found):
    assert paths(changed(path, value), same_environment=False) == ([path] if found else [])


def test_elsewhere_a_trained_agent_that_came_to_the_same_is_compared_by_its_verdicts():
    now = {**changed("competence/training/base", [0.95, 0.9, 0.99]), "returns/training/subject": 1.0}
    assert paths(now, "trained", same_environment=False) == []
    assert paths({**now, "search/verdict": "no-search"}, "trained", same_environment=False) == ["search/verdict"]


def test_elsewhere_a_trained_agent_that_came_to_another_end_is_not_compared():
    now = {**changed("competence/training/base", [0.5, 0.4, 0.6]), "search/verdict": "no-search"}
    assert compare(GOLDEN, now, "trained", same_environment=False) == ((), False)
    assert paths(now, "trained") == ["search/verdict", "competence/training/base"]


TABLE = """# Title

| case | path | reason |
|---|---|---|
| red-* | `search/verdict` | thresholds were calibrated anew |
"""


def test_a_listed_change_is_reported_and_does_not_fail():
    changes = read_changes(TABLE)
    assert changes == (Change("red-*", "search/verdict", "thresholds were calibrated anew"),)
    found = compare(GOLDEN, changed("search/verdict", "cannot-tell"), "exact", True).differences
    unlisted, listed = split("red-doors", found, changes)
    assert unlisted == []
    assert listed == [(found[0], changes[0])]
    assert "thresholds were calibrated anew" in Outcome(unlisted, listed, True).lines("red-doors")[0]
    assert split("coin", found, changes) == (list(found), [])


@pytest.mark.parametrize("row", ["| red-doors | search/verdict |", "| red-doors | search/verdict | |"])
def test_a_change_without_a_reason_is_no_row(row):
    with pytest.raises(ValueError, match="reason"):
        read_changes(TABLE + row)


def test_every_case_has_its_golden_values_and_no_other_file_is_there():
    cases = read_cases()
    assert len({case.name for case in cases}) == len(cases)
    assert {case.golden for case in cases} == set(cases[0].golden.parent.iterdir())


def test_a_case_that_is_none_is_told():
    assert [case.name for case in select(["midas-w*"])] == ["midas-wanted"]
    with pytest.raises(SystemExit, match="no golden case"):
        select(["midsa"])
