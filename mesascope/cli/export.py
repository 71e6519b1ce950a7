"""`mesascope export`: the results of a study or of audits as tables."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from mesascope.cli import options, terminal


def command(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="a folder that `mesascope study` or `mesascope audit` wrote")
    ],
    out: Annotated[Path | None, typer.Option(help="folder for the tables [default: DIR]")] = None,
    form: Annotated[
        Literal["parquet", "csv"], typer.Option("--format", help="parquet has types and metadata; csv needs no extra")
    ] = "parquet",
    json: options.Json = False,
) -> None:
    """Write the results in DIR as tables: cells.parquet of a study, audits.parquet of audits; nothing is measured again.

    Of a study that is not done the cells are written that there are so far.
    """
    from mesascope.jobs.export import export

    found = export(folder, out, form)
    if json:
        terminal.document(found)
        return
    for file in found["files"]:
        terminal.line(f"{file['path']}: {file['rows']} rows, {file['columns']} columns")
    for text in _left_out(found):
        terminal.line(text)


def _left_out(found: dict[str, Any]) -> list[str]:
    """What a study's tables do not hold, in words."""
    told = []
    if found.get("failed"):
        told.append(f"{found['failed']} cells raised an error: their rows say which")
    if found.get("running"):
        told.append(f"{found['running']} cells are being made now and are not in the tables")
    if found.get("missing"):
        told.append(f"the study is not done: {found['missing']} of its cells have no row yet")
    if "missing" in found and found["missing"] is None:
        told.append(
            "the study has no study.json yet: how many cells are to come, which are averaged, and which the file no longer asks "
            "for, is not known; `mesascope study FILE --partial` writes it"
        )
    return told
