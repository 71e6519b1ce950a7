"""Cards, pages and the registry of worlds."""

from pathlib import Path

import pytest

from mesascope.core.errors import UsageError
from mesascope.worlds.card import SECTIONS, describe
from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.page import world_page
from mesascope.worlds.registry import WORLDS, make_world

PAGES = Path(__file__).parents[2] / "docs" / "worlds"


def test_the_card_has_every_section_and_says_what_each_knob_does():
    card = describe(RedDoors(alpha=0.2))
    assert {*card.sections, "Configuration"} == set(SECTIONS)
    assert all(card.sections.values())
    knobs = {key.name: key for key in card.config}
    assert set(knobs) == {"size", "openings", "alpha", "salience"}
    assert (knobs["alpha"].default, knobs["alpha"].value) == (0.0, 0.2)
    assert knobs["size"].what == "height and width of a maze, border included; 5 to 25."
    assert card.summary.startswith("Mazes with one door")
    assert card.shifts == RedDoors.shifts


@pytest.mark.parametrize("name", WORLDS)
def test_the_page_in_the_docs_is_up_to_date(name):
    written = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    assert written == world_page(make_world(name)), "run: python docs/worlds/write.py"


def test_there_is_a_page_for_every_world_and_no_other():
    assert {page.stem for page in PAGES.glob("*.md")} == {*WORLDS, "environments", "gymnasium"}


def test_a_world_is_made_by_name_and_config():
    world = make_world("red-doors", size=13, alpha="0.25", salience=2)
    assert isinstance(world, RedDoors)
    assert (world.size, world.openings, world.alpha, world.salience) == (13, 0.25, 0.25, 2.0)
    assert isinstance(world.salience, float)
    assert make_world("red-doors", size="11").size == 11


@pytest.mark.parametrize(
    ("name", "knobs", "message"),
    [
        ("red-dors", {}, "unknown world 'red-dors': did you mean 'red-doors'"),
        (
            "zzzz",
            {},
            "unknown world 'zzzz': valid names: cheese-corner, coin, keys-and-chests, keys-and-chests-partial, red-doors, "
            "sokoban",
        ),
        ("red-doors", {"sise": 9}, "unknown config key of red-doors 'sise': did you mean 'size'"),
        ("red-doors", {"size": 9.5}, "size '9.5': expected a whole number; write e.g. size=9"),
        ("red-doors", {"size": "nine"}, "size 'nine': expected a whole number"),
        ("red-doors", {"size": float("inf")}, "size 'inf': expected a whole number"),
        ("red-doors", {"alpha": "much"}, "alpha 'much': expected a number; write e.g. alpha=0.0"),
        ("red-doors", {"alpha": "nan"}, "alpha 'nan': expected a number"),
        ("red-doors", {"alpha": True}, "alpha 'True': expected a number"),
        ("red-doors", {"alpha": 2}, "alpha 2.0: expected a number from 0 to 1"),
        ("red-doors", {"size": 26}, "size 26: a maze has a size from 5 to 25"),
    ],
)
def test_what_no_world_is_called_or_takes(name, knobs, message):
    with pytest.raises(UsageError) as caught:
        make_world(name, **knobs)
    assert message in str(caught.value)
