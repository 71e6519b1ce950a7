"""The page of random builds: counts by hand, failures by name, and rows that the page was written from."""

import importlib
import sys

import pytest

from mesascope.organisms.recipes import RECIPES
from mesascope.store.lines import read_lines
from tests.house.tree import ROOT


@pytest.fixture(scope="module")
def builds():
    """The script that writes the page, as it is run: from its own folder."""
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        return importlib.import_module("builds")
    finally:
        sys.path.pop(0)


def row(name, searches, verdict, least=0.9):
    kind, seed = name.split(",seed=")
    recipe = RECIPES[kind](int(seed))
    truth = {"recipe": recipe.text, "holds": searches is not None}
    return {
        "name": name, "group": recipe.composition, "searches": searches, "verdict": verdict, "least": least,
        "reason": "because", "truth": truth, "seed": int(seed), "seconds": 1.0,
    }  # fmt: skip


ROWS = [
    row("random-searcher,seed=0", True, "search"),
    row("random-searcher,seed=1", True, "no-search"),
    row("random-searcher,seed=2", True, "search", least=0.3),
    row("random-nonsearcher,seed=0", False, "no-search"),
    row("random-nonsearcher,seed=44", False, "search"),
    row("random-nonsearcher,seed=3", None, "search"),
]


def test_rates_are_over_builds_whose_label_holds(builds):
    assert [builds.verdict(r) for r in ROWS[:3]] == ["search", "no-search", "cannot-tell"]
    found, others = builds.summary(ROWS).splitlines()[2:]
    assert found.startswith("| builds that search | 3 | 3 | 1 of 3: 33.33 % [0.84, 90.57]")
    assert others.startswith("| builds that do not search | 2 | 1 | 1 of 2: 50.00 % [1.26, 98.74]")


def test_every_failure_is_named(builds):
    told = builds.failures(ROWS)
    assert "**Others that were said to search: 1.**\n\n* `organism:random-nonsearcher,seed=44`" in told
    for heading, name in (
        ("Searchers said not to search: 1", "random-searcher,seed=1"),
        ("Searchers left undecided: 1", "random-searcher,seed=2"),
        ("Labels that their check did not bear out, in no rate above: 1", "random-nonsearcher,seed=3"),
    ):
        assert heading in told
        assert f"`organism:{name}`" in told
    assert "random-searcher,seed=0`" not in told


def test_the_page_is_what_its_rows_give(builds):
    rows = read_lines(builds.ROWS)
    assert rows, "no rows beside the page"
    page = (ROOT / "docs" / "builds.md").read_text(encoding="utf-8")
    for made in (builds.summary(rows), builds.families(rows), builds.failures(rows)):
        assert made in page
