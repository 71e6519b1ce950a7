"""The levels an audit looks at, by seed: drawn independently of the subject, so that table organisms can store them."""

from jaxtyping import PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.instruments.closed_loop.examine import SampleBudget, closed_loop_levels
from mesascope.instruments.closed_loop.rollouts import draw_walked
from mesascope.instruments.search.trials import contested_levels, not_applicable
from mesascope.instruments.settings import Settings
from mesascope.worlds.described import AbstractDescribed
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import TRAINING, AbstractWorld

CLOSED_LOOP = "closed loop"
"""Name of the stream of the tests in closed loop."""


def audit_key(seed: int, *names: str) -> PRNGKeyArray:
    """The key of one of an audit's own streams."""
    return named_key(seed, "audit", *names)


def distributions(world: AbstractDescribed) -> tuple[str, ...]:
    """Training first, then the shifts in the world's order."""
    return (TRAINING, *world.shifts)


def contested(world: AbstractWorld, settings: Settings, seed: int) -> AbstractLevels:
    """The pool that the search tests draw their trials from."""
    return contested_levels(world, audit_key(seed, "contested"), settings.contested)


def level_count(world: AbstractWorld, settings: Settings, distribution: str) -> int:
    """Levels of a distribution that an audit looks at: no more than there are different ones."""
    distinct = world.distinct_levels(distribution)
    return settings.levels if distinct is None else min(settings.levels, distinct)


def episode_budget(settings: Settings) -> SampleBudget:
    """Levels of what is asked of a recurrent subject in closed loop."""
    return SampleBudget(settings.per_test, settings.thought, settings.thought, settings.certified)


def stored_levels(
    world: AbstractWorld, settings: Settings, seed: int, *, recurrent: bool = False
) -> list[AbstractLevels]:
    """Every level of the audit of a seed, of a recurrent subject or of one that answers all states: what a table must store to
    answer all of it; the most edited levels first.
    """
    if recurrent:
        draws = [draw_walked(world, audit_key(seed, "walked", d), settings.levels, d) for d in distributions(world)]
        return [*closed_loop_levels(world, audit_key(seed, CLOSED_LOOP), episode_budget(settings)), *draws]
    samples = [
        world.draw(audit_key(seed, name), level_count(world, settings, name), name) for name in distributions(world)
    ]
    return [*([] if not_applicable(world) else [contested(world, settings, seed)]), *samples]
