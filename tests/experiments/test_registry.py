"""What holds for every experiment: its card, its page, its names, its refusals."""

import re
from pathlib import Path

import pytest

from mesascope.core.errors import UsageError
from mesascope.core.objective import Role
from mesascope.experiments.experiment import SECTIONS
from mesascope.experiments.page import experiment_page, opening_of
from mesascope.experiments.registry import EXPERIMENTS, make_anywhere
from mesascope.worlds.card import describe
from mesascope.worlds.described import TRAINING
from mesascope.worlds.registry import WORLDS

PAGES = Path(__file__).parents[2] / "docs" / "experiments"


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_its_card_is_complete(name):
    experiment = EXPERIMENTS[name]()
    card = describe(experiment)
    assert experiment.name == name
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name)
    assert {*card.sections, "Configuration"} == set(SECTIONS)
    assert all(card.sections.values())
    assert all(key.what for key in card.config)
    assert TRAINING not in card.shifts
    assert (card.intended_goal.role, card.base_objective.role) == (Role.INTENDED, Role.BASE)
    for objective in (card.intended_goal, card.base_objective):
        assert objective.vector(card.features).any()


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_page_in_the_docs_is_up_to_date(name):
    written = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    opening = opening_of(written)
    assert written == experiment_page(EXPERIMENTS[name](), opening), "run: python docs/write.py"
    if opening:
        said = ("**What it shows.**", "**What is arithmetic.**", "**What was found.**", "**What would refute it.**")
        assert [part for part in said if part in opening] == list(said)
        assert "| claim | command | figure | what would have refuted it |" in opening


def test_there_is_a_page_for_every_experiment_and_no_other():
    assert {page.stem for page in PAGES.glob("*.md")} == set(EXPERIMENTS)


def test_no_name_is_taken_twice():
    assert not set(WORLDS) & set(EXPERIMENTS)


@pytest.mark.parametrize(
    ("name", "knobs", "said"),
    [
        ("glyps", {}, "unknown world 'glyps': did you mean 'glyphs'?"),
        ("red-door", {}, "did you mean 'red-doors'?"),
        ("glyphs", {"with": 3}, "unknown config key of glyphs 'with': did you mean 'width'?"),
        ("glyphs", {"width": 1}, "width 1: expected a whole number from 2 to 512"),
    ],
)
def test_names_and_knobs_that_are_none(name, knobs, said):
    with pytest.raises(UsageError) as caught:
        make_anywhere(name, **knobs)
    assert said in str(caught.value)
