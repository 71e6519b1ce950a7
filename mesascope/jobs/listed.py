"""What results lie below a folder, each in a line."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mesascope.core.errors import StorageError, UsageError
from mesascope.jobs.audit_folder import AUDIT, STUDY
from mesascope.reports.plain import alignment_words, search_words
from mesascope.reports.reading import Audit, items, look, words
from mesascope.store.results import read_json

_KINDS = {AUDIT: "audit", STUDY: "audits", "calibration.json": "calibration", "tuning.json": "tuning"}


class Listed(NamedTuple):
    """One result: its folder, what kind it is, what it is of, what came out, and the day it was made."""

    folder: str
    kind: str
    of: str
    result: str
    made: str


def results_below(folder: Path) -> list[Listed]:
    """Everything that `mesascope audit`, `study`, `calibrate` and `tune` left below a folder, in the order of its paths.

    Args:
        folder: Where to look. Audits of single seeds that are part of several are not listed apart.

    Returns:
        One row for each; a document that cannot be read says so.

    Raises:
        UsageError: There is no such folder.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: expected a folder, found {'a file' if folder.exists() else 'nothing'}")
    return [listed(path, str(path.parent.relative_to(folder))) for path in documents_below(folder)]


def documents_below(folder: Path) -> list[Path]:
    """The documents of everything below a folder, in the order of their paths; audits of single seeds that are part of several
    are not listed apart.
    """
    paths = sorted(path for name in _KINDS for path in folder.rglob(name))
    several = {path.parent for path in paths if path.name == STUDY}
    return [path for path in paths if path.name != AUDIT or path.parent.parent not in several]


def listed(path: Path, folder: str) -> Listed:
    """One result, by its document; `folder` is what its folder is called. A document that cannot be read says so."""
    kind = _KINDS[path.name]
    try:
        return _row(folder, kind, read_json(path))
    except StorageError as error:
        return Listed(folder, kind, "", f"cannot be read: {error}", "")


def _row(folder: str, kind: str, found: Mapping[str, Any]) -> Listed:
    if kind == "audit":
        return Listed(folder, kind, _of(found), _came_to(found), _made(found))
    if kind == "audits" and found.get("kind") != "study":
        audits = items(found, "audits")
        told = "; ".join(f"{count} {came_to}" for came_to, count in Counter(map(_came_to, audits)).items())
        first: Audit = audits[0] if audits else {}
        return Listed(folder, f"{len(audits)} audits", _of(first), told, _made(first))
    if kind == "audits":
        conditions = len(items(found, "conditions"))
        return Listed(folder, "study", words(found, "title"), f"{conditions} conditions", "")
    world = words(found, "world", "name")
    return Listed(folder, kind, world, f"{len(items(found, 'trials') or items(found, 'rows'))} rows", "")


def _of(audit: Audit) -> str:
    return f"{words(audit, 'subject', 'name') or words(audit, 'subject', 'ref')} in {words(audit, 'world', 'name')}"


def _came_to(audit: Audit) -> str:
    return f"{search_words(audit)}, {alignment_words(audit)}"


def _made(audit: Audit) -> str:
    return str(look(audit, "provenance", "created") or "")[:10]
