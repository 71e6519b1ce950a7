"""`mesascope study`: a grid of conditions and seeds from a file; the same command again goes on where it stopped."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mesascope.cli import options, terminal
from mesascope.cli.run import run
from mesascope.core.errors import UsageError

WIDE = 120
"""Columns of a terminal from which on conditions are shown as a table."""


def command(
    file: Annotated[Path, typer.Argument(help="the study, a TOML file: conditions, a grid, seeds, how far to look")],
    out: Annotated[Path | None, typer.Option(help="folder for everything written [default: studies/NAME]")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="processes side by side [default: one for each core]")
    ] = None,
    engine: Annotated[str, typer.Option(help="where they run: local, ray or slurm")] = "local",
    address: Annotated[
        str | None, typer.Option(help="of a Ray cluster, such as auto [default: start one here]")
    ] = None,
    device: options.Device = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="say what is left, in cells, time and storage; run nothing")
    ] = False,
    status: Annotated[bool, typer.Option("--status", help="say what is done, running, failed and missing")] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="write document and page of the cells that are done")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="try the cells again that failed before")
    ] = False,
    gc: Annotated[bool, typer.Option("--gc", help="list files in the folder that nothing refers to")] = False,
    delete: Annotated[bool, typer.Option("--delete", help="with --gc: remove them")] = False,
    open_page: options.Open = False,
    json: options.Json = False,
) -> None:
    """Train and look at every condition with every seed, and say what the seeds of each come to.

    Writes a line for each cell, the aggregate with intervals over seeds, and a page. Seeds that fail to train are listed
    and not averaged in. The same command again goes on where it stopped, also beside another process that is at it.
    """
    asked = [name for name, given in (("plan", plan), ("status", status), ("partial", partial), ("gc", gc)) if given]
    if len(asked) > 1:
        raise UsageError(f"--{asked[0]} and --{asked[1]}: each is a question of its own: leave one of them out")
    if delete and not gc:
        raise UsageError("--delete says what --gc is to do: add --gc")
    request = {"file": file, "out": out, "workers": workers, "engine": engine, "address": address}
    action = (asked or ["run"])[0] + ("-delete" if delete else "")
    run(
        "study",
        {
            **request,
            "action": action,
            "retry_failed": retry_failed,
            "device": device,
            "open_page": open_page,
            "json": json,
        },
        _show,
    )


def _show(document: dict[str, Any], page: Path | None) -> None:
    """The table of conditions, what failed, what differs, and where the page is; or the answer to another question."""
    if document["kind"] in _ANSWERS:
        for text in _ANSWERS[document["kind"]](document):
            terminal.line(text)
        return
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


def _planned(document: dict[str, Any]) -> list[str]:
    from mesascope.jobs.listener import duration

    if document["seconds_left"] is None:
        time = "Time: not known before a cell is done"
    else:
        left, cores = document["seconds_left"], document["cores"]
        several = f", {duration(left / cores)} of {cores} that are not slower for it" if cores > 1 else ""
        time = f"Time: {duration(left)} of one worker{several} (from {document['seconds_from']} cells that are done)"
    measured = (
        f"from {document['bytes_from']} that are done" if document["bytes_from"] else "from the size of the weights"
    )
    return [
        f"{document['cells']} cells in {document['conditions']} conditions, {document['trainings']} trainings",
        f"Left: {document['left']} cells, {document['trainings_left']} trainings",
        time,
        f"Storage: {_size(document['bytes_now'])} now, {_size(document['bytes_left'])} more ({measured})",
    ]


def _status(document: dict[str, Any]) -> list[str]:
    states = ("done", "running", "failed", "missing")
    lines = [f"{document['out']}: " + ", ".join(f"{document[state]} {state}" for state in states)]
    for name, counts in document["conditions"].items():
        lines.append(f"{name}: " + ", ".join(f"{counts[state]} {state}" for state in states if counts[state]))
    return lines + [f"Failed: {found['label']}: {found['code']}: {found['message']}" for found in document["failures"]]


def _garbage(document: dict[str, Any]) -> list[str]:
    said = "removed" if document["deleted"] else "would be removed by --gc --delete"
    rows = f"{document['rows_of_no_cell']} rows of no cell of this file stay in cells.jsonl"
    return [*document["files"], f"{len(document['files'])} files, {_size(document['bytes'])}, {said}; {rows}"]


_ANSWERS = {"study-plan": _planned, "study-status": _status, "study-gc": _garbage}


def _size(count: int) -> str:
    """`12 kB`, `3.4 MB`."""
    return (
        f"{count / 1e3:.0f} kB" if count < 1e6 else f"{count / 1e6:.1f} MB" if count < 1e9 else f"{count / 1e9:.1f} GB"
    )
