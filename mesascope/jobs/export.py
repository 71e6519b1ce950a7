"""The results in a folder as tables: of a study its cells, of audits their distributions; nothing is measured again.

A study that is not done is exported as far as it is: what stands in `cells.jsonl` beyond the last `study.json` is taken in.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mesascope.core.data_frame import DataFrame
from mesascope.core.errors import UsageError
from mesascope.jobs.audit_folder import STUDY, audits_in
from mesascope.jobs.cell import CELLS, cell_of_label
from mesascope.jobs.study import FAILURES
from mesascope.reports.audit_table import audit_table
from mesascope.reports.reading import items, look, words
from mesascope.store.data_frames import check_format, write_data_frame
from mesascope.store.fs import holder
from mesascope.store.journal import FINGERPRINT, Journal
from mesascope.store.results import read_json
from mesascope.studies.cell_table import cell_table

FORMAT = 1
"""Of the tables: raised when a column changes its name, its type or its meaning."""


class Found(NamedTuple):
    """What a study's folder holds by now: rows, cells that raised an error, and the document that was last written."""

    document: Mapping[str, Any]
    rows: list[dict[str, Any]]
    errors: list[tuple[str, int, str]]
    missing: int | None
    """Cells that are neither; None where no document says how many there are."""


def export(folder: Path, out: Path | None, form: str) -> dict[str, Any]:
    """Write the tables of a folder.

    Args:
        folder: What `mesascope study` or `mesascope audit` wrote to.
        out: Where the tables go; the folder itself where none is named.
        form: `parquet` or `csv`.

    Returns:
        A document: each file with its rows and columns; of a study how many cells failed, run and are missing.

    Raises:
        UsageError: There are no results, two columns go by one name, or a package is not installed.
        StorageError: Results cannot be read, or tables not written.
    """
    check_format(form)
    frames, about = _tables(folder)
    written = []
    for frame in frames:
        path = (out or folder) / f"{frame.name}.{form}"
        write_data_frame(path, frame, form)
        written.append({"path": str(path), "rows": frame.rows, "columns": len(frame.columns)})
    return {"kind": "export", "folder": str(folder), "files": written, **about}


def _tables(folder: Path) -> tuple[list[DataFrame], dict[str, int | None]]:
    found = _study_in(folder)
    if found is None:
        audits = audits_in(folder, "`mesascope study` or `mesascope audit`")
        named = [(words(audit, "subject", "name") or words(audit, "subject", "ref"), audit) for audit in audits]
        return [audit_table(named, _about("audits", words(audits[0], "provenance", "command")))], {}
    if not found.rows and not found.errors:
        raise UsageError(f"{folder}: no cell of the study is done: wait for the first, or run `mesascope study` again")
    about = _about("cells", words(found.document, "command"), words(found.document, "title"))
    competent = look(found.document, "competent")
    tables = [cell_table(found.rows, found.errors, competent, about)]
    audited = [(words(row, "condition"), row) for row in found.rows if row.get("alignment")]
    if audited:
        tables.append(audit_table(audited, {**about, "mesascope.table": "audits"}))
    running = sum(1 for path in folder.glob(".mesascope-*.lock") if path.stem != ".mesascope-study" and holder(path))
    return tables, {"failed": len(found.errors), "running": running, "missing": found.missing}


def _about(table: str, command: str, title: str = "") -> dict[str, str]:
    """The metadata of a table's file."""
    told = {"table": table, "format": str(FORMAT), "command": command, "title": title}
    return {f"mesascope.{key}": value for key, value in told.items() if value}


def _study_in(folder: Path) -> Found | None:
    """What a study has come to in its folder; None where there is no study."""
    document = read_json(folder / STUDY) if (folder / STUDY).exists() else {}
    if document.get("kind") != "study":
        return _of_journal(folder) if (folder / CELLS).exists() or (folder / FAILURES).exists() else None
    rows, not_done = items(document, "rows"), items(document, "not_done")
    if not not_done:
        return Found(document, rows, [], 0)
    # A document that was written while the study ran: what was done since is in the journals, by the fingerprints of its cells.
    results, failures = _all(folder / CELLS), _all(folder / FAILURES)
    errors = []
    for cell in not_done:
        of, named = cell.get(FINGERPRINT), (words(cell, "condition"), int(cell["seed"]))
        if of in results:
            rows.append({**results[of], "condition": named[0]})
        elif of in failures:
            errors.append((*named, _error(failures[of])))
    have = len(rows) - len(items(document, "rows")) + len(errors)
    return Found(document, rows, errors, len(not_done) - have)


def _of_journal(folder: Path) -> Found:
    """Rows and errors of the journals, in the order of conditions and seeds, whichever process was faster."""
    results = _all(folder / CELLS)
    rows = sorted(results.values(), key=lambda row: (str(row["condition"]), row["seed"]))
    errors = []
    for fingerprint, found in _all(folder / FAILURES).items():
        cell = cell_of_label(words(found, "label"))
        if cell is not None and fingerprint not in results:
            errors.append((*cell, _error(found)))
    return Found({}, rows, sorted(errors), None)


def _error(found: Mapping[str, Any]) -> str:
    return f"{found.get('code')}: {found.get('message')}"


def _all(path: Path) -> dict[str, dict[str, Any]]:
    """What a journal holds, by fingerprint."""
    journal = Journal(path)
    found = ((fingerprint, journal.find(fingerprint)) for fingerprint in sorted(journal.fingerprints()))
    return {fingerprint: row for fingerprint, row in found if row is not None}
