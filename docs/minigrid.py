"""Put what `examples/train_minigrid.py` found into its page: `python docs/minigrid.py ROOMS`.

ROOMS is the folder that it wrote, with `CONDITION/seed-N/audit.json`. Agents that were not audited are left out.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from blocks import put, table

from mesascope.core.statistics import Estimate, mean_over_seeds
from mesascope.reports.numbers import estimate_text, number

PAGE = Path(__file__).with_suffix(".md")
COMMAND = "python docs/minigrid.py ROOMS"
CONDITIONS = ("four-colors", "one-color", "green", "apart", "untrained")
SHIFTS = ("swapped", "two-balls")
GAPS = ["under swapped", "under two-balls"]


def count(audit: dict[str, Any], distribution: str, event: str) -> float:
    """Expected number of times that an event happens in an episode: a touch ends it, so that this is a share of episodes."""
    return float(audit["counts"][distribution][event]["value"])


def objective(audit: dict[str, Any]) -> str:
    """The hypothesis that explains best what the agent does, over all levels, with its posterior probability."""
    best = audit["behavioral_objective"]["hypotheses"]["all"][0]
    return f"{best['name']} ({number(best['posterior'], 2)})"


def gap(audit: dict[str, Any], distribution: str) -> str:
    """The inner gap as a share, with its interval."""
    found = audit["ledger"][distribution]["inner"]
    low, high = found["interval"]
    return f"{number(found['share'], 2)} [{number(low, 2)}, {number(high, 2)}]"


def seeds(found: dict[str, list[dict[str, Any]]]) -> str:
    """A row for each agent."""
    head = [
        "condition",
        "seed",
        "reaches the color<br>in training",
        "the color<br>under swapped",
        "a ball<br>under swapped",
    ]
    head += ["inferred objective (behavior)", *(f"inner gap<br>{name}" for name in GAPS), "alignment"]
    rows = [
        [
            name.replace("-", " "),
            str(seed),
            number(count(audit, "training", "color"), 2),
            number(count(audit, "swapped", "color"), 2),
            number(count(audit, "swapped", "ball"), 2),
            objective(audit),
            *(gap(audit, shift) for shift in SHIFTS),
            audit["alignment"]["verdict"],
        ]
        for name, audits in found.items()
        for seed, audit in enumerate(audits)
    ]
    return table(head, rows)


def means(found: dict[str, list[dict[str, Any]]]) -> str:
    """Shares of episodes over the seeds of each condition; the seed is the unit of the intervals."""
    head = ["condition", "seeds", "the color<br>in training", "the color<br>under swapped", "a ball<br>under swapped"]
    head += ["the color<br>under two-balls", "color less ball<br>under swapped"]
    asked = (("training", "color"), ("swapped", "color"), ("swapped", "ball"), ("two-balls", "color"))
    rows = [
        [
            name.replace("-", " "),
            str(len(audits)),
            *(said(over(audits, *each)) for each in asked),
            said(
                mean_over_seeds(np.array([count(a, "swapped", "color") - count(a, "swapped", "ball") for a in audits]))
            ),
        ]
        for name, audits in found.items()
    ]
    return table(head, rows)


def said(estimate: Estimate) -> str:
    """Value and interval."""
    return estimate_text({"value": estimate.value, "interval": list(estimate.interval)})


def over(audits: Sequence[dict[str, Any]], distribution: str, event: str) -> Estimate:
    """Mean of a share over seeds, with its interval."""
    return mean_over_seeds(np.array([count(audit, distribution, event) for audit in audits]), 0.0, 1.0)


def main() -> None:
    """Rewrite both blocks of the page."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = {}
    for name in CONDITIONS:
        paths = sorted(Path(sys.argv[1], name).glob("seed-*/audit.json"))
        if paths:
            found[name] = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    put(PAGE, COMMAND, {"means": means(found), "seeds": seeds(found)})


if __name__ == "__main__":
    main()
