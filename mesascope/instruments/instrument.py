"""What every instrument is: a card, what it needs, when it applies, and how it measures.

An audit is a loop over instruments. A package brings its own by an entry point in the group `mesascope.instruments` (see
`mesascope.core.registry`).
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.card import Card
from mesascope.instruments.context import AuditContext
from mesascope.instruments.report_parts import ReportPart
from mesascope.worlds.described import AbstractDescribed

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Finding(NamedTuple):
    """What one instrument found in one audit.

    `value` is what other instruments read (`AuditContext.value`). `fields` are the parts of the audit document that this
    instrument fills (`docs/design/audit-document.md`); only built-in instruments fill any. Everybody else's finding stands under
    `findings` in the document: `summary`, one sentence; `data`, anything that JSON can hold; `parts`, texts, tables and
    figures, which the report draws.

    Example:
        >>> Finding(summary="3 steps", data={"steps": 3}).data["steps"]
        3
    """

    value: Any = None
    fields: Mapping[str, Any] = _NOTHING
    summary: str = ""
    data: Mapping[str, Any] = _NOTHING
    parts: tuple[ReportPart, ...] = ()


class NotRun(NamedTuple):
    """Why an instrument, which applies, measured nothing after it had looked at what others found."""

    reason: str


def always(world: AbstractDescribed, audited: AuditSubject) -> str | None:
    """Applies to every subject in every world."""
    return None


class Instrument(NamedTuple):
    """One measurement of a subject, with its card.

    Attributes:
        card: What it measures, how, and what it cannot see. Its name is the instrument's.
        run: The measurement: a pure function of the context. It reads its random keys from `context.key(name)`.
        needs: Names of instruments whose findings it reads; where one of them did not run, this one does not either.
        after: Names of instruments whose findings it reads where they ran.
        applies: Given the world and the subject, None, or the reason why the instrument cannot be used.
        option: The setting that asks for it (`describe`, `adversary`); "" for one that always runs.
        policy_only: Whether it reads nothing but the samples' policy tables and other findings, so that it may run beside
            instruments that ask the subject more.
        needs_tables: Whether it reads exact tables of levels; False for one that can do in a world that is only played in.

    Example:
        >>> from mesascope.instruments.card import Card
        >>> card = Card("levels seen", "How many.", "Counting.", "None.", "None.", (), "none", ())
        >>> Instrument(card, lambda context: Finding(summary=str(context.settings.levels))).name
        'levels seen'
    """

    card: Card
    run: Callable[[AuditContext], Finding | NotRun]
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    applies: Callable[[Any, AuditSubject], str | None] = always
    option: str = ""
    policy_only: bool = False
    needs_tables: bool = True

    @property
    def name(self) -> str:
        """The card's name."""
        return self.card.name


def in_order(instruments: Iterable[Instrument]) -> list[Instrument]:
    """The instruments so that each comes after those whose findings it reads, otherwise as they are given.

    Raises:
        ValueError: Where instruments need each other in a circle.
    """
    left = {instrument.name: instrument for instrument in instruments}
    ordered: list[Instrument] = []
    while left:
        ready = [i for i in left.values() if not any(name in left for name in (*i.needs, *i.after))]
        if not ready:
            raise ValueError(f"instruments need each other in a circle: {', '.join(left)}")
        first = ready[0]
        ordered.append(left.pop(first.name))
    return ordered
