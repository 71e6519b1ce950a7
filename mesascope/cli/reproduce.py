"""`mesascope reproduce`: published results beside ours."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mesascope.cli import options, terminal
from mesascope.cli.run import run

WIDE = 120
"""Columns of a terminal from which on results are shown as a table."""


def command(
    name: Annotated[str | None, typer.Argument(help="which published result [default: list them]")] = None,
    out: Annotated[
        Path | None, typer.Option(help="folder for everything written [default: reproductions/NAME]")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, max=1000, help="seeds of each condition [as in its study]")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="processes side by side [default: one for each core]")
    ] = None,
    device: options.Device = None,
    open_page: options.Open = False,
    json: options.Json = False,
) -> None:
    """Set a published result beside ours: their number and setting, ours with its interval, and why the two differ.

    Trains the small agents of a study that asks the same question. The same command again resumes it.
    """
    run("reproduce", locals(), _show)


def _show(document: dict[str, Any], page: Path | None) -> None:
    if document["kind"] == "reproductions":
        for each in document["reproductions"]:
            terminal.line(f"{each['name']}: {each['question']} ({each['source']})")
        terminal.line("One of them: mesascope reproduce NAME")
        return
    from mesascope.reports.numbers import estimate_text
    from mesascope.reports.reproduced import claims_table, rows_table

    terminal.line(document["question"])
    terminal.line(f"Published: {document['source']}: {document['theirs']}")
    terminal.line(f"Ours: {document['ours']}")
    for columns, rows in (rows_table(document, estimate_text), claims_table(document, estimate_text)):
        if terminal.console().width >= WIDE and sys.stdout.isatty():
            terminal.table(columns, rows)
        else:
            for row in rows:
                terminal.line("; ".join(f"{column}: {cell}" for column, cell in zip(columns, row, strict=True)))
    for why in document["because"]:
        terminal.line(f"Why the numbers differ: {why}")
    terminal.line(f"Page: {page}")
