"""`mesascope compare`: audits of several folders side by side, in one report."""

from pathlib import Path
from typing import Annotated

import typer

from mesascope.cli import options, terminal


def command(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="folders that `mesascope audit` wrote, two or more")
    ],
    out: Annotated[Path, typer.Option(help="the page that is written")] = Path("comparison.html"),
    open_page: options.Open = False,
    json: options.Json = False,
) -> None:
    """Put the audits of several folders side by side, in the terminal and in one report; nothing is measured again."""
    from mesascope.core.errors import UsageError
    from mesascope.core.machine import OTHERWISE, STATISTICAL
    from mesascope.jobs.audit_folder import audits_together
    from mesascope.reports.html import render_report
    from mesascope.reports.study import aggregate, study_document
    from mesascope.reports.terminal import summary
    from mesascope.store.results import write_text

    if len(folders) < 2:
        raise UsageError(f"compare: expected two folders or more, found {len(folders)}; for one: mesascope report DIR")
    audits = audits_together(folders)
    write_text(out, render_report(audits))
    if json:
        terminal.document(study_document(audits))
    else:
        summary(audits, out)
        if aggregate(audits)["comparison"] == STATISTICAL:
            terminal.line(OTHERWISE)
    if open_page:
        options.show_page(out)
