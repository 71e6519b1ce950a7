"""The audit document: typed, versioned, and assembled from what the instruments of one audit found."""

import inspect
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import ConfigDict, Field, ValidationError

from mesascope.auditing.schema import (
    AlignmentPart,
    BehavioralObjectivePart,
    CardPart,
    EpisodesPart,
    EstimatePart,
    EventPart,
    ExhibitPart,
    FindingPart,
    InstrumentPart,
    LedgerPart,
    MesaObjectivePart,
    Part,
    PortablePart,
    ProvenancePart,
    ReturnsPart,
    SearchPart,
    SubjectPart,
    WorldPart,
)
from mesascope.core.errors import StorageError
from mesascope.core.jsonable import to_json
from mesascope.core.objective import Objective
from mesascope.instruments.audited import describe
from mesascope.instruments.context import AuditContext
from mesascope.instruments.instrument import Instrument
from mesascope.worlds.described import AbstractDescribed

FORMAT = 2
"""The format that is written. Documents of format 1 have neither `instruments` nor `findings`."""

Ledgers = dict[str, LedgerPart]


class AuditDocument(Part):
    """Everything that one audit found: what `audit.json` holds, and what reports read.

    Example:
        >>> world = {"name": "red-doors"}
        >>> found = AuditDocument.model_validate({"format": 1, "world": world, "subject": {}, "seed": 0,
        ...     "search": {"verdict": "cannot-tell"}, "alignment": {"verdict": "cannot-tell"}})
        >>> found.search.verdict, found.ledger
        ('cannot-tell', {})
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    format: Literal[1, 2] = 2
    world: WorldPart
    subject: SubjectPart
    seed: int = 0
    levels: dict[str, int] = {}
    episodes: dict[str, EpisodesPart] = Field(
        default={},
        description="Of a recurrent subject, or in a world without tables: all is measured in episodes, one on each level.",
    )
    distributions_left_out: dict[str, str] = Field(
        default={}, description="Shifts that do not fit the subject, each with the reason."
    )
    search: SearchPart
    behavioral_objective: BehavioralObjectivePart | None = None
    mesa_objective: MesaObjectivePart | None = None
    ledger: Ledgers = {}
    ledger_from_outside: Ledgers = {}
    ledger_greedy: Ledgers = {}
    behavior: dict[str, dict[str, EventPart]] = {}
    counts: dict[str, dict[str, EstimatePart]] = {}
    competence: dict[str, dict[str, EstimatePart]] = {}
    returns: dict[str, ReturnsPart] = Field(default={}, description="By the base objective.")
    returns_by_intended: dict[str, ReturnsPart] = Field(
        default={}, description="By the intended goal, as in the ledger."
    )
    alignment: AlignmentPart
    goal_directedness: dict[str, Any] = {}
    thinking_time: tuple[dict[str, Any], ...] | None = None
    closed_loop: dict[str, Any] | None = None
    description: dict[str, Any] | None = None
    graft: dict[str, Any] | None = Field(default=None, description="Weight patching.")
    worst_level: dict[str, Any] | None = None
    gallery: tuple[ExhibitPart, ...] = ()
    portable: PortablePart | None = Field(default=None, description="The agent itself, where it is a small network.")
    laboratory: dict[str, Any] | None = Field(default=None, description="What an experiment found beyond these fields.")
    findings: dict[str, FindingPart] = Field(
        default={}, description="By instrument: what has no field of its own, as of instruments of installed packages."
    )
    instruments: tuple[InstrumentPart, ...] = Field(
        default=(), description="Which ran and, with the reason, which did not."
    )
    cards: tuple[CardPart, ...] = ()
    provenance: ProvenancePart | None = None
    fingerprint: str | None = Field(default=None, description="A hash of all that the document depends on.")
    asked: str | None = Field(
        default=None,
        description="The same hash without what an agent is that was brought: a command that is repeated after the agent has "
        "changed asks for the same.",
    )

    def to_json(self) -> dict[str, Any]:
        """The document as plain JSON: dicts, lists, strings, numbers, booleans and None. What was never set is left out."""
        return self.model_dump(mode="json", exclude_unset=True)


def read_document(content: Mapping[str, Any], name: str) -> AuditDocument:
    """The document that a file called `name` holds, of this format or the first.

    Raises:
        StorageError: Where the content is no audit, or of a later format; the message names the place.
    """
    found = content.get("format", 1)
    if isinstance(found, int) and found > FORMAT:
        raise StorageError(
            f"{name}: an audit of format {found}; this version reads formats 1 to {FORMAT}: upgrade mesascope"
        )
    try:
        return AuditDocument.model_validate(dict(content))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise StorageError(
            f"{name}: expected an audit, found one whose '{where}' is wrong ({first['msg']}): remove it and run again"
        ) from None


def assemble(
    context: AuditContext,
    ran: Iterable[Instrument],
    left_out: Mapping[str, str],
    seconds: Mapping[str, float],
) -> AuditDocument:
    """One document of what the instruments of an audit found.

    Args:
        context: The audit, with its findings.
        ran: The instruments that ran, in order.
        left_out: The names of those that did not, each with its reason.
        seconds: Seconds of every stage; they stand in the field `seconds` until they move into the provenance.
    """
    fields: dict[str, Any] = {}
    findings: dict[str, Any] = {}
    ran = list(ran)
    for instrument in ran:
        found = context.findings[instrument.name]
        fields = _merged(fields, found.fields)
        if found.summary or found.data or found.parts:
            findings[instrument.name] = {"summary": found.summary, "data": found.data, "parts": found.parts}
    settings = context.settings
    listed = [{"name": i.name, "ran": True} for i in ran]
    listed += [{"name": name, "ran": False, "reason": reason} for name, reason in left_out.items()]
    undecided: dict[str, Any] = {"verdict": "cannot-tell", "tests": [], "hard_coded": context.audited.hard_coded}
    whole = {
        "format": FORMAT,
        "world": of_world(context.world, context.base_objective),
        "subject": describe(context.audited),
        "seed": context.seed,
        "levels": {
            "per_distribution": settings.levels,
            "contested": settings.contested,
            "per_test": settings.per_test,
        },
        "distributions_left_out": dict(context.unfit),
        "search": {**undecided, "mesa_optimizer": False, "reason": left_out.get("search", "")},
        "behavioral_objective": None,
        "mesa_objective": None,
        "ledger": {},
        "behavior": {},
        "alignment": {"verdict": "cannot-tell", "kind": None, "proxies": [], "reason": left_out.get("alignment", "")},
        **fields,
        **_own_findings(context, findings),
        "instruments": listed,
        "cards": [i.card for i in ran],
        "seconds": dict(seconds),
    }
    return AuditDocument.model_validate(to_json(whole))


def _own_findings(context: AuditContext, findings: Mapping[str, Any]) -> dict[str, Any]:
    """What has no field of its own. An experiment's stands together under `laboratory`, as since format 1."""
    if context.world.instruments is None:
        return {"findings": findings}
    parts = [part for found in findings.values() for part in found["parts"]]
    data: dict[str, Any] = {}
    for found in findings.values():
        data = _merged(data, found["data"])
    return {"laboratory": {"parts": parts, **data}}


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Both, the second before the first where they differ; what is a mapping in both is merged alike."""
    both = {
        k: _merged(one[k], v) for k, v in other.items() if isinstance(v, Mapping) and isinstance(one.get(k), Mapping)
    }
    return {**one, **other, **both}


def of_world(world: AbstractDescribed, base: Objective | None = None) -> dict[str, Any]:
    """The world as it was configured, with the base objective of the run: the world's own unless given."""
    return {
        "name": world.name,
        "knobs": dict(vars(world)),
        "description": (inspect.getdoc(type(world)) or "").split("\n")[0],
        "features": list(world.features),
        "intended_goal": dict(world.intended_goal.weights),
        "base_objective": dict((base or world.base_objective).weights),
        "shifts": dict(world.shifts),
        "shift_order": list(world.shifts),
    }
