"""References to other people's agents: `KIND:PATH,option=value,...`, and the agents that loaders make of them."""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol, runtime_checkable

from mesascope.adapters.replay import ReportedReturn
from mesascope.core.errors import UsageError, unknown
from mesascope.core.subject import AbstractSubject
from mesascope.worlds.world import AbstractWorld

REPORTED = ("expect_return", "expect_episodes", "limit")
"""Options that every kind of agent has."""
SEPARATOR = "/"
"""Between the names of actions in a reference."""


@runtime_checkable
class OutsideAgent(Protocol):
    """An agent that was trained elsewhere. It becomes a subject once it is known which world it is asked in."""

    @property
    def name(self) -> str:
        """What it is called in a report."""

    @property
    def identity(self) -> dict[str, Any]:
        """What an audit of it depends on, beside the arrays of the subject: plain values by name."""

    @property
    def reported(self) -> ReportedReturn | None:
        """The return that its owner reports, with which it is compared when it is replayed; None: it is not replayed."""

    def subject(self, world: AbstractWorld) -> AbstractSubject:
        """The subject that it is in a world; `UsageError` where its view or its actions do not fit."""


class Reference(NamedTuple):
    """A reference, taken apart.

    Attributes:
        path: The file or folder.
        options: Values by name, as text.
    """

    path: str
    options: dict[str, str]


def parse_reference(reference: str, options: Iterable[str]) -> Reference:
    """Take a reference apart.

    Args:
        reference: `KIND:PATH[,option=value,...]`. The path may hold commas, if not one that an option follows.
        options: Names of the options that the kind has.

    Returns:
        The path and the options that are there.

    Raises:
        UsageError: An option that the kind does not have or that is there twice, or no path.

    Example:
        >>> parse_reference("sb3:agent.zip,view=full,actions=left/right", ("view", "actions"))
        Reference(path='agent.zip', options={'view': 'full', 'actions': 'left/right'})
    """
    kind, _, rest = reference.partition(":")
    path, *parts = rest.split(",")
    while parts and "=" not in parts[0]:
        path = f"{path},{parts.pop(0)}"
    found: dict[str, str] = {}
    for part in parts:
        name, equals, value = part.partition("=")
        if not equals or name not in options:
            raise unknown(f"option of {kind}:", name, options)
        if name in found:
            raise UsageError(f"'{reference}': {name} is there twice")
        found[name] = value
    if not path:
        raise UsageError(f"'{reference}': write {kind}:PATH[,option=value,...]")
    return Reference(path, found)


def names_in(text: str) -> tuple[str, ...]:
    """Names that an option holds, apart by slashes."""
    return tuple(name.strip() for name in text.split(SEPARATOR))


def reported_return(options: dict[str, str]) -> ReportedReturn | None:
    """The return that an agent's owner reports, from the options `expect_return`, `expect_episodes` and `limit`.

    Raises:
        UsageError: One of them is no number in range.
    """
    if "expect_return" not in options:
        return None
    read = {"expect_return": float, "expect_episodes": int, "limit": int}
    values: dict[str, float] = {}
    for name, kind in read.items():
        if name in options:
            try:
                values[name] = kind(options[name])
            except ValueError:
                values[name] = math.nan
            if not math.isfinite(values[name]) or (kind is int and values[name] < 1):
                wanted = "a number" if kind is float else "a whole number from 1"
                raise UsageError(f"{name}={options[name]}: expected {wanted}")
    plain = ReportedReturn(values["expect_return"])
    return ReportedReturn(
        plain.mean,
        int(values.get("expect_episodes", plain.episodes)),
        int(values.get("limit", plain.limit)),
    )


def yes_or_no(name: str, text: str) -> bool:
    """An option that is `true` or `false`; `UsageError` for anything else."""
    if text not in ("true", "false"):
        raise UsageError(f"{name}={text}: expected true or false")
    return text == "true"
