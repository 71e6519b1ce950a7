"""`mesascope list`: what audits, studies, calibrations and tunings lie below a folder."""

from pathlib import Path
from typing import Annotated

import typer

from mesascope.cli import options, terminal


def command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="where to look, folders below it included")] = Path(),
    json: options.Json = False,
) -> None:
    """Every result below DIR: what it is of, what came out, and when it was made."""
    from mesascope.jobs.listed import results_below

    found = results_below(folder)
    if json:
        terminal.document({"results": [row._asdict() for row in found]})
    elif not found:
        terminal.line(f"no results below {folder}; `mesascope audit red-doors` makes some")
    else:
        terminal.table(("folder", "what", "of", "result", "made"), found)
