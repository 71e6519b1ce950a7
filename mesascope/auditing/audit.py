"""One audit: a loop over the instruments in the order of what they need, and one document of what they found."""

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor, Future
from typing import Any

from mesascope.auditing.document import AuditDocument, assemble
from mesascope.auditing.stage_timer import StageTimer
from mesascope.core.progress import Stage, silent
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.context import AuditContext
from mesascope.instruments.instrument import Finding, Instrument, NotRun, in_order
from mesascope.instruments.registry import INSTRUMENTS
from mesascope.instruments.settings import Settings
from mesascope.worlds.described import AbstractDescribed


def audit(
    world: AbstractDescribed,
    audited: AuditSubject,
    settings: Settings,
    seed: int,
    stage: Stage = silent,
    executor: Executor | None = None,
    instruments: Iterable[Instrument] | None = None,
) -> AuditDocument:
    """Examine one subject in one world with every instrument that applies.

    Pure but for the clock: the same arguments give the same document, `seconds` apart.

    Args:
        world: The world, or the experiment, that is audited in.
        audited: The subject and where it came from.
        settings: How much of everything is looked at, and which optional instruments were asked for.
        seed: The seed that all levels and random numbers derive from; 0 to 2^32 - 1.
        stage: Hears what begins, and how much of it is done.
        executor: Runs instruments that read policy tables alone beside the others, where given; one thread is enough.
        instruments: Those to run; all that the world names, or all registered ones, unless given.

    Returns:
        The document, without provenance and fingerprint.

    Raises:
        SubjectError: Where the subject answers with what is no policy.
    """
    timer = StageTimer(stage)
    run = _Run(AuditContext(world, audited, settings, seed, timer.part), timer, executor)
    for instrument in in_order(_instruments(world) if instruments is None else instruments):
        run.take(instrument)
    run.wait()
    return assemble(run.context, run.ran, run.left_out, run.seconds())


def _instruments(world: AbstractDescribed) -> Iterable[Instrument]:
    return INSTRUMENTS.values() if world.instruments is None else world.instruments


class _Run:
    """The loop's state: what ran, what did not and why, and what runs beside."""

    def __init__(self, context: AuditContext, timer: StageTimer, executor: Executor | None):
        self.context, self._timer, self._executor = context, timer, executor
        self.ran: list[Instrument] = []
        self.left_out: dict[str, str] = {}
        self._beside: dict[str, Future[tuple[Finding | NotRun, dict[str, float]]]] = {}
        self._seconds: dict[str, float] = {}
        self._by_name: dict[str, Instrument] = {}

    def take(self, instrument: Instrument) -> None:
        """Run an instrument, or have it run beside, or keep the reason why it is not."""
        for future in self._beside.values():
            if future.done():
                future.result()  # a failure beside is not waited for
        reason = self._reason(instrument)
        if reason is not None:
            self.left_out[instrument.name] = reason
            return
        self._by_name[instrument.name] = instrument
        self._ask()
        if self._executor is not None and instrument.policy_only:
            self._beside[instrument.name] = self._executor.submit(_timed, instrument, self.context)
            return
        self._timer(instrument.name)
        self._keep(instrument, instrument.run(self.context))

    def _ask(self) -> None:
        """The subject is asked by this thread alone, and first: it may be somebody's own code."""
        if "subject" not in vars(self.context) and self.context.world.instruments is None:
            self._timer("asking the subject")
            _ = self.context.samples, self.context.subject

    def _reason(self, instrument: Instrument) -> str | None:
        """Why an instrument is not run; what it reads is waited for."""
        context = self.context
        if instrument.option and not getattr(context.settings, instrument.option):
            return f"not asked for (--{instrument.option})"
        if instrument.needs_tables and not context.world.tabulated:
            return f"it reads exact tables, and {context.world.name} has none: it is played in episodes"
        reason = instrument.applies(context.world, context.audited)
        if reason is not None:
            return reason
        for name in (*instrument.needs, *instrument.after):
            self._collect(name)
        missing = [name for name in instrument.needs if name not in context.findings]
        if not missing:
            return None
        why = self.left_out.get(missing[0])
        return f"it reads '{missing[0]}', which did not run" + (f": {why}" if why else "")

    def _collect(self, name: str) -> None:
        if name in self._beside:
            found, seconds = self._beside.pop(name).result()
            self._seconds.update(seconds)
            self._keep(self._by_name[name], found)

    def _keep(self, instrument: Instrument, found: Finding | NotRun) -> None:
        if isinstance(found, NotRun):
            self.left_out[instrument.name] = found.reason
            return
        self.context.add(instrument.name, found)
        self.ran.append(instrument)

    def wait(self) -> None:
        """Until nothing runs beside any more."""
        for name in list(self._beside):
            self._collect(name)

    def seconds(self) -> Mapping[str, float]:
        """Seconds of every stage; those of what ran beside overlap with the others."""
        return {**self._timer.spent(), **self._seconds}


def _timed(instrument: Instrument, context: AuditContext) -> tuple[Any, dict[str, float]]:
    timer = StageTimer(silent)
    timer(instrument.name)
    found = instrument.run(context)
    return found, timer.spent()
