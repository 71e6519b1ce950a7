"""Put the verdict of a finished audit into the README: `python docs/verdict.py DIR`.

DIR is what `mesascope audit red-doors --out DIR` wrote. The table is the one that the command prints, in Markdown,
between the two comments that mark its place.
"""

import json
import sys
from pathlib import Path

from mesascope.reports.plain import conclusion
from mesascope.reports.terminal import verdict_rows

README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- verdict: python docs/verdict.py DIR -->", "<!-- end of verdict -->"


def markdown(audits: list[dict]) -> str:
    """The verdict table and the conclusion."""
    columns, rows = verdict_rows(audits)
    lines = [columns, ["---"] * len(columns), *rows]
    table = "\n".join("| " + " | ".join(cell.replace("\n", "<br>") for cell in line) + " |" for line in lines)
    return f"{table}\n\n> {conclusion(audits)}"


def main() -> None:
    """Read the audits of all seeds and rewrite the block."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    paths = sorted(folder.glob("seed-*/audit.json"), key=lambda path: int(path.parent.name.rpartition("-")[2]))
    audits = [json.loads(path.read_text(encoding="utf-8")) for path in paths or [folder / "audit.json"]]
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        sys.exit(f"{README}: expected a line {BEGIN} and after it a line {END}")
    README.write_text(f"{before}{BEGIN}\n\n{markdown(audits)}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
