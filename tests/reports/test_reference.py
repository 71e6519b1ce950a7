"""The pages made from cards and registry say all of it, and the ones in docs are up to date."""

from pathlib import Path

import pytest

from docs.reference import alignment_table, instruments_page, organisms_page, thresholds_table
from mesascope.experiments.registry import every_card
from mesascope.organisms.registry import ORGANISMS

DOCS = Path(__file__).parents[2] / "docs"
WRITE = "run: python docs/write.py"


def test_the_page_of_instruments_is_up_to_date():
    assert (DOCS / "instruments.md").read_text(encoding="utf-8") == instruments_page(every_card()), WRITE


def test_the_page_of_organisms_is_up_to_date():
    assert (DOCS / "organisms.md").read_text(encoding="utf-8") == organisms_page(ORGANISMS), WRITE


@pytest.mark.parametrize(("name", "made"), [("alignment", alignment_table()), ("thresholds", thresholds_table())])
def test_the_published_tables_of_verdicts_and_thresholds_are_those_that_decide(name, made):
    page = (DOCS / "reading-a-report.md").read_text(encoding="utf-8")
    assert f"<!-- {name}: python docs/write.py -->\n\n{made}\n\n<!-- end of {name} -->" in page, WRITE


def test_every_blind_spot_of_every_card_is_on_the_page():
    cards = every_card()
    page = instruments_page(cards)
    assert [spot for card in cards.values() for spot in card.blind_spots if f"- {spot}\n" not in page] == []
    assert all(card.blind_spots for card in cards.values())


def test_every_setting_an_organism_takes_is_explained():
    page = organisms_page(ORGANISMS)
    keys = {key for organism in ORGANISMS.values() for key in organism.keys}
    assert [key for key in keys if f"\n- `{key}`: " not in page] == []
    assert f"| `planner` | {ORGANISMS['planner'].what} | yes | yes |" in page
    assert f"| `lookup` | {ORGANISMS['lookup'].what} | no | no |" in page


def test_every_instrument_has_its_card():
    assert {"search", "mesa-objective", "behavior", "behavioral objective"} <= every_card().keys()
