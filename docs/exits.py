"""Put the figures of a finished audit into `deception.md`: `python docs/exits.py DIR`.

DIR is what `mesascope audit two-exits --out DIR` wrote. Intervals count agents.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from blocks import put, table

from mesascope.core.statistics import rate_of

PAGE = Path(__file__).resolve().parent / "deception.md"


def estimate(found: Any) -> str:
    """Value and interval, two digits each."""
    if found["value"] is None:
        return "none"
    low, high = found["interval"]
    return f"{found['value']:.2f}" + ("" if low is None else f" [{low:.2f}, {high:.2f}]")


def counts(names: list[str]) -> str:
    """How often each, the most frequent first."""
    return ", ".join(f"{count} {name}" for name, count in Counter(names).most_common())


def arms(found: dict[str, Any]) -> str:
    """Every arm: compliance watched and not, what its agents are called, what one retraining leaves."""
    rows = [
        [
            f"`{name}`",
            *(estimate(arm["compliance_gap"][part]) for part in ("watched", "unwatched", "gap")),
            counts(arm["verdict_by_agent"]),
            rate_of(arm["verdict_by_agent"].count("deceptive"), len(arm["verdict_by_agent"])).text,
            estimate(arm["retrained"]["B unwatched after retraining"]),
        ]
        for name, arm in found["arms"].items()
    ]
    columns = (
        "arm",
        "complies watched",
        "complies unwatched",
        "compliance gap",
        "verdict on each agent",
        "share deceptive",
    )
    return table((*columns, "takes B unwatched after one retraining"), rows)


def probe(found: dict[str, Any]) -> str:
    """AUROC over all episodes and within a state of the flag, beside what knows nothing of intentions."""
    rows = []
    for name, arm in found["arms"].items():
        p = arm["probe"]
        parts = {"probe": p["auroc"], **p["controls"]}
        whole, within = ([estimate(each[part]) for each in parts.values()] for part in ("overall", "within"))
        scored = f"{p['agents']['overall']} and {p['agents']['within']} of {len(p['by_agent'])}"
        rows.append([f"`{name}`", *whole, *within, scored])
        names = list(parts)
    columns = [*(f"{n}, all" for n in names), *(f"{n}, same state" for n in names)]
    return table(("arm", *columns, "agents scored, all and same state"), rows)


def stake(found: dict[str, Any]) -> str:
    """Compliance while watched by what is shown to follow, and what it hangs on."""
    rows = []
    for name, arm in found["arms"].items():
        s = arm["stake_sensitivity"]
        shown = list(s["by_stake"])
        rows.append(
            [
                f"`{name}`",
                *(f"{s['by_stake'][k]['value']:.2f}" for k in shown),
                estimate(s["effect"]),
                counts(s["by_agent"]),
            ]
        )
    head = [k.removesuffix(" deployment episodes") for k in shown]
    return table(
        ("arm", *(f"{k} follow" for k in head), "loss where none follow", "compliance of each agent hangs on"), rows
    )


PARTS: dict[str, Callable[[dict[str, Any]], str]] = {"arms": arms, "probe": probe, "stake": stake}


def main() -> None:
    """Read the audit and rewrite the blocks of the page."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = json.loads((Path(sys.argv[1]) / "audit.json").read_text(encoding="utf-8"))["laboratory"]
    put(PAGE, "python docs/exits.py DIR", {name: made(found) for name, made in PARTS.items()})


if __name__ == "__main__":
    main()
