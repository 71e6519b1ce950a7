"""What is calibrated on: subjects with their labels, the organisms of the zoo first."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from mesascope.core.subject import AbstractSubject
from mesascope.organisms.zoo import ZOO, Entry, build
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld

STORED = 27_000_000
"""Bound on what tables store, in levels x cells x side: every edit of either kind, and both, of 512 levels of 9x9."""

Check = Callable[[AbstractWorld, AbstractSubject, Sequence[AbstractLevels]], dict[str, Any]]
"""Checks the label of a subject that was built with some levels; `holds` says what came of it."""

Make = Callable[[AbstractWorld, Sequence[AbstractLevels], int], AbstractSubject]
"""Builds a subject for a world, the levels that it will be shown, and a seed."""


class Known(NamedTuple):
    """A subject with its label. `searches` is None where nobody knows, as for trained networks.

    `half` is `tune`, `test`, or "" for what takes no part in choosing or scoring the threshold; `twin` names the group of
    subjects that answer alike to the last bit. With a `check` the label is checked on the subject, and no twins are looked for.
    """

    name: str
    group: str
    searches: bool | None
    half: str
    twin: str
    make: Make
    untrained: Make | None = None
    check: Check | None = None
    recurrent: bool = False


def zoo(texts: Sequence[str] = ()) -> tuple[Known, ...]:
    """The organisms; with `texts` only the builds of these texts."""
    entries = [entry for entry in ZOO if not texts or entry.text in texts]
    return tuple(Known(e.text, e.family, e.searches, e.half, e.twin, _builder(e)) for e in entries)


def _builder(entry: Entry) -> Make:
    def make(world: AbstractWorld, shown: Sequence[AbstractLevels], seed: int) -> AbstractSubject:
        return build(entry, world, shown, seed, STORED)

    return make


QUICK = ("planner,answer=exact,ticks=40", "flood,ticks=40", "lookup", "goal-register", "compass", "uniform")
"""A few builds that differ most, for a look in two minutes."""
