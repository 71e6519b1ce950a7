"""A study in words."""

import pytest

from mesascope.reports.html.studied import render_study
from mesascope.reports.studied import (
    ALL_SEEDS,
    conditions_table,
    counted,
    difference_lines,
    failure_lines,
    heading,
    said,
    verdicts_made,
)

DOCUMENT = {
    "title": "T",
    "question": "Why?",
    "reference": "a",
    "conditions": [
        {"name": "a", "seeds": [0, 1, 2], "capability_failures": {}, "search": {"search": 2, "no-search": 1}},
        {"name": "b", "seeds": [0, 10, 2], "capability_failures": {"10": "weak", "2": "lazy"}, "search": {}},
    ],
    "differences": [
        {"readout": "blue-door/red", "p": 0.01234, "adjusted": 0.02468, "seeds": 4, "conditions": 2},
        {"readout": "weight/red", "p": None, "adjusted": None, "seeds": 1, "conditions": 1},
    ],
    "against_reference": {"blue-door/red": {"b": {"value": -0.25, "interval": [-0.5, 0.0]}}},
}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("blue-door/red", "blue-door: red first"),
        ("blue-door/nothing", "blue-door: nothing"),
        ("training/competence", "training: competence"),
        ("training/share", "training: share of the optimal return"),
        ("weight/red", "weight of red"),
        ("net/ticks", "ticks of thinking"),
        ("net/parameters", "parameters"),
    ],
)
def test_readouts_in_words(name, words):
    assert said(name) == words


def test_failures_are_told_seed_by_seed_in_order():
    assert failure_lines(DOCUMENT) == ["Capability failures of b (2 of 3): seed 2: lazy; seed 10: weak"]


def test_of_many_failures_the_extremes_are_told():
    failed = {"10": "0.7", "2": "0.9", "0": "0.8", "1": "0.8"}
    document = {"conditions": [{"name": "b", "seeds": list(range(11)), "capability_failures": failed}]}
    assert failure_lines(document) == ["Capability failures of b (4 of 11): seeds 0, 1, 2, 10: from “0.7” to “0.9”"]


def test_differences_tell_what_they_rest_on():
    first, against, last = difference_lines(DOCUMENT)
    assert "p = 0.0123 (0.0247 counting that 2 readouts were compared; 4 seeds, 2 conditions)" in first
    assert against == "  b less a: \N{MINUS SIGN}0.25 [\N{MINUS SIGN}0.50, 0.00]"
    assert last == "weight of red: too few competent seeds to compare conditions"


def test_the_table_of_conditions_is_one_for_terminal_and_page():
    told = {
        "show": ["blue-door/red"],
        "conditions": [
            {**condition, "competent": 1, "share_of_all": 0.5, "readouts": {"blue-door/red": at}}
            for at, condition in enumerate(DOCUMENT["conditions"])
        ],
    }
    columns, rows = conditions_table(told, lambda value: ["written", value])
    assert columns == ["condition", "competent seeds", ALL_SEEDS, "blue-door: red first", "search"]
    assert rows == [
        ["a", "1 of 3", ["written", 0.5], ["written", 0], "no-search 1, search 2"],
        ["b", "1 of 3", ["written", 0.5], ["written", 1], ""],
    ]
    page = render_study(told)
    for column in columns:
        assert f">{column}</th>" in page


def test_verdicts_are_counted():
    assert verdicts_made(DOCUMENT) == ["search"]
    assert counted(DOCUMENT["conditions"][0], "search") == "no-search 1, search 2"
    assert heading(DOCUMENT) == "T: Why?"
