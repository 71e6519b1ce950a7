"""Put reproductions into reproductions.md: `python docs/reproductions.py DIR`.

DIR holds a folder for each, as `mesascope reproduce NAME --out DIR/NAME` writes them; without its folder a block stays as it is.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from blocks import put, table

from mesascope.reports.numbers import estimate_text
from mesascope.reports.reproduced import claims_table, rows_table
from mesascope.studies.reproductions.published import REPRODUCTIONS

PAGE = Path(__file__).with_name("reproductions.md")
COMMAND = "python docs/reproductions.py DIR"


def block(document: dict[str, Any]) -> str:
    """A reproduction in Markdown."""
    told = [
        f"- {name}: {document[key]}." for name, key in (("Published", "source"), ("Theirs", "theirs"), ("Ours", "ours"))
    ]
    seeds = re.search(r"--seeds \d+", document["command"])
    asked = f" {seeds[0]}" if seeds else ""
    because = [f"- {why}" for why in document["because"]]
    return "\n\n".join(
        [
            document["question"],
            "\n".join([*told, f"- `mesascope reproduce {document['name']}{asked}`"]),
            table(*claims_table(document, estimate_text)),
            table(*rows_table(document, estimate_text)),
            "Why the numbers differ:",
            "\n".join(because),
        ]
    )


def main(folder: Path) -> None:
    """Rewrite the block of every reproduction that was made."""
    made = {}
    for name in REPRODUCTIONS:
        found = folder / name / "reproduction.json"
        if found.exists():
            made[name] = block(json.loads(found.read_text(encoding="utf-8")))
        else:
            print(f"{found} is not there: the block of {name} stays as it is", file=sys.stderr)
    put(PAGE, COMMAND, made)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
