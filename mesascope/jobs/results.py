"""Where results of jobs lie. A result is found by its job's fingerprint, and is on disk, whole, before the next job begins.

Every kind of place follows the same rules: a result that is there is not made again; where a path is the job's own, another
job's result in it raises a `StorageError` and is never overwritten; a damaged file raises a `StorageError` naming it. Where
the same was asked for of an agent that has changed since, its result is kept under another name, and made anew. Processes may
share a place: a file of many results is added to, never written over, and of two results of one job the first stays.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from mesascope.core.errors import StorageError
from mesascope.jobs.job import Done, Job
from mesascope.jobs.leases import held
from mesascope.store.fs import move
from mesascope.store.journal import FINGERPRINT, Journal
from mesascope.store.results import plain, read_json, write_json, write_text

ASKED = "asked"
DIGITS = 6
"""Significant digits of numbers in documents: more than any interval here, and small files."""

ADVICE = "name another folder with --out, or remove this one"


@runtime_checkable
class Results(Protocol):
    """A place for results."""

    def folder(self, job: Job) -> Path:
        """The folder that the job's result goes to; whoever makes it holds a lock there."""

    def find(self, job: Job) -> Any:
        """The job's result, or None. `StorageError` for a damaged file or another job's result in its place."""

    def put(self, job: Job, result: Any) -> Any:
        """Store a result, whole or not at all, and return it as `find` will."""


def refusal(path: Path, kind: str, differ: str) -> StorageError:
    """The error for a path in which another job's result lies."""
    return StorageError(f"{path} holds another {kind} ({differ} differ): {ADVICE}")


class Files(NamedTuple):
    """A JSON document for each job, in a file of its own that holds the fingerprint as well.

    `read` reads and checks one, `then` hears of each that was written.
    """

    path: Callable[[Job], Path]
    read: Callable[[Path], dict[str, Any]] = read_json
    then: Callable[[Path, dict[str, Any]], None] = lambda path, document: None

    def folder(self, job: Job) -> Path:
        """Where the job's document lies."""
        return self.path(job).parent

    def find(self, job: Job) -> dict[str, Any] | None:
        """The job's document, or None where there is no file."""
        path = self.path(job)
        if not path.exists():
            return None
        document = self.read(path)
        if document.get(FINGERPRINT) == job.fingerprint:
            return document
        if job.agent is not None and document.get(ASKED) == job.asked:
            return None
        raise refusal(path, job.kind, "world, subject, settings or versions")

    def put(self, job: Job, result: Any) -> dict[str, Any]:
        """Write the document with its fingerprint; that of an agent that has changed since is kept as `aside` says."""
        path = self.path(job)
        earlier = self.aside(job)
        if earlier is not None:
            move(path, earlier)
        asked = {} if job.agent is None else {ASKED: job.asked}
        write_json(path, {**result, FINGERPRINT: job.fingerprint, **asked}, DIGITS)
        document = self.read(path)
        self.then(path, document)
        return document

    def aside(self, job: Job) -> Path | None:
        """Where the document goes that lies in the job's place and is of its agent before that changed; None where none is."""
        path = self.path(job)
        if job.agent is None or not path.exists():
            return None
        return path.with_name(f"{path.stem}-{str(self.read(path).get(FINGERPRINT))[:12]}{path.suffix}")


class Lines:
    """One result to a line of a journal (JSON Lines), each an object that holds its fingerprint."""

    def __init__(self, path: Path):
        self.journal = Journal(path)

    def folder(self, job: Job) -> Path:
        """Where the job's lease lies."""
        return self.journal.path.parent

    def there(self) -> set[str]:
        """Fingerprints of the jobs that are done by now."""
        self.journal.refresh()
        return self.journal.fingerprints()

    def find(self, job: Job) -> dict[str, Any] | None:
        """The job's result, or None."""
        return self.journal.find(job.fingerprint)

    def put(self, job: Job, result: dict[str, Any]) -> dict[str, Any]:
        """Add the result, unless another process has added one meanwhile: that one is returned."""
        return self.journal.add({**result, FINGERPRINT: job.fingerprint}, DIGITS)


class Table:
    """Many results in one JSON object whose keys are the fingerprints; those of other jobs in it stay."""

    def __init__(self, path: Path):
        self._path = path
        self._found = self._read()

    def folder(self, job: Job) -> Path:
        """Where the job's lease lies."""
        return self._path.parent

    def find(self, job: Job) -> Any:
        """The job's result, or None."""
        if job.fingerprint not in self._found:
            self._found = self._read()
        return self._found.get(job.fingerprint)

    def put(self, job: Job, result: Any) -> Any:
        """Write the file anew with this result beside what is in it by now."""
        with held(self._path.with_name(f".mesascope-{self._path.stem}.lock")):
            found = {job.fingerprint: plain(result, DIGITS), **self._read()}
            write_json(self._path, found)
        self._found = found
        return found[job.fingerprint]

    def _read(self) -> dict[str, Any]:
        return read_json(self._path) if self._path.exists() else {}


def publish(document: Any, path: Path, page: Path, render: Callable[[dict[str, Any]], str]) -> Done:
    """Write a command's document, and the page that shows what the file gives back."""
    write_json(path, document, DIGITS)
    written = read_json(path)
    write_text(page, render(written))
    return Done(written, page)
