"""Put the verdict of a finished audit into the README: `python docs/verdict.py DIR`.

DIR is what `mesascope audit red-doors --out DIR` wrote. The table is the one that the command prints, in Markdown,
between the two comments that mark its place.
"""

import json
import sys
from pathlib import Path

from blocks import put, table

from mesascope.reports.plain import conclusion
from mesascope.reports.terminal import verdict_rows

README = Path(__file__).resolve().parents[1] / "README.md"


def markdown(audits: list[dict]) -> str:
    """The verdict table and the conclusion."""
    columns, rows = verdict_rows(audits)
    broken = [[cell.replace("\n", "<br>") for cell in line] for line in (columns, *rows)]
    return f"{table(broken[0], broken[1:])}\n\n> {conclusion(audits)}"


def main() -> None:
    """Read the audits of all seeds and rewrite the block."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    paths = sorted(folder.glob("seed-*/audit.json"), key=lambda path: int(path.parent.name.rpartition("-")[2]))
    audits = [json.loads(path.read_text(encoding="utf-8")) for path in paths or [folder / "audit.json"]]
    put(README, "python docs/verdict.py DIR", {"verdict": markdown(audits)})


if __name__ == "__main__":
    main()
