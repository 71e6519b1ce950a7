"""`mesascope study`: a grid of conditions and seeds from a file; the same command again goes on where it stopped."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mesascope.cli import options, terminal
from mesascope.cli.run import run

WIDE = 120
"""Columns of a terminal from which on conditions are shown as a table."""


def command(
    file: Annotated[Path, typer.Argument(help="the study, a TOML file: conditions, a grid, seeds, how far to look")],
    out: Annotated[Path | None, typer.Option(help="folder for everything written [default: studies/NAME]")] = None,
    json: options.Json = False,
) -> None:
    """Train and look at every condition with every seed, and say what the seeds of each come to.

    Writes a line for each cell, the aggregate with intervals over seeds, and a page. Seeds that fail to train are listed
    and not averaged in. The same command again goes on where it stopped.
    """
    run("study", locals(), _show)


def _show(document: dict[str, Any], page: Path | None) -> None:
    """The table of conditions, what failed, what differs, and where the page is."""
    from mesascope.reports.numbers import estimate_text
    from mesascope.reports.studied import conditions_table, difference_lines, failure_lines, heading

    terminal.line(heading(document))
    columns, rows = conditions_table(document, estimate_text)
    if terminal.console().width >= WIDE and sys.stdout.isatty():
        terminal.table(columns, rows)
    else:  # one record to a line, which no width can fold
        for row in rows:
            terminal.line("; ".join(f"{column} {cell}" for column, cell in zip(columns, row, strict=True)))
    for text in (*failure_lines(document), *difference_lines(document), f"Page: {page}"):
        terminal.line(text)
