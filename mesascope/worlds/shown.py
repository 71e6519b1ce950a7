"""What the actors of a recurrent subject are shown in the states of a world's levels, whichever view they are shown."""

from typing import Any

from jaxtyping import Array, Int

from mesascope.core.rollouts import Shown, seen_at
from mesascope.core.subject import FULL, AbstractSubject
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld


def shown_in(world: AbstractWorld, subject: AbstractSubject, levels: AbstractLevels) -> Shown:
    """What the actors of a recurrent subject are shown, one on each level, for `mesascope.core.rollouts.act_on`.

    Args:
        world: The world.
        subject: The recurrent subject; its `view` is shown.
        levels: The levels.

    Returns:
        From states and the number of steps since the start to what is shown in them.
    """
    view = world.view_for(subject.view)

    def shown(state: Int[Array, " level"], age: Int[Array, ""]) -> Any:
        seen = world.observe(levels, view, state.clip(0)[:, None])[:, 0]
        return seen_at(subject, seen, age) if view == FULL else seen

    return shown


def begun(world: AbstractWorld, subject: AbstractSubject, levels: AbstractLevels, start: Int[Array, " level"]) -> Any:
    """The state of a recurrent subject before its first step, with one actor on each level."""
    view = world.view_for(subject.view)
    first = world.observe(levels, view, start.clip(0)[:, None])[:, 0]
    return subject.start(first[..., :-1] if view == FULL else first)
