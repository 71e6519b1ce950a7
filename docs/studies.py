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

from blocks import put, table

from mesascope.reports.numbers import estimate_text, number, real
from mesascope.reports.studied import conditions_table, failure_lines, said

COMMAND = "python docs/studies.py PAGE STUDIES"


def block(document: dict[str, Any]) -> str:
    """Command, table, differences and failures of a study, in Markdown."""
    failed = [f"- {text}" for text in failure_lines(document)]
    parts = [f"`{document['command']}`", table(*conditions_table(document, estimate_text)), compared(document)]
    return "\n\n".join([*parts, *(["\n".join(failed)] if failed else ["No seed was a capability failure."])])


def compared(document: dict[str, Any]) -> str:
    """Readout by readout: the p-value of no difference, as it is and adjusted, and every condition less the reference."""
    reference, found = document["reference"], document["differences"]
    columns = ["", *(said(row["readout"]) for row in found)]
    rows = [[f"{name} less {reference}", *cells] for name, cells in against(document).items()]
    rows.append(["p that seeds dealt out at random differ as much", *(number(real(row["p"]), 4) for row in found)])
    rows.append(["the same, for as many readouts", *(number(real(row["adjusted"]), 4) for row in found)])
    return table(columns, rows)


def against(document: dict[str, Any]) -> dict[str, list[str]]:
    """Differences from the reference by condition, in the order of the readouts; empty where there is no reference."""
    by_readout = [document["against_reference"].get(row["readout"], {}) for row in document["differences"]]
    names = [condition["name"] for condition in document["conditions"]]
    return {
        name: [estimate_text(by[name]) for by in by_readout] for name in names if all(name in by for by in by_readout)
    }


def main() -> None:
    """Rewrite every block of the page whose study was run."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    page, folder = Path(sys.argv[1]), Path(sys.argv[2])
    made = {}
    for name in re.findall(rf"<!-- ([\w-]+): {re.escape(COMMAND)} -->", page.read_text(encoding="utf-8")):
        found = folder / name / "study.json"
        if found.exists():
            made[name] = block(json.loads(found.read_text(encoding="utf-8")))
        else:
            print(f"{found} is not there: the block of {name} stays as it is", file=sys.stderr)
    put(page, COMMAND, made)


if __name__ == "__main__":
    main()
