"""A network with a memory as a recurrent subject: it is rolled out, never asked as if it had none."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np

from mesascope.adapters.asking.network import (
    as_numpy,
    chosen_output,
    described,
    explained,
    is_array,
)
from mesascope.adapters.steps import HostSteps, Steps, Weights, numpy_steps
from mesascope.core.errors import SubjectError, UsageError
from mesascope.core.subject import Site, View
from mesascope.worlds.world import AbstractWorld

if TYPE_CHECKING:
    from mesascope.adapters.asking.agent import AskedAgent

PREFERENCES, BEGUN, MEMORY = "preferences", "begun", "memory"
"""Sites of a network with a memory: the logits of its last step, whether it has a memory yet, and the arrays of its memory."""
_INITIAL_METHODS = ("initial", "initial_state")
EXACT = 2**24
"""Whole numbers below it are exact in float32, as which a memory is kept between steps."""


class _Leaf(NamedTuple):
    """An array of a memory: its shape without the axis of actors, where that axis is, and an array of its type."""

    shape: tuple[int, ...]
    axis: int
    like: Any

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=int))


class _Memory:
    """A memory of any nesting, as vectors: one for each of its arrays; found from those of two and of three actors."""

    def __init__(self, two: Any, three: Any, who: str):
        self.tree: Any
        leaves, self.tree = jax.tree.flatten(two)
        others, tree = jax.tree.flatten(three)
        if tree != self.tree or not leaves:
            raise SubjectError(
                f"{who}: a memory of {described(two)}; expected arrays, in the same nesting at every step"
            )
        self.who = who
        self.leaves = [self._leaf(one, other) for one, other in zip(leaves, others, strict=True)]

    def _leaf(self, two: Any, three: Any) -> _Leaf:
        if not (is_array(two) and is_array(three)):
            raise SubjectError(f"{self.who}: its memory holds a {type(two).__name__}; expected arrays alone")
        shapes = tuple(two.shape), tuple(three.shape)
        axes = [i for i, (a, b) in enumerate(zip(*shapes, strict=False)) if (a, b) == (2, 3)]
        if len(shapes[0]) != len(shapes[1]) or len(axes) != 1 or sum(a != b for a, b in zip(*shapes, strict=True)) != 1:
            raise SubjectError(
                f"{self.who}: its memory holds an array of shape {shapes[0]} for 2 actors and {shapes[1]} for 3; expected one "
                "axis that is as long as there are actors"
            )
        return _Leaf(shapes[0][: axes[0]] + shapes[0][axes[0] + 1 :], axes[0], two)

    def vectors(self, memory: Any, actors: int) -> list[np.ndarray]:
        """A row of numbers for each actor, array after array."""
        leaves, tree = jax.tree.flatten(memory)
        if tree != self.tree:
            raise SubjectError(
                f"{self.who}: a memory of {described(memory)} after a step; expected the nesting of the one before"
            )
        rows = []
        for leaf, value in zip(self.leaves, leaves, strict=True):
            array = as_numpy(value)
            if array.shape != (*leaf.shape[: leaf.axis], actors, *leaf.shape[leaf.axis :]):
                raise SubjectError(
                    f"{self.who}: an array of its memory has shape {array.shape} after a step of {actors} actors"
                )
            if array.dtype.kind in "iu" and np.abs(array).max(initial=0) >= EXACT:
                raise SubjectError(
                    f"{self.who}: its memory holds whole numbers from {EXACT} on, which are not kept exactly"
                )
            rows.append(np.moveaxis(array, leaf.axis, 0).reshape(actors, 1, 1, leaf.size).astype(np.float32))
        return rows

    def arrays(self, rows: list[np.ndarray], as_input: Any) -> Any:
        """The memory of its own nesting and types, from a row of numbers for each actor."""
        leaves = [
            as_input(np.moveaxis(row.reshape(len(row), *leaf.shape), 0, leaf.axis).copy(), like=leaf.like)
            for leaf, row in zip(self.leaves, rows, strict=True)
        ]
        return jax.tree.unflatten(self.tree, leaves)


def recurrent_subject(agent: "AskedAgent", world: AbstractWorld, view: str) -> HostSteps:
    """The recurrent subject that a network with a memory is in a world.

    Its sites are the arrays of its memory, each a vector, and its last preferences. A memory is kept as float32 between steps
    and is given back in its own types.

    Args:
        agent: The network and how it is asked; called `(*inputs, memory)`, it gives what it puts out and its memory.
        world: The world.
        view: Name of the view that it is shown.

    Returns:
        A recurrent subject.

    Raises:
        UsageError: It gives no memory beside its answer.
        SubjectError: Its memory is none that can be kept for each actor by itself; or it fails.
    """
    # The agent is made of this, and this asks it.
    from mesascope.adapters.asking.agent import shown_to

    network, asking, who = agent.network, agent.asking, agent.network.name
    width = len(agent.own_actions)

    def blank(weights: Weights | None, actors: int) -> Any:
        """The memory at the beginning of an episode; None where the network takes None."""
        if asking.initial is not None:
            initial = asking.initial.function
            with explained(f"initial={asking.initial.identity['name']}", actors):
                return network.within(weights, lambda: initial(actors))
        return None if network.initial is None else network.initial(weights, actors)

    def step(weights: Weights | None, shown: np.ndarray, before: Any) -> tuple[np.ndarray, Any]:
        answered = agent.called(weights, *agent.inputs(shown), before)
        if not isinstance(answered, tuple | list) or len(answered) < 2:
            raise UsageError(
                f"{who} puts out {described(answered)}; expected (logits, memory) of a network that is recurrent. Leave out "
                "recurrent=true, or let call=MODULE:FUNCTION(module, input, memory) give both"
            )
        *outputs, after = answered
        preferred = chosen_output(tuple(outputs), asking.output, who, agent.holds)
        return agent.read(preferred, len(shown)), after

    seen = shown_to(world, view)
    memories = [blank(None, actors) for actors in (2, 3)]
    begins = memories[0] is not None
    if not begins:
        memories = [step(None, seen[:actors], None)[1] for actors in (2, 3)]
    kept = _Memory(memories[0], memories[1], who)
    names = [MEMORY] if len(kept.leaves) == 1 else [f"{MEMORY}{i}" for i in range(len(kept.leaves))]
    if begins:
        step(None, seen[:2], memories[0])

    def state(rows: list[np.ndarray], preferred: np.ndarray, begun: float) -> dict[str, np.ndarray]:
        actors = len(preferred)
        return {
            PREFERENCES: preferred.reshape(actors, 1, 1, width),
            BEGUN: np.full((actors, 1, 1, 1), begun, np.float32),
            **dict(zip(names, rows, strict=True)),
        }

    def start(weights: Weights, actors: int, height: int, width_of_map: int) -> dict[str, np.ndarray]:
        memory = blank(weights, actors)
        if memory is not None:
            rows = kept.vectors(memory, actors)
        else:
            rows = [np.zeros((actors, 1, 1, leaf.size), np.float32) for leaf in kept.leaves]
        return state(rows, np.zeros((actors, width), np.float32), 0.0)

    def think(weights: Weights, before: Mapping[str, np.ndarray], shown: Any, tick: int) -> dict[str, np.ndarray]:
        seen = seen_in(shown)
        rows = [np.asarray(before[name]) for name in names]
        # Without a memory of its own to begin with, an actor in its first step has None, whatever the zeros in its place say.
        first = np.zeros(len(seen), bool) if begins else np.asarray(before[BEGUN]).reshape(-1) < 0.5
        preferred = np.zeros((len(seen), width), np.float32)
        after = [np.zeros_like(row) for row in rows]
        for which in (np.flatnonzero(first), np.flatnonzero(~first)):
            if len(which):
                memory = None if first[which[0]] else kept.arrays([row[which] for row in rows], network.as_input)
                preferred[which], memory = step(weights, seen[which], memory)
                for row, new in zip(after, kept.vectors(memory, len(which)), strict=True):
                    row[which] = new
        return state(after, preferred, 1.0)

    def act(weights: Weights, after: Mapping[str, np.ndarray]) -> np.ndarray:
        preferred = np.asarray(after[PREFERENCES])
        return preferred.reshape(len(preferred), width)

    sites = (
        Site(PREFERENCES, width, "action logits of the last step", "vector"),
        Site(BEGUN, 1, "1 from the first step on", "vector"),
        *(
            Site(name, leaf.size, f"array of the memory, shape {leaf.shape}", "vector")
            for name, leaf in zip(names, kept.leaves, strict=True)
        ),
    )
    subject = numpy_steps(
        Steps(start, think, act),
        sites=sites,
        ticks=1,
        reads_until=1,
        weights=network.weights,
        recurrent=True,
        actions=agent.own_actions,
        view=view,
    )
    return subject.for_actions(world.actions)


def seen_in(shown: Any) -> np.ndarray:
    """What actors are shown, one a row; of `full` the map with the agent in it."""
    if isinstance(shown, View):
        return np.concatenate([np.asarray(shown.level), np.asarray(shown.here)], -1)
    return np.asarray(shown)


def own_initial(module: Any) -> Any:
    """The method of a module that gives its memory for a number of actors: `initial` or `initial_state`; None without one."""
    return next((getattr(module, name) for name in _INITIAL_METHODS if callable(getattr(module, name, None))), None)
