"""MiniGrid: what makes two states of an environment the same, and features of its objects."""

from collections.abc import Hashable, Mapping
from typing import Any, no_type_check

from mesascope.worlds.gymnasium.structure import UNRELATED, structure
from mesascope.worlds.gymnasium.transition import Feature, Transition

Thing = tuple[Hashable, ...]
"""All that distinguishes an object: its type, color and state, where it was at first, and what it holds."""


def is_minigrid(environment: Any) -> bool:
    """Whether the environment is one of MiniGrid or derived from one."""
    return any(
        kind.__name__ == "MiniGridEnv" and kind.__module__.startswith("minigrid.")
        for kind in type(environment.unwrapped).__mro__
    )


def ahead(environment: Any) -> Any:
    """The object in the cell that the agent faces; None where there is none."""
    inner = environment.unwrapped
    x, y = (int(number) for number in inner.front_pos)
    inside = 0 <= x < inner.grid.width and 0 <= y < inner.grid.height
    return inner.grid.get(x, y) if inside else None


def reached(kind: str | None = None, color: str | None = None) -> Feature:
    """A feature of MiniGrid: the agent goes forward into the cell of such an object, or up against it where it cannot enter.

    Args:
        kind: such as `goal`, `lava`, `door`, `ball`, `key`, `box`; any unless given, a wall among them.
        color: such as `red`; any unless given.

    Example:
        >>> goal = reached("goal", "green")
    """
    return lambda step: _takes(step, "forward") and _is(ahead(step.before), kind, color)


def picked(kind: str | None = None, color: str | None = None) -> Feature:
    """A feature of MiniGrid: the agent picks up such an object.

    Args:
        kind: such as `key`, `ball`, `box`; any unless given.
        color: such as `red`; any unless given.

    Example:
        >>> key = picked("key")
    """

    def fires(step: Transition) -> bool:
        before, after = step.before.unwrapped.carrying, step.after.unwrapped.carrying
        return before is None and _is(after, kind, color)

    return fires


def toggled(kind: str | None = None, color: str | None = None) -> Feature:
    """A feature of MiniGrid: the agent toggles such an object, and it changes: a door opens or closes, a box is opened.

    Args:
        kind: such as `door` or `box`; any unless given.
        color: such as `red`; any unless given.

    Example:
        >>> opened = toggled("door", "yellow")
    """

    def fires(step: Transition) -> bool:
        thing = ahead(step.before)
        return _takes(step, "toggle") and _is(thing, kind, color) and thing_key(thing) != thing_key(ahead(step.after))

    return fires


def _takes(step: Transition, action: str) -> bool:
    inner = step.before.unwrapped
    return step.action + int(inner.action_space.start) == int(inner.actions[action])


def _is(thing: Any, kind: str | None, color: str | None) -> bool:
    return thing is not None and kind in (None, thing.type) and color in (None, thing.color)


@no_type_check  # called for every object of every state
def thing_key(thing: Any) -> Thing | None:
    """An object as plain values, with what is inside of it."""
    if thing is None:
        return None
    kept = _place(thing.init_pos), thing_key(thing.contains)
    return (thing.type, thing.color, getattr(thing, "is_open", None), getattr(thing, "is_locked", None), *kept)


@no_type_check
def _place(position: Any) -> tuple[int, ...] | None:
    return None if position is None else tuple(int(number) for number in position)


_CONSTANT = frozenset(
    {
        "actions",
        "action_space",
        "observation_space",
        "reward_range",
        "agent_view_size",
        "screen_size",
        "width",
        "height",
        "see_through_walls",
        "highlight",
        "tile_size",
        "agent_pov",
        "_np_random",
        "grid",
        "agent_pos",
        "agent_dir",
        "carrying",
        "max_steps",
        *UNRELATED,
    }
)
"""Attributes that every MiniGrid environment has and that are fixed, or that `minigrid_key` reads itself."""


def shared_walls(environment: Any) -> dict[int, Any]:
    """The walls of an environment by `id`: no step of MiniGrid changes one, so that copies may share them."""
    return {id(thing): thing for thing in environment.unwrapped.grid.grid if type(thing).__name__ == "Wall"}


def shared_rooms(environment: Any) -> tuple[Any, ...]:
    """The rooms of MiniGrid's own environments, which no step changes or looks into."""
    inner = environment.unwrapped
    rooms = getattr(inner, "room_grid", None)
    return (rooms,) if rooms is not None and type(inner).__module__.startswith("minigrid.") else ()


@no_type_check
def minigrid_key(environment: Any, walls: Mapping[int, str], known: Mapping[int, Hashable] | None = None) -> Hashable:
    """What makes two states of a MiniGrid environment the same.

    The objects in each cell with the state of doors and what boxes hold; position, as whole numbers, and heading of the
    agent; what it carries; and whatever else the environment or its wrappers keep: instructions and how far they are
    fulfilled, with references to objects as the places where these are. Neither `hash()` of the environment nor its
    observation will do: they leave out what is carried and what boxes hold, and count one position as two by the type of its
    numbers.

    Args:
        environment: after a reset.
        walls: color of each wall that all states share, by `id`.
        known: what stands for arrays that all states share, by `id`.
    """
    inner = environment.unwrapped
    grid = inner.grid.grid
    cells = tuple([None if thing is None else walls.get(id(thing)) or thing_key(thing) for thing in grid])
    places: dict[int, Hashable] = dict(known or {})
    for cell, thing in enumerate(grid):
        if thing is not None and id(thing) not in walls:
            places[id(thing)] = ("in", cell)
            if thing.contains is not None:
                places[id(thing.contains)] = ("inside", cell)
    if inner.carrying is not None:
        places[id(inner.carrying)] = ("carried",)

    def place(value: Any) -> Hashable | None:
        return ("environment",) if value is inner else places.get(id(value))

    own = type(inner).__module__.startswith("minigrid.")
    rest = []
    for name, value in vars(inner).items():
        if name not in _CONSTANT and not (own and name == "room_grid"):
            rest.append((name, structure(value, place)))
    layer = environment
    while layer is not inner:
        kept = {name: value for name, value in vars(layer).items() if name != "env" and not name.endswith("_space")}
        rest.append((type(layer).__name__, structure(kept, place) if kept else None))
        layer = layer.env
    x, y = inner.agent_pos
    here = (int(x), int(y), int(inner.agent_dir))
    return (here, cells, thing_key(inner.carrying), tuple(rest))
