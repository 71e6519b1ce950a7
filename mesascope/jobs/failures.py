"""Jobs that failed: the run goes on without them, and they are not tried again before that is asked for."""

import os
from pathlib import Path

from mesascope.core.errors import MesascopeError, as_subject_error, said
from mesascope.jobs.job import Job
from mesascope.store.fs import remove
from mesascope.store.journal import FINGERPRINT, Journal


class Failures:
    """A journal of what was raised by which job, beside the results.

    Args:
        path: its file, `failures.jsonl`.
    """

    def __init__(self, path: Path):
        self._journal = Journal(path)

    def __contains__(self, fingerprint: str) -> bool:
        return fingerprint in self.there()

    def there(self) -> set[str]:
        """Fingerprints of the jobs that failed by now."""
        self._journal.refresh()
        return self._journal.fingerprints()

    def put(self, job: Job, error: Exception) -> None:
        """Keep what a job raised. With MESASCOPE_DEBUG set, a fault of Mesascope's own is raised instead."""
        known = error if isinstance(error, MesascopeError) else as_subject_error(error)
        if known is None and os.environ.get("MESASCOPE_DEBUG"):
            raise error
        code = "internal" if known is None else known.code
        message = said(error) if known is None else str(known)
        self._journal.add({FINGERPRINT: job.fingerprint, "label": job.label, "code": code, "message": message})

    def of(self, fingerprints: list[str]) -> list[dict[str, str]]:
        """What was kept of these jobs, in their order."""
        kept = (self._journal.find(fingerprint) for fingerprint in dict.fromkeys(fingerprints))
        return [found for found in kept if found is not None]

    def forget(self) -> None:
        """Try all of them again: the file is removed."""
        remove(self._journal.path)
        self._journal.refresh()
