"""Put the results of finished studies into a page: `python docs/studies.py PAGE STUDIES`, e.g. docs/conditions.md studies.

STUDIES holds a folder for each study, as `mesascope study docs/studies/NAME.toml --out STUDIES/NAME` writes them. Every
block between `<!-- NAME: python docs/studies.py PAGE STUDIES -->` and `<!-- end of NAME -->` is made here; a study that was
not run is said to be missing, and its block stays.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from mesascope.reports.numbers import estimate_text
from mesascope.reports.studied import ALL_SEEDS, counted, difference_lines, failure_lines, said, verdicts_made


def block(document: dict[str, Any]) -> str:
    """Command, table, differences and failures of a study, in Markdown."""
    verdicts = verdicts_made(document)
    columns = ["condition", "competent seeds", ALL_SEEDS, *(said(name) for name in document["show"]), *verdicts]
    rows = [
        [
            condition["name"],
            f"{condition['competent']} of {len(condition['seeds'])}",
            estimate_text(condition["share_of_all"]),
            *(estimate_text(condition["readouts"][name]) for name in document["show"]),
            *(counted(condition, part) for part in verdicts),
        ]
        for condition in document["conditions"]
    ]
    lines = ["| " + " | ".join(cells) + " |" for cells in (columns, ["---"] * len(columns), *rows)]
    notes = [f"{'  ' if text.startswith(' ') else ''}- {text.strip()}" for text in difference_lines(document)]
    failed = [f"- {text}" for text in failure_lines(document)]
    parts = [f"`{document['command']}`", "\n".join(lines), "\n".join(notes)]
    return "\n\n".join([*parts, *(["\n".join(failed)] if failed else [])])


def main() -> None:
    """Rewrite every block of the page whose study was run."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    page, folder = Path(sys.argv[1]), Path(sys.argv[2])
    text = page.read_text(encoding="utf-8")
    for name in re.findall(r"<!-- ([\w-]+): python docs/studies.py PAGE STUDIES -->", text):
        begin, end = f"<!-- {name}: python docs/studies.py PAGE STUDIES -->", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        _, ended, after = rest.partition(end)
        if not ended:
            sys.exit(f"{page}: expected a line {end} after the line {begin}")
        found = folder / name / "study.json"
        if not found.exists():
            print(f"{found} is not there: the block of {name} stays as it is", file=sys.stderr)
            continue
        made = block(json.loads(found.read_text(encoding="utf-8")))
        text = f"{before}{begin}\n\n{made}\n\n{end}{after}"
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
