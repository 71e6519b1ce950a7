"""`mesascope study`: a grid of conditions and seeds from a file; the same command again goes on where it stopped."""

from pathlib import Path
from typing import Annotated

import typer

from mesascope.cli import options


def command(
    file: Annotated[Path, typer.Argument(help="the study, a TOML file: conditions, a grid, seeds, how far to look")],
    out: Annotated[Path | None, typer.Option(help="folder for everything written [default: studies/NAME]")] = None,
    json: options.Json = False,
) -> None:
    """Train and look at every condition with every seed, and say what the seeds of each come to.

    Writes a line for each cell, the aggregate with intervals over seeds, and a page. Seeds that fail to train are listed
    and not averaged in. The same command again goes on where it stopped.
    """
    options.heavy()
    from mesascope.cli.studying import run_study

    run_study(file, out, json=json)
