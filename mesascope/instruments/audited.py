"""The subject of an audit, with what may be said of it that its answers do not show."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from mesascope.core.objective import Objective
from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject
from mesascope.learned.registry import build, config_of, parameter_count
from mesascope.worlds.levels import AbstractLevels


class Training(NamedTuple):
    """How a learned algorithm was made. `curve` holds (updates, competence) pairs on probe levels."""

    base_optimizer: str
    config: dict[str, Any]
    updates: int
    seconds: float | None
    levels_seen: int
    curve: tuple[tuple[int, float], ...] = ()


class AuditSubject(NamedTuple):
    """A subject and its provenance.

    `kind` is `trained`, `saved`, `organism` or `python`. `hard_coded` says whether whatever search it does was built in
    (then it is an optimizer but no mesa-optimizer); None where that is not known. `untrained` is the same architecture
    before training: a control arm, where there is one. An experiment's subject is of a type of its own.
    """

    subject: Any
    kind: str
    ref: str
    name: str
    hard_coded: bool | None
    untrained: AbstractSubject | None = None
    training: Training | None = None
    architecture: Mapping[str, Any] | None = None
    """Name, config and number of parameters, for subjects of which no registered architecture says them."""
    elsewhere: str | None = None
    """How the world that it was trained in differs from the one that it is audited in, where that is known and does."""
    trained_for: Objective | None = None
    """The base objective that it was trained for, where that is not the one that its world or experiment has."""
    known: AbstractLevels | None = None
    """Levels that training went round, where it went round a fixed set."""

    @property
    def recurrent(self) -> bool:
        """Whether the subject has a memory that lasts from step to step of an episode."""
        return bool(getattr(self.subject, "recurrent", False))

    @property
    def open(self) -> bool:
        """Whether its inside can be read and written."""
        return getattr(self.subject, "sites", None) != ()


def untrained_twin(subject: AbstractSubject, inputs: int, seed: int) -> AbstractSubject:
    """A fresh learned algorithm of the same architecture."""
    name, config = config_of(subject)
    return build(name, config, key=named_key(seed, "untrained"), inputs=inputs)


def describe(audited: AuditSubject) -> dict[str, Any]:
    """The `subject` part of the audit document."""
    architecture = audited.architecture
    registered = audited.kind in ("trained", "saved") and isinstance(audited.subject, AbstractSubject)
    if architecture is None and registered:
        name, config = config_of(audited.subject)
        architecture = {"name": name, "config": config, "parameters": parameter_count(audited.subject)}
    return {
        "kind": audited.kind,
        "ref": audited.ref,
        "name": audited.name,
        "open": audited.open,
        "architecture": architecture,
        "training": audited.training,
        **({} if audited.elsewhere is None else {"elsewhere": audited.elsewhere}),
    }
