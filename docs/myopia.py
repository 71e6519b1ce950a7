"""Put the figures of a finished audit into docs/myopia.md: `python docs/myopia.py DIR`.

DIR is what `mesascope audit two-episodes --out DIR` wrote. Every table between two comments in the page is made here.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from blocks import put, table

PAGE = Path(__file__).resolve().parent / "myopia.md"


def estimate(found: Any) -> str:
    """Value and interval, two digits each."""
    low, high = found["interval"]
    return f"{found['value']:.2f} [{low:.2f}, {high:.2f}]"


def learners(found: dict[str, Any]) -> str:
    """Shares of presses in every setting, and what is said."""
    rows = [
        [
            f"`{name}`",
            found["credit"].get(name, "never updated"),
            estimate(reading["seen"]["nothing_follows"]),
            *(estimate(reading[s]["presses"]) for s in ("seen", "hidden", "seen_swapped", "hidden_swapped")),
            estimate(reading["seen"]["mostly"]),
            f"`{reading['span']}`",
        ]
        for name, reading in found["readings"].items()
    ]
    columns = (
        "learner",
        "credit reaches",
        "nothing follows",
        "seen",
        "hidden",
        "seen, swapped",
        "hidden, swapped",
        "runs that mostly press",
    )
    return table((*columns, "said"), rows)


def discounts(found: dict[str, Any]) -> str:
    """Presses over the cost, and the discount that each learner acts by."""
    losses = found["losses"]
    rows = [
        [f"`{name}`", *(f"{e['value']:.2f}" for e in row), estimate(losses["implied_discount"][name])]
        for name, row in losses["presses"].items()
    ]
    return table(("learner", *(f"cost {cost:g}" for cost in losses["losses"]), "discount it acts by"), rows)


def populations(found: dict[str, Any]) -> str:
    """Population-based training by its numbers."""
    sizes = found["populations"]
    rows = []
    for index, learners in enumerate(sizes["learners"]):
        rows.append([f"{learners} learners", *map(estimate, sizes["presses"][index])])
        rows.append([f"{learners} learners, swapped", *map(estimate, sizes["presses_swapped"][index])])
    return table(("", *(f"every {i} updates" for i in sizes["intervals"])), rows)


PARTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "learners": learners,
    "discounts": discounts,
    "populations": populations,
}


def main() -> None:
    """Read the audit and rewrite every block of the page."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = json.loads((Path(sys.argv[1]) / "audit.json").read_text(encoding="utf-8"))["laboratory"]
    put(PAGE, "python docs/myopia.py DIR", {name: made(found) for name, made in PARTS.items()})


if __name__ == "__main__":
    main()
