"""The public check of an instrument, for those that packages bring."""

import json

from mesascope.auditing.audit import audit
from mesascope.auditing.document import AuditDocument
from mesascope.conformance.violations import ConformanceError, Violation
from mesascope.core.errors import MesascopeError, said
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.instrument import Instrument
from mesascope.instruments.registry import INSTRUMENTS
from mesascope.instruments.settings import Settings
from mesascope.worlds.world import AbstractWorld

SMALL = Settings(levels=8, contested=8, per_test=8, implants=8, evidence=8, directed=8, thought=8, certified=64)
"""Sizes of the audits of a check."""


def check_instrument(instrument: Instrument, world: AbstractWorld, subject: AbstractSubject, *, seed: int = 0) -> None:
    """Check that an instrument keeps its promises, by two small audits with what it needs.

    Its card is complete; what it needs is registered; `applies` gives None or a reason; it runs where it applies, and says why
    not where it does not; the same seed gives the same finding; and the finding is one that JSON can hold.

    Args:
        instrument: The instrument.
        world: A world in which it applies.
        subject: A subject to which it applies.
        seed: Seed of the audits.

    Raises:
        ConformanceError: Lists every promise that is broken.

    Example:
        >>> import mesascope as ms
        >>> from mesascope.auditing.built_in.behavior import BEHAVIOR
        >>> world = ms.worlds.red_doors(size=5)
        >>> check_instrument(BEHAVIOR, world, ms.build_organism("compass", world))
    """
    broken = list(_of_card(instrument))
    broken += [
        Violation("what it needs is registered", f"'{name}' is no instrument")
        for name in (*instrument.needs, *instrument.after)
        if name not in INSTRUMENTS
    ]
    if broken:
        raise ConformanceError(f"instrument '{instrument.name}'", broken)
    audited = AuditSubject(subject, "python", instrument.name, type(subject).__name__, None)
    reason = instrument.applies(world, audited)
    if reason is not None:
        found = repr(reason) if isinstance(reason, str) and reason else f"{reason!r}, which is no reason"
        raise ConformanceError(
            f"instrument '{instrument.name}'", [Violation("it applies to what it is checked with", found)]
        )
    settings = SMALL._replace(**({instrument.option: True} if instrument.option else {}))
    try:
        first, second = (audit(world, audited, settings, seed, instruments=_with_needs(instrument)) for _ in range(2))
    except MesascopeError:
        raise
    except Exception as error:
        broken = [Violation("it runs, and JSON can hold what it finds", said(error))]
        raise ConformanceError(f"instrument '{instrument.name}'", broken) from error
    broken += _of_documents(instrument, first, second)
    if broken:
        raise ConformanceError(f"instrument '{instrument.name}'", broken)


def _of_card(instrument: Instrument) -> list[Violation]:
    card = instrument.card
    empty = [name for name, value in card._asdict().items() if not value and name != "references"]
    return [Violation("its card is complete", f"nothing under {', '.join(empty)}")] if empty else []


def _with_needs(instrument: Instrument) -> list[Instrument]:
    """The instrument, and all whose findings it cannot do without."""
    found = {instrument.name: instrument}
    waiting = list(instrument.needs)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = INSTRUMENTS[name]
            waiting += INSTRUMENTS[name].needs
    return list(found.values())


def _of_documents(instrument: Instrument, first: AuditDocument, second: AuditDocument) -> list[Violation]:
    broken = []
    ran = {part.name: part for part in first.instruments}[instrument.name]
    if not ran.ran and not ran.reason:
        broken.append(Violation("it says why it did not run", "no reason"))
    one, other = (_without_seconds(document) for document in (first, second))
    if one != other:
        broken.append(Violation("the same seed gives the same finding", "two audits differ"))
    return broken


def _without_seconds(document: AuditDocument) -> str:
    return json.dumps({key: value for key, value in document.to_json().items() if key != "seconds"}, sort_keys=True)
