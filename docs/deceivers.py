"""Train the zoo of `deceivers` and put its tables into `deceivers.md`: `python docs/deceivers.py --agents 2`.

Resumes; rows in `deceivers.jsonl`. With `--agents 0` the tables alone are written.
"""

from pathlib import Path

from agents_in_rows import fill, options_of

from mesascope.experiments.deceivers.kinds import KINDS
from mesascope.experiments.deceivers.zoo import RECIPES, make_row

ROWS = Path(__file__).with_name("deceivers.jsonl")


def row(name: str, seed: int, shown: None) -> dict:
    """One model."""
    recipe, kind = name.split("/")
    return make_row(recipe, kind, seed)


if __name__ == "__main__":
    chosen = options_of(__doc__, 2, 0)
    fill(ROWS, [f"{recipe}/{kind}" for recipe in RECIPES for kind in KINDS], chosen, lambda group: None, row)
