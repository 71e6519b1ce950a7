"""What an audit left in a folder, read back."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mesascope.auditing.document import read_document
from mesascope.core.errors import StorageError, UsageError
from mesascope.core.rng import as_seed
from mesascope.reports.reading import look, part, words
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


def audits_in(folder: Path, writers: str = "`mesascope audit`") -> list[dict[str, Any]]:
    """The audits of a folder in the order of their seeds: its own, or those of a study; `UsageError` where none is, which says
    that what `writers` wrote was expected.
    """
    own = [folder / AUDIT] if (folder / AUDIT).exists() else sorted(folder.glob(f"seed-*/{AUDIT}"))
    if not own:
        found = "no such folder" if not folder.exists() else f"no {AUDIT} in it, nor in seed-* below it"
        raise UsageError(f"{folder}: expected a folder that {writers} wrote, found {found}")
    return sorted((read_audit(path) for path in own), key=lambda audit: int(look(audit, "seed") or 0))


def audits_together(folders: Sequence[Path]) -> list[dict[str, Any]]:
    """The audits of several folders, folder after folder.

    Args:
        folders: Folders that `mesascope audit` wrote, all of one world.

    Returns:
        The audits. Where name and seed do not tell them apart, the folder's name stands behind the agent's.

    Raises:
        UsageError: A folder holds no audit, or audits are of several worlds: their shifts have nothing in common.
    """
    return side_by_side([(folder, audit) for folder in folders for audit in audits_in(folder)])


def side_by_side(found: Sequence[tuple[Path, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Audits with the folders that they are shown as part of, made fit for one report; as `audits_together` says."""
    worlds = sorted({words(audit, "world", "name") for _, audit in found})
    if len(worlds) > 1:
        raise UsageError(f"the audits are of several worlds ({', '.join(worlds)}): compare those of one")
    names = [(words(audit, "subject", "name"), words(audit, "seed")) for _, audit in found]
    if len(set(names)) == len(names):
        return [audit for _, audit in found]
    return [_named(audit, folder) for folder, audit in found]


def _named(audit: dict[str, Any], folder: Path) -> dict[str, Any]:
    subject = dict(part(audit, "subject"))
    return {**audit, "subject": {**subject, "name": f"{subject.get('name')} ({folder.resolve().name})"}}
