"""`mesascope report`: the reports of a folder again, from what was measured."""

from pathlib import Path
from typing import Annotated

import typer

from mesascope.cli import options, terminal


def command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="a folder that `mesascope audit` wrote")],
    json: options.Json = False,
) -> None:
    """Write report.html of an audit or a study again, from its audit.json; nothing is measured again."""
    from mesascope.jobs.audit_folder import REPORT, audits_in
    from mesascope.reports.html import render_report
    from mesascope.reports.study import study_document
    from mesascope.reports.terminal import summary
    from mesascope.store.results import write_text

    audits = audits_in(folder)
    write_text(folder / REPORT, render_report(audits))
    if json:
        terminal.document(study_document(audits) if len(audits) > 1 else audits[0])
    else:
        summary(audits, folder / REPORT)
