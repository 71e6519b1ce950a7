"""Measuring one question: all its workers are prepared, then asked in turn, repeat after repeat."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.peers.conversation import WORKERS, Worker
from benchmarks.peers.environments import ROOT, Environment, PeerError
from benchmarks.peers.plan import Case

PATIENCE = 600.0
"""Seconds that a worker may take to prepare, or to measure once."""
PATIENCE_PER_CPU = 10.0
"""Seconds more for each CPU-second that a training may take: the machine may be shared."""


class Row(NamedTuple):
    """What became of a case: its repeats, or why there are none (`failed`); repeats before a failure are kept."""

    case: Case
    about: dict
    repeats: tuple[dict, ...]
    peak_mb: float | None
    ready: dict
    failed: str | None


class _Entry:
    """A case under way."""

    def __init__(self, case: Case):
        self.case, self.worker, self.about, self.repeats = case, None, {}, []
        self.ready: dict = {}
        self.peak: float | None = None
        self.failed: str | None = None

    def attempt(self, work: Callable[[], None]) -> None:
        """Do it unless the case has failed; a failure ends its worker and nobody else's."""
        if self.failed is not None:
            return
        try:
            work()
        except (PeerError, OSError) as error:
            self.failed = str(error)
            self.close()

    def start(self, command: list[str], log: Path, extra: dict[str, str]) -> None:
        self.worker = Worker(command, log, extra)
        held = self.worker.hear("ready", PATIENCE)
        self.about = held["about"]
        self.ready = {name: held.get(name) for name in ("seconds", "cpu")}

    def once(self, repeat: int) -> None:
        patience = PATIENCE + PATIENCE_PER_CPU * self.case.options.get("cap", 0.0)
        self.worker.ask(f"go {repeat}")
        self.repeats.append(self.worker.hear("measured", patience)["values"])

    def end(self) -> None:
        self.worker.ask("end")
        self.peak = self.worker.hear("end", 60.0)["peak_mb"]

    def close(self) -> None:
        if self.worker is not None:
            self.worker.close()

    def row(self) -> Row:
        return Row(self.case, self.about, tuple(self.repeats), self.peak, self.ready, self.failed)


def command(case: Case, python: Path, options: Mapping[str, object]) -> list[str]:
    """How a case's worker is started."""
    return [str(python), str(WORKERS / f"with_{case.who}.py"), case.job, json.dumps({**case.options, **options})]


def measure(
    found: Sequence[Case],
    environments: Mapping[str, Environment | PeerError],
    repeats: int,
    work: Path,
    say: Callable[[str], None] = lambda _: None,
) -> list[Row]:
    """Rows of the cases of one question.

    Workers persist over the repeats: each compiles once, and the repeats of all interleave, so that a machine that
    slows down slows all of them. They all wait in memory meanwhile; one question at a time.
    """
    entries = [_Entry(case) for case in found]
    logs = work / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    shared = {"mazes": str(work / "mazes.npz")}
    try:
        for number, entry in enumerate(entries):
            case, place = entry.case, environments[entry.case.who]
            if isinstance(place, PeerError):
                entry.failed = str(place)
                continue
            say(f"{case.job}: {case.name}: preparing")
            extra = {"PYTHONPATH": str(ROOT)} if case.ours else {}
            log = logs / f"{case.job}-{number}-{case.who}.txt"
            line = command(case, place.python, shared)
            entry.attempt(lambda e=entry, c=line, g=log, x=extra: e.start(c, g, x))
        for repeat in range(repeats):
            say(f"{found[0].job}: repeat {repeat + 1} of {repeats}")
            for entry in entries:
                entry.attempt(lambda e=entry, r=repeat: e.once(r))
        for entry in entries:
            entry.attempt(entry.end)
    finally:
        for entry in entries:
            entry.close()
    return [entry.row() for entry in entries]
