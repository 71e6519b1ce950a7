"""What a subject's answers alone show: looked at by a second thread, beside what asks the subject more."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from jaxtyping import PRNGKeyArray

from mesascope.auditing.evaluation_levels import audit_key
from mesascope.auditing.gallery import Exhibit, exhibits
from mesascope.auditing.settings import Settings
from mesascope.auditing.stage_timer import StageTimer
from mesascope.instruments.goal_directedness import GoalDirectedness, measure_goal_directedness
from mesascope.instruments.sample import Sample
from mesascope.worlds.world import AbstractWorld

Shown = TypeVar("Shown")
"""What an instrument of behavior finds on one distribution."""


@dataclass(frozen=True)
class PolicySummary(Generic[Shown]):
    """What the answers alone show, and the seconds of each stage."""

    behavior: dict[str, Shown]
    directed: dict[str, GoalDirectedness]
    gallery: list[Exhibit]
    seconds: dict[str, float]


def summarize_policy(
    world: AbstractWorld,
    samples: list[Sample],
    settings: Settings,
    seed: int,
    measure: Callable[[AbstractWorld, Sample, PRNGKeyArray], Shown],
) -> PolicySummary[Shown]:
    """Behavior by `measure` on every sample, goal-directedness on the first two, and the levels that a report shows."""
    watch = StageTimer(lambda name: None)
    watch("behavior")
    behavior = {s.distribution: measure(world, s, audit_key(seed, "behavior", s.distribution)) for s in samples}
    watch("goal-directedness")
    directed = {s.distribution: measure_goal_directedness(world, s, levels=settings.directed) for s in samples[:2]}
    watch("gallery")
    gallery = [exhibit for sample in samples for exhibit in exhibits(world, sample)]
    return PolicySummary(behavior, directed, gallery, watch.spent())
