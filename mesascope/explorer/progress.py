"""How far studies are that are still running, from their journals and locks alone: nothing of them is touched or waited for."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from mesascope.core.errors import StorageError
from mesascope.jobs.cell import CELLS
from mesascope.jobs.study import FAILURES
from mesascope.store.fs import holder
from mesascope.store.journal import Journal


class Progress(NamedTuple):
    """A study that has no document yet, or cells beyond it.

    Attributes:
        id: Its folder's id.
        name: What it is called in the list.
        done: Cells in its journal.
        failed: Cells that raised an error.
        running: Cells that a living process holds.
        conditions: Cells in the journal by condition.
        problem: Why the journal cannot be read; "" where it can.
    """

    id: str
    name: str
    done: int
    failed: int
    running: int
    conditions: dict[str, int]
    problem: str = ""


class Watched:
    """Journals that are looked at again and again: each time only what was added is read."""

    def __init__(self) -> None:
        self._journals: dict[Path, Journal] = {}

    def look(self, name: str, id_: str, folder: Path) -> Progress:
        """How far the study in a folder is now."""
        running = sum(1 for path in folder.glob(".mesascope-*.lock") if holder(path))
        try:
            done, failed = self._journal(folder / CELLS), self._journal(folder / FAILURES)
            rows = [done.find(fingerprint) or {} for fingerprint in sorted(done.fingerprints())]
            counts = Counter(str(row.get("condition", "")) for row in rows)
            return Progress(
                id_, name, len(rows), len(failed.fingerprints() - done.fingerprints()), running, dict(counts)
            )
        except StorageError as error:
            return Progress(id_, name, 0, 0, running, {}, str(error))

    def _journal(self, path: Path) -> Journal:
        journal = self._journals.setdefault(path, Journal(path))
        journal.refresh()
        return journal
