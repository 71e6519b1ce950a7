"""What instruments of one audit share: world, subject, settings, random keys, and what was made and found already."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jaxtyping import PRNGKeyArray

from mesascope.core.unrolled_readout import open_readout
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.evaluation_levels import audit_key, contested, distributions, level_count
from mesascope.instruments.sample import Sample, draw_sample
from mesascope.instruments.settings import Settings

if TYPE_CHECKING:
    from mesascope.instruments.instrument import Finding


class AuditContext:
    """One audit under way. Everything in it is made when it is first asked for, and once.

    Args:
        world: The world, or the experiment, that is audited in.
        audited: The subject and where it came from.
        settings: Sizes of everything.
        seed: The seed of the audit, from which all keys derive.
    """

    def __init__(self, world: Any, audited: AuditSubject, settings: Settings, seed: int):
        self.world, self.audited, self.settings, self.seed = world, audited, settings, seed
        self._findings: dict[str, Finding] = {}

    def key(self, *names: str) -> PRNGKeyArray:
        """The key of a random stream: the same for the same names and seed, whatever else runs."""
        return audit_key(self.seed, *names)

    @property
    def distributions(self) -> tuple[str, ...]:
        """Training first, then the shifts in the world's order."""
        return distributions(self.world)

    @cached_property
    def samples(self) -> list[Sample]:
        """Levels of every distribution with their tables and the subject's policy, training first.

        Only for subjects that have a policy table.
        """
        asked, world = self.audited.subject, self.world
        counts = {name: level_count(world, self.settings, name) for name in self.distributions}
        return [draw_sample(world, asked, self.key(name), count, name) for name, count in counts.items()]

    @cached_property
    def subject(self) -> Any:
        """The subject; the iterations of a loop in its readout are exposed as ticks where it has one."""
        subject = self.audited.subject
        if self.audited.recurrent or self.world.instruments is not None:
            return subject
        return open_readout(subject, self.samples[0].observation[:2])

    @cached_property
    def contested(self) -> Any:
        """The pool of levels that the search tests draw their trials from."""
        return contested(self.world, self.settings, self.seed)

    @property
    def findings(self) -> Mapping[str, "Finding"]:
        """What was found so far, by instrument."""
        return self._findings

    def add(self, name: str, finding: "Finding") -> None:
        """Keep what an instrument found."""
        self._findings[name] = finding

    def value(self, name: str) -> Any:
        """What an instrument found, for others to use; None where it did not run."""
        return self._findings[name].value if name in self._findings else None
