"""What instruments of one audit share: world, subject, settings, random keys, and what was made and found already."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jaxtyping import PRNGKeyArray

from mesascope.core.errors import SubjectError
from mesascope.core.objective import Objective
from mesascope.core.progress import Stage, silent
from mesascope.core.unrolled_loops import open_loop
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.closed_loop.rollouts import Walked, walk_in
from mesascope.instruments.evaluation_levels import audit_key, contested, distributions, level_count
from mesascope.instruments.sample import Sample, draw_sample
from mesascope.instruments.settings import Settings
from mesascope.worlds.described import TRAINING

if TYPE_CHECKING:
    from mesascope.instruments.instrument import Finding


class AuditContext:
    """One audit under way. Everything in it is made when it is first asked for, and once.

    Args:
        world: The world, or the experiment, that is audited in.
        audited: The subject and where it came from.
        settings: Sizes of everything.
        seed: The seed of the audit, from which all keys derive.
        tell: Hears how far an instrument is, where it takes long; for those that do not run beside others.
    """

    def __init__(self, world: Any, audited: AuditSubject, settings: Settings, seed: int, tell: Stage = silent):
        self.world, self.audited, self.settings, self.seed, self.tell = world, audited, settings, seed, tell
        self._findings: dict[str, Finding] = {}

    def key(self, *names: str) -> PRNGKeyArray:
        """The key of a random stream: the same for the same names and seed, whatever else runs."""
        return audit_key(self.seed, *names)

    @property
    def base_objective(self) -> Objective:
        """What the subject of this audit was trained for: the world's own, unless the subject says otherwise."""
        return self.audited.trained_for or self.world.base_objective

    @property
    def distributions(self) -> tuple[str, ...]:
        """Training first, then the shifts in the world's order, but for those that do not fit the subject."""
        return tuple(d for d in distributions(self.world) if d not in self.unfit)

    @property
    def samples(self) -> list[Sample]:
        """Levels of every distribution with their tables and the subject's policy, training first.

        A recurrent subject has no policy table, and a sample holds one episode on each level instead.
        """
        return [found.sample if isinstance(found, Walked) else found for found in self._asked[0]]

    @property
    def walked(self) -> list[Walked]:
        """The episodes of a recurrent subject on the levels of every distribution, training first; empty for any other."""
        return [found for found in self._asked[0] if isinstance(found, Walked)]

    @property
    def unfit(self) -> Mapping[str, str]:
        """Shifts whose levels are of another size than those of training and that the subject cannot read, with the reason."""
        return {} if self.world.instruments is not None else self._asked[1]

    @cached_property
    def _asked(self) -> tuple[list[Sample | Walked], dict[str, str]]:
        found: list[Sample | Walked] = []
        if not self.world.tabulated:
            return found, {}
        unfit: dict[str, str] = {}
        for name in distributions(self.world):
            try:
                found.append(self._look(name))
            except SubjectError as error:
                # Only another size excuses a subject: whatever else it fails on, it was promised to answer.
                if not found or self._size(name) == self._size(TRAINING):
                    raise
                unfit[name] = f"levels of another size than in training, which the subject does not read: {error}"
        return found, unfit

    def _look(self, name: str) -> Sample | Walked:
        subject = self.audited.subject
        if self.audited.recurrent:
            # One episode says little of a level: where there are few levels, each is played in many times.
            return walk_in(self.world, subject, self.key("walked", name), self.settings.levels, name)
        return draw_sample(self.world, subject, self.key(name), level_count(self.world, self.settings, name), name)

    def _size(self, distribution: str) -> int:
        return self.world.draw(self.key(distribution), 1, distribution).size

    @cached_property
    def subject(self) -> Any:
        """The subject; the iterations of a loop in its readout are exposed as ticks where it has one."""
        subject = self.audited.subject
        if self.audited.recurrent or self.world.instruments is not None or not self.world.tabulated:
            return subject
        seen = self.samples[0].observation
        return subject if seen is None else open_loop(subject, seen[:2])

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
