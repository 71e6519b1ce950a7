"""What every experiment provides: subjects of its own kind, and the instruments that examine them."""

import abc
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

from mesascope.core.errors import UsageError, unknown
from mesascope.core.options import Config, Number, Option, read_options
from mesascope.core.progress import Stage
from mesascope.instruments.audited import AuditSubject
from mesascope.worlds.described import AbstractDescribed

ORGANISM = "organism:"

SECTIONS = (
    "Description",
    "Subjects",
    "Features",
    "Return",
    "Intended goal and base objective",
    "Proxies",
    "Configuration",
    "Version history",
)
"""Sections that the docstring of every experiment has, each opened by its name in bold."""


class Reference(NamedTuple):
    """A reference subject: built, not trained, so that what it does inside is known.

    `searches` is the truth about it, for tests and calibration; no detector may read it.
    """

    what: str
    searches: bool
    options: Mapping[str, Option] = MappingProxyType({})


class Named(NamedTuple):
    """A reference subject as it was asked for: the text as given, its name, every option with its value."""

    ref: str
    name: str
    options: Config


class AbstractExperiment(AbstractDescribed):
    """A world with subjects and instruments of its own kind: audited by the same loop as every other.

    `instruments` are those of its audits, `references` the reference subjects by name, `extras` packages of which results depend
    on whether they are there, `seeds` how many seeds are audited unless asked otherwise. `ranges` are the least and the
    greatest value of a config key, `choices` the names that it may take. An experiment is pure: it reads no file, writes
    none, and speaks through `stage` only.
    """

    ranges: ClassVar[Mapping[str, tuple[float, float]]] = MappingProxyType({})
    choices: ClassVar[Mapping[str, Iterable[str]]] = MappingProxyType({})
    references: ClassVar[dict[str, Reference]] = {}
    extras: ClassVar[tuple[str, ...]] = ()
    seeds: ClassVar[int] = 3

    def __check_init__(self):
        for field, names in self.choices.items():
            if getattr(self, field) not in names:
                raise unknown(f"{field} of {self.name}", getattr(self, field), names)
        for field, (least, most) in self.ranges.items():
            value = getattr(self, field)
            if not least <= value <= most:
                kind = "a whole number" if isinstance(value, int) else "a number"
                raise UsageError(f"{field} {value}: expected {kind} from {least:g} to {most:,}")

    @abc.abstractmethod
    def make_subject(self, seed: int, quick: bool, stage: Stage, ref: str | None = None) -> AuditSubject:
        """The subject of an audit: trained here, or the reference subject that `ref` names.

        `quick` trades width of intervals for time. The same arguments give the same subject. Raises what `named` raises.
        """

    @classmethod
    def identity(cls, ref: str) -> dict[str, Any] | None:
        """What a subject is known by beyond its reference, so that a result is used again for the same subject alone; None
        where the reference says it all.
        """
        return None

    @classmethod
    def named(cls, ref: str) -> Named:
        """The reference subject that `organism:NAME,key=value,...` asks for; `UsageError` naming the nearest one."""
        if not ref.startswith(ORGANISM):
            names = ", ".join(ORGANISM + name for name in cls.references) or "there are none"
            raise UsageError(f"subject '{ref}': experiment {cls.name} takes its reference subjects only: {names}")
        name, *settings = (part.strip() for part in ref.removeprefix(ORGANISM).split(","))
        if name not in cls.references:
            raise unknown(f"organism of {cls.name}", name, cls.references)
        options = cls.references[name].options
        given: dict[str, Number] = {}
        for setting in settings:
            key, equals, value = (part.strip() for part in setting.partition("="))
            if key not in options:
                raise unknown(f"key of organism {name}", key, options)
            if not equals or not value or key in given:
                raise UsageError(f"organism '{name}': '{setting}': write {key}=VALUE, once")
            given[key] = _number(name, key, value, options[key])
        return Named(ref, name, read_options(f"organism {name}", given, options))


def _number(name: str, key: str, text: str, option: Option) -> Number:
    try:
        return int(text) if isinstance(option.default, int) else float(text)
    except ValueError:
        wanted = "a whole number" if isinstance(option.default, int) else "a number"
        raise UsageError(f"organism '{name}': {key} '{text}': expected {wanted}, e.g. {option.default}") from None
