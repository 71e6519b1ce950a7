"""Put the figures of finished audits into docs/glyphs.md: `python docs/glyphs.py DIR [DIR ...]`.

Each DIR is what `mesascope audit glyphs ... --out DIR` wrote; all audits found below it are read, one row for each.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from blocks import put, table

from mesascope.core.statistics import rate_of

PAGE = Path(__file__).resolve().parent / "glyphs.md"
COLUMNS = (
    "subject",
    "searches",
    "builds",
    "said to search",
    "said not to",
    "cannot tell",
    "retarget",
    "virtual wall",
    "joint",
)


def row(audit: dict[str, Any]) -> list[str]:
    """One audit: the share of builds with each verdict, with exact intervals, and the mean share that follows each edit."""
    verdicts, tests = audit["laboratory"]["verdicts"], {test["name"]: test for test in audit["search"]["tests"]}
    counts = Counter(verdicts)
    shares = [rate_of(counts[verdict], len(verdicts)).text for verdict in ("search", "no-search", "cannot-tell")]
    followed = [f"{tests[name]['edited']['value']:.2f}" for name in ("retarget", "virtual wall", "joint")]
    searches = "yes" if audit["search"]["hard_coded"] else "no"
    return [audit["subject"]["name"], searches, str(len(verdicts)), *shares, *followed]


def main() -> None:
    """Read the audits and rewrite the block of the page."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    paths = sorted({path for folder in sys.argv[1:] for path in Path(folder).rglob("audit.json")})
    rows = [row(json.loads(path.read_text(encoding="utf-8"))) for path in paths]
    put(PAGE, "python docs/glyphs.py DIR ...", {"rates": table(COLUMNS, rows)})


if __name__ == "__main__":
    main()
