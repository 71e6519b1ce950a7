"""Put the figures of finished audits into docs/regression.md: `python docs/regression.py DIR [DIR ...]`.

Each DIR is what `mesascope audit regression --set attention=softmax --set layers=3 ... --out DIR` wrote; all audits found
below it are read, one row for each seed.
"""

import json
import sys
from pathlib import Path
from typing import Any

from blocks import put, table

PAGE = Path(__file__).resolve().parent / "regression.md"
COLUMNS = (
    "layers, seed",
    "query loss",
    "nearest of all",
    "its distance",
    "as near",
    "Newton, distance",
    "descent, distance",
    "how much nearer Newton is",
    "Newton and descent apart",
    "search",
)


def estimate(found: Any) -> str:
    """Value and interval, three decimals each."""
    low, high = found["interval"]
    return f"{found['value']:.3f} [{low:.3f}, {high:.3f}]"


def row(audit: dict[str, Any]) -> list[str]:
    """One audited network."""
    found, order = audit["laboratory"], audit["laboratory"]["order"]
    descent = order["rivals"]["gradient descent, up to 32 steps"]
    losses = next(part for part in found["parts"] if part["title"] == "Two losses")
    best = found["best_match"]
    return [
        f"{audit['subject']['architecture']['config']['layers']}, {audit['seed']}",
        estimate(losses["table"]["rows"][0][1]),
        best["algorithm"],
        estimate(best["distance"]),
        ", ".join(name for name in found["level_with_it"] if name != best["algorithm"]) or "none",
        f"{order['newton']}: {estimate(order['distance'])}",
        f"{descent['algorithm'].removeprefix('gradient descent, ')}: {estimate(descent['distance'])}",
        estimate(descent["lead"]),
        estimate(order["apart"]),
        audit["search"]["verdict"],
    ]


def main() -> None:
    """Read the audits and rewrite the block of the page."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    paths = sorted({path for folder in sys.argv[1:] for path in Path(folder).rglob("audit.json")})
    rows = sorted(row(json.loads(path.read_text(encoding="utf-8"))) for path in paths)
    put(PAGE, "python docs/regression.py DIR ...", {"order": table(COLUMNS, rows)})


if __name__ == "__main__":
    main()
