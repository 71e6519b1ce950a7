"""A world with another base objective, and with some of its shifts."""

from collections.abc import Sequence

from mesascope.core.errors import unknown
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
    chosen = world if shifts is None else with_shifts(world, shifts)
    return chosen.changed(base_objective=base_objective)


def with_shifts(world: AbstractWorld, shifts: Sequence[str]) -> AbstractWorld:
    """The same world with some of its shifts.

    Args:
        world: Its levels, features and objectives stay, and so does each distribution.
        shifts: Names of shifts of the world, in any order; none is one world without shifts.

    Raises:
        UsageError: For a shift that the world does not have; the message names the nearest.

    Example:
        >>> from mesascope.worlds.grids.red_doors import RedDoors
        >>> narrowed = with_shifts(RedDoors(), ["larger", "blue-door"])
        >>> list(narrowed.shifts), narrowed.shifts_left_out
        (['blue-door', 'larger'], ('blue-door-alone', 'red-object-gone', 'denser', 'novel-color'))
    """
    for shift in shifts:
        if shift not in world.shifts:
            raise unknown(f"shift of {world.name}", shift, world.shifts)
    kept = {name: what for name, what in world.shifts.items() if name in shifts}
    left_out = (*world.shifts_left_out, *(name for name in world.shifts if name not in shifts))
    return world.changed(shifts=kept, shifts_left_out=left_out)
