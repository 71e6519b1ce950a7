"""What an audit left in a folder, read back."""

from pathlib import Path
from typing import Any

from mesascope.auditing.document import read_document
from mesascope.core.errors import StorageError, UsageError
from mesascope.core.rng import as_seed
from mesascope.reports.reading import look
from mesascope.store.results import read_json

AUDIT, STUDY, REPORT = "audit.json", "study.json", "report.html"


def read_audit(path: Path) -> dict[str, Any]:
    """An audit; `StorageError` for a file that is none."""
    document = read_json(path)
    read_document(document, str(path))
    try:
        as_seed(document.get("seed", 0))
    except UsageError as error:
        raise StorageError(f"{path}: 'seed': {error}: remove it and run the command again") from None
    return document


def audits_in(folder: Path) -> list[dict[str, Any]]:
    """The audits of a folder in the order of their seeds: its own, or those of a study; `UsageError` where none is."""
    own = [folder / AUDIT] if (folder / AUDIT).exists() else sorted(folder.glob(f"seed-*/{AUDIT}"))
    if not own:
        found = "no such folder" if not folder.exists() else f"no {AUDIT} in it, nor in seed-* below it"
        raise UsageError(f"{folder}: expected a folder that `mesascope audit` wrote, found {found}")
    return sorted((read_audit(path) for path in own), key=lambda audit: int(look(audit, "seed") or 0))
