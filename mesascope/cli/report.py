"""`mesascope report`: the page of a folder again, from what was measured."""

from pathlib import Path
from typing import Annotated

import typer

from mesascope.cli import options, terminal


def command(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="a folder that `mesascope audit`, `study`, `calibrate` or `tune` wrote"),
    ],
    open_page: options.Open = False,
    json: options.Json = False,
) -> None:
    """Write report.html of an audit, a study, a calibration or a tuning again; nothing is measured again."""
    from mesascope.jobs.pages import write_page
    from mesascope.reports.terminal import summary

    page = write_page(folder)
    if json:
        terminal.document(page.document)
    elif page.audits:
        summary(page.audits, page.path)
    else:
        terminal.line(f"Report: {page.path}")
    if open_page:
        options.show_page(page.path)
