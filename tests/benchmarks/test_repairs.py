"""Tables of the study of repairs, from rows made up for it."""

import importlib

import numpy as np
import pytest

from benchmarks.repairs import conditions, jobs
from benchmarks.repairs.conditions import LOOKS, OBJECTIVES, TICKS, TIMES, fingerprint
from benchmarks.repairs.jobs import Job
from benchmarks.repairs.tables import PARTS, bounds, curricula, interval, penalties
from mesascope.core.statistics import mean_of
from mesascope.store.lines import write_lines


@pytest.fixture
def repairs(monkeypatch):
    """The script of the page."""
    monkeypatch.syspath_prepend("docs")
    return importlib.import_module("docs.repairs")


def net(name, seed, earned=0.7, inner=0.0, product=0.05):
    gaps = {"competence": 0.9, "total": 0.1, "outer": 0.0, "inner": inner, "capability": 0.1 - inner, "return": earned}
    term = {"share": 0.5, "given": 2 * product, "product": product, "covers": 0.5}
    return {
        "name": name,
        "seed": seed,
        "ledger": {"training": gaps, "blue-door": gaps},
        "first": {"blue-door": {"door": 0.6, "red": 0.3, "nothing": 0.1}},
        "truth": 0.1,
        "bounds": {"no door is red": term, "no loops": {**term, "product": product / 2}},
        "worst": {"regret": 0.8, "optimal": 0.9},
        "predicate": "no door is red",
    }


def test_intervals_are_students():
    assert interval([0.1, 0.2, 0.3]) == "0.20 [-0.05, 0.45]"  # 4.303 * 0.1 / sqrt(3) = 0.248
    assert interval([0.5]) == "0.50 (one seed)"
    assert interval([]) == ""
    assert interval([0.1, 0.1, 0.1]) == "0.10 [no interval]"
    low, high = mean_of(
        np.array([0.1, 0.2, 0.3]), 0.0, 0.4
    ).interval  # exact, as Student's would leave what a value can be
    assert interval([0.1, 0.2, 0.3], 3, 0, 0.4) == f"0.200 [{low:.3f}, {high:.3f}]"


def test_looks_are_never_more_than_there_were():
    rows = [
        {
            "name": "diagnostic levels",
            "seed": seed,
            "objective": OBJECTIVES[0],
            "needed": {"chosen": 1, "random": None if seed else 30, "random, training": None},
        }
        for seed in range(4)
    ]
    cells = PARTS["diagnostic"](rows).splitlines()[2].split("|")
    low, high = mean_of(np.array([30.0, 40.0, 40.0, 40.0]), 0.0, float(LOOKS)).interval  # Student's would go beyond
    assert cells[4].split(";")[0].strip() == f"37.5 [{low:.1f}, {high:.1f}]"
    assert high <= LOOKS


def test_a_line_of_other_conditions_or_of_none_named_is_not_done_yet(repairs):
    now = fingerprint()
    kept = {"job": "plain", "seed": 0, "conditions": now}
    assert repairs.of_these([kept, {**kept, "conditions": "another"}, {"job": "plain", "seed": 1}]) == [kept]
    numbers = {name: value for name, value in vars(conditions).items() if name.isupper()}
    assert fingerprint(numbers) == now
    for changed in ({"CANDIDATES": numbers["CANDIDATES"] + 1}, {"CONDITIONS": numbers["CONDITIONS"][1:]}):
        assert fingerprint({**numbers, **changed}) != now


def test_what_is_done_under_these_conditions_is_not_done_again_and_the_rest_is(repairs, tmp_path, monkeypatch):
    done = []
    fake = [Job(name, lambda seed, name=name: done.append((name, seed)) or []) for name in ("first", "plain", "other")]
    monkeypatch.setattr(jobs, "jobs", lambda: iter(fake))
    monkeypatch.setattr(repairs, "DRAWS", 1)
    lines = [
        {"job": "plain", "seed": 0, "conditions": fingerprint(), "rows": []},
        {"job": "other", "seed": 0, "rows": []},
    ]
    write_lines(tmp_path / "lines", lines)
    for _ in range(2):
        repairs.run(tmp_path / "lines", 1, None)
        assert done == [("first", 0), ("other", 0)]


def test_differences_are_of_the_same_seed():
    rows = [
        net("replay", 0, inner=0.1),
        net("replay", 1, inner=0.3),
        net("mixed", 0, inner=0.2),
        net("mixed", 1, inner=0.5),
    ]
    text = curricula([*rows, net("mixed", 7, inner=9.0)])
    assert "inner gap -0.15 [-0.79, 0.49] over 2 seeds" in text


def test_the_bound_is_the_largest_product():
    text = bounds([net("plain", seed) for seed in range(2)])
    assert "Truth P(C): 0.10 [0.02, 0.86]. Largest product: 0.05 [0.01, 0.86]" in text


def test_the_dearer_thinking_is_the_less_is_chosen():
    rows = [net("plain" if t == TICKS else f"ticks {t}", 0, earned=0.5 + 0.01 * t) for t in TIMES]
    lines = penalties(rows).splitlines()[2:]
    chosen = [line.split("|")[3].strip() for line in lines]
    assert chosen[0] == f"{TICKS}: 1"
    assert chosen[-1] == f"{TIMES[0]}: 1"


@pytest.mark.parametrize("part", PARTS)
def test_every_table_can_be_made_from_one_seed(part):
    names = ("plain", "mixed", "replay", "repaired", "repaired, ordinary levels", *(f"ticks {t}" for t in TIMES))
    assert "|" in PARTS[part]([net(name, 0) for name in names])
