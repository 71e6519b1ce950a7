"""Write the pages of this folder that are made from the code: `python docs/write.py`."""

from pathlib import Path

from mesascope.instruments.cards import all_cards
from mesascope.organisms.stepwise import EVERY_ORGANISM
from mesascope.reports.reference import instruments_page, organisms_page

HERE = Path(__file__).parent

(HERE / "instruments.md").write_text(instruments_page(all_cards()), encoding="utf-8")
(HERE / "organisms.md").write_text(organisms_page(EVERY_ORGANISM), encoding="utf-8")
