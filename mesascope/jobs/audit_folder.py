"""What an audit left in a folder, read back."""

from pathlib import Path
from typing import Any

from mesascope.core.errors import StorageError, UsageError
from mesascope.reports.reading import look
from mesascope.store.results import read_document

AUDIT, STUDY, REPORT = "audit.json", "study.json", "report.html"

_PARTS = ("world", "subject", "search", "alignment")
_FINDINGS = ("ledger", "closed_loop")
"""One of these is in every audit: subjects that walk with a memory have no ledger."""


def read_audit(path: Path) -> dict[str, Any]:
    """An audit; `StorageError` for a file that is none."""
    document = read_document(path)
    missing = [part for part in _PARTS if not isinstance(document.get(part), dict)]
    if not any(isinstance(document.get(part), dict) for part in _FINDINGS):
        missing.append(_FINDINGS[0])
    if missing:
        raise StorageError(f"{path}: expected an audit, found a document without {', '.join(missing)}")
    return document


def audits_in(folder: Path) -> list[dict[str, Any]]:
    """The audits of a folder in the order of their seeds: its own, or those of a study; `UsageError` where none is."""
    own = [folder / AUDIT] if (folder / AUDIT).exists() else sorted(folder.glob(f"seed-*/{AUDIT}"))
    if not own:
        found = "no such folder" if not folder.exists() else f"no {AUDIT} in it, nor in seed-* below it"
        raise UsageError(f"{folder}: expected a folder that `mesascope audit` wrote, found {found}")
    return sorted((read_audit(path) for path in own), key=lambda audit: int(look(audit, "seed") or 0))
