"""The page of a folder again, from what was measured: of audits, of a study, of a calibration, of a tuning."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mesascope.core.errors import UsageError
from mesascope.jobs.audit_folder import AUDIT, REPORT, STUDY, audits_in
from mesascope.reports.html import render_report
from mesascope.reports.html.calibration import render_calibration
from mesascope.reports.html.reproduced import render_reproduction
from mesascope.reports.html.studied import render_study
from mesascope.reports.html.tuning import render_tuning
from mesascope.reports.study import study_document
from mesascope.store.results import read_json, write_text

_OTHERS: Mapping[str, Callable[[dict[str, Any]], str]] = {
    STUDY: render_study,
    "calibration.json": render_calibration,
    "tuning.json": render_tuning,
    "reproduction.json": render_reproduction,
}
"""Documents that are no audits, by the files that hold them."""


class OtherPage(NamedTuple):
    """The text of a page that is not of audits, and the document that it shows."""

    text: str
    document: dict[str, Any]


class Page(NamedTuple):
    """A page that was written: its path, what it shows, and the audits in that, if it is of audits."""

    path: Path
    document: Any
    audits: list[dict[str, Any]]


def write_page(folder: Path) -> Page:
    """Write `report.html` of a folder anew.

    Args:
        folder: What `mesascope audit`, `study`, `calibrate` or `tune` wrote to.

    Returns:
        The page.

    Raises:
        UsageError: Nothing in the folder is of any of them.
        StorageError: A document there cannot be read.
    """
    page = folder / REPORT
    other = other_page(folder)
    if other is not None:
        write_text(page, other.text)
        return Page(page, other.document, [])
    if not (folder / AUDIT).exists() and not any(folder.glob(f"seed-*/{AUDIT}")):
        found = "no such folder" if not folder.exists() else f"none of {', '.join((AUDIT, *_OTHERS))} in it"
        raise UsageError(
            f"{folder}: expected a folder that `mesascope audit`, `study`, `calibrate` or `tune` wrote, found {found}"
        )
    audits = audits_in(folder)
    write_text(page, render_report(audits))
    return Page(page, study_document(audits) if len(audits) > 1 else audits[0], audits)


def other_page(folder: Path) -> OtherPage | None:
    """The page of a study, a calibration or a tuning; None for a folder that holds none of them, as one of audits does.

    Raises:
        StorageError: The document cannot be read.
    """
    for name, render in _OTHERS.items():
        if (folder / name).exists():
            document = read_json(folder / name)
            if name == STUDY and document.get("kind") != "study":
                continue  # several audits
            return OtherPage(render(document), document)
    return None
