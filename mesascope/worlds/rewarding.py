"""A world with another base objective, and with some of its shifts."""

from collections.abc import Sequence

from mesascope.core.objective import Objective
from mesascope.worlds.world import AbstractWorld


def rewarding(world: AbstractWorld, base_objective: Objective, shifts: Sequence[str] | None = None) -> AbstractWorld:
    """The same world, trained for `base_objective`; of its shifts those named, all unless given.

    Args:
        world: Its levels, features and intended goal stay.
        base_objective: Weights over the world's features.
        shifts: Names of shifts of the world.

    Raises:
        UsageError: For a shift that the world does not have.

    Example:
        >>> from mesascope.core.objective import Objective
        >>> from mesascope.worlds.grids.red_doors import RedDoors
        >>> world = rewarding(RedDoors(), Objective.of("red", red=1.0), ["blue-door"])
        >>> world.base_objective.weights, list(world.shifts)
        ((('red', 1.0),), ['blue-door'])
    """
    kept = world.shifts if shifts is None else {world.check_distribution(s): world.shifts[s] for s in shifts}
    changed = type(type(world).__name__, (type(world),), {"base_objective": base_objective, "shifts": kept})
    return changed(**vars(world))
