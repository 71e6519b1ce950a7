"""Agents that write a whole sequence of moves at the start, as language models do: the written path is followed.

What such an agent would write in a later state is never asked. When its path ends and the episode has not, it stops: it makes no
further move, and the episode ends there without an outcome.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mesascope.adapters.asking.in_world import action_order, different, view_shapes
from mesascope.adapters.asking.memory import seen_in
from mesascope.adapters.asking.network import as_numpy, described, explained, is_array
from mesascope.adapters.steps import HostSteps, Steps, Weights, numpy_steps
from mesascope.core.errors import SubjectError, UsageError, unknown
from mesascope.core.subject import FULL, Site
from mesascope.worlds.world import AbstractWorld

PATH, MADE = "path", "made"
"""Sites: the moves that were written, and how many of them were made."""
END = -1
"""What stands behind the last move of a path."""


def path_subject(
    write: Callable[[np.ndarray], Any],
    *,
    world: AbstractWorld,
    actions: Sequence[str] | None = None,
    view: str = FULL,
    length: int = 128,
    batch: int = 1024,
    weights: Weights | None = None,
    who: str = "the agent",
) -> HostSteps:
    """A subject from a function that writes a whole sequence of moves from where an episode starts.

    It is asked once in each episode, in its first state, and what it wrote is followed move by move.

    Args:
        write: From what `view` shows in several starts, `(query, ...)`, to numbers of actions, `(query, move)`. Any number that
            is no action ends a path.
        world: The world.
        actions: Names of its actions in its own order; the world's unless given.
        view: Name of the view that it is shown.
        length: Most moves of a path.
        batch: Most starts of one call.
        weights: Arrays that its paths depend on, by name: an audit of others is another audit.
        who: What it is called in messages.

    Returns:
        A recurrent subject. Its sites are the path and the number of moves made.

    Raises:
        UsageError: Its actions are not the world's, or the world has no such view.
        SubjectError: When it is asked: it fails, or writes something else than numbers.

    Example:
        >>> import numpy as np
        >>> import mesascope as ms
        >>> world = ms.worlds.red_doors(size=5)
        >>> subject = path_subject(lambda shown: np.tile([0, 0, 3, -1], (len(shown), 1)), world=world)
        >>> subject.recurrent, [site.name for site in subject.sites]
        (True, ['path', 'made'])
    """
    own = tuple(world.actions if actions is None else actions)
    action_order(own, None, world, who)
    shapes = view_shapes(world)
    if view not in shapes:
        raise unknown(f"view of {world.name} that shows where the agent is", view, shapes)
    if length < 1:
        raise UsageError(f"length={length}: expected a number of moves from 1")

    def written(shown: np.ndarray) -> np.ndarray:
        rows, which = different(shown)
        parts = []
        for first in range(0, len(rows), batch):
            some = rows[first : first + batch]
            with explained(who, some):
                parts.append(_paths(write(some), len(some), len(own), length, who))
        return np.concatenate(parts)[which]

    def start(weights: Weights, actors: int, height: int, width: int) -> dict[str, np.ndarray]:
        return {PATH: np.full((actors, 1, 1, length), END, np.float32), MADE: np.zeros((actors, 1, 1, 1), np.float32)}

    def think(weights: Weights, before: Mapping[str, np.ndarray], shown: Any, tick: int) -> dict[str, np.ndarray]:
        path, made = np.array(before[PATH], np.float32), np.asarray(before[MADE])
        begins = np.flatnonzero(made.reshape(-1) < 0.5)
        if len(begins):
            path[begins, 0, 0] = written(seen_in(shown)[begins])
        return {PATH: path, MADE: made + 1.0}

    def act(weights: Weights, after: Mapping[str, np.ndarray]) -> np.ndarray:
        path, made = np.asarray(after[PATH])[:, 0, 0], np.asarray(after[MADE]).reshape(-1).astype(int)
        beyond = np.concatenate([path, np.full((len(path), 1), END)], 1)
        move = beyond[np.arange(len(path)), np.clip(made - 1, 0, length)].astype(int)
        # No action at all is possible where the path has ended: the agent stops.
        return np.where(move[:, None] == np.arange(len(own)), 0.0, -np.inf).astype(np.float32)

    subject = numpy_steps(
        Steps(start, think, act),
        sites=(
            Site(PATH, length, f"numbers of the moves that were written, {END} from the end on", "vector"),
            Site(MADE, 1, "moves that were made, the next included", "vector"),
        ),
        ticks=1,
        reads_until=1,
        weights=weights or {},
        recurrent=True,
        actions=own,
        view=view,
        may_stop=True,
    )
    return subject.for_actions(world.actions)


def _paths(value: Any, queries: int, actions: int, length: int, who: str) -> np.ndarray:
    """Moves and `END` behind them, `(query, length)`."""
    moves = as_numpy(value) if is_array(value) else np.asarray(value)
    whole = moves.dtype.kind in "iu" or (moves.dtype.kind == "f" and bool((moves == np.round(moves)).all()))
    if moves.ndim != 2 or len(moves) != queries or not whole:
        raise SubjectError(
            f"{who} wrote {described(value)} for {queries} starts; expected whole numbers, (start, move): a row of "
            "moves for each, and behind them any number that is no action"
        )
    ended = np.cumsum((moves < 0) | (moves >= actions), 1) > 0
    used = int((~ended).sum(1).max(initial=0))
    if used > length:
        raise SubjectError(
            f"{who} wrote a path of {used} moves; expected at most {length}: write length={used} or more"
        )
    path = np.full((queries, length), END, np.float32)
    path[:, :used] = np.where(ended, END, moves)[:, :used]
    return path
