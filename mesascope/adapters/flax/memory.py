"""A flax module with a carry as a recurrent subject: its carry is the memory, and it is rolled out."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from mesascope.adapters.asking.agent import TRIED, listed
from mesascope.adapters.asking.in_world import usual_view, view_shapes
from mesascope.adapters.asking.network import described, explained
from mesascope.adapters.flax.agent import FlaxAgent, as_inputs, preferences, shape_of
from mesascope.adapters.flax.variables import candidates, misfits
from mesascope.adapters.jax_functions import JaxSteps, jax_steps
from mesascope.core.errors import SubjectError, UsageError, unknown
from mesascope.core.subject import FULL, Site, State
from mesascope.worlds.world import AbstractWorld

FIRST, LAST = "first", "last"
"""Where the carry stands among the arguments: flax's own cells are called `(carry, x)`, other libraries' `(x, carry)`."""
ANSWER = "answer"
"""The site that holds the logits, which a module gives together with its carry."""


class Carry(NamedTuple):
    """How a carry, any tree of arrays, is kept as sites of a subject.

    Attributes:
        leaves: Shapes and types of its arrays, for two actors.
        axes: Which axis of each array counts the actors.
        tree: How the arrays make the carry.
    """

    leaves: tuple[jax.ShapeDtypeStruct, ...]
    axes: tuple[int, ...]
    tree: Any

    @property
    def sites(self) -> tuple[Site, ...]:
        """One vector for each array."""
        sizes = (leaf.size // 2 for leaf in self.leaves)
        return tuple(Site(f"carry {i}", size, "values of the carry", "vector") for i, size in enumerate(sizes))

    def keep(self, carry: Any) -> State:
        """The sites that hold a carry."""
        rows = (
            jnp.moveaxis(jnp.asarray(x), axis, 0) for x, axis in zip(jax.tree.leaves(carry), self.axes, strict=True)
        )
        return {f"carry {i}": x.reshape(len(x), 1, 1, -1).astype(jnp.float32) for i, x in enumerate(rows)}

    def take(self, state: State) -> Any:
        """The carry that sites hold."""
        found = []
        for number, (leaf, axis) in enumerate(zip(self.leaves, self.axes, strict=True)):
            kept = state[f"carry {number}"]
            others = leaf.shape[:axis] + leaf.shape[axis + 1 :]
            found.append(jnp.moveaxis(kept.reshape(len(kept), *others).astype(leaf.dtype), 0, axis))
        return jax.tree.unflatten(self.tree, found)

    def is_one(self, value: Any, actors: int) -> bool:
        """Whether a value has the structure and the shapes of the carry of so many actors."""
        leaves, tree = jax.tree.flatten(value)
        shapes = [(*x.shape[:a], actors, *x.shape[a + 1 :]) for x, a in zip(self.leaves, self.axes, strict=True)]
        return tree == self.tree and [jnp.shape(leaf) for leaf in leaves] == shapes


def carry_of(initial: Callable[[int], Any], who: str) -> Carry:
    """How the carry that `initial` makes of a number of actors is kept.

    Raises:
        UsageError: An array of it does not have one axis that counts the actors.
    """
    with explained(who, 2):
        two, three = (jax.eval_shape(lambda actors=actors: initial(actors)) for actors in (2, 3))
    leaves, tree = jax.tree.flatten(two)
    axes = []
    for leaf, more in zip(leaves, jax.tree.leaves(three), strict=True):
        differing = [i for i, (a, b) in enumerate(zip(leaf.shape, more.shape, strict=True)) if (a, b) == (2, 3)]
        if len(differing) != 1:
            raise UsageError(
                f"{who} makes {described(two)} of 2 actors and {described(three)} of 3; expected arrays with one axis that "
                "counts the actors"
            )
        axes.append(differing[0])
    return Carry(tuple(leaves), tuple(axes), tree)


def recurrent_subject(agent: FlaxAgent, world: AbstractWorld) -> JaxSteps:
    """The recurrent subject that a flax module with a carry is in a world.

    The module is called once a step with what each actor is shown and its carry, and puts out the next carry and its answer,
    in either order. Flax's cells take `(carry, x)` and other libraries' `(x, carry)`: both are tried against the variables in
    the file, and where both fit it has to be said.

    Args:
        agent: The agent, with the names of its actions.
        world: The world.

    Returns:
        A subject whose sites are the arrays of the carry and the answer, each a vector.

    Raises:
        AgentFileError: The file does not hold the module's variables.
        UsageError: The carry, its place or the view has to be said; `SubjectError` where the module fails.
    """
    view = _view_of(agent, world)
    shown = shape_of(world, view)
    observe = agent.observe(world, view)
    inputs = as_inputs(jax.eval_shape(observe, shown))
    initial = _initial(agent, inputs)
    who = str(agent.path)
    carry = carry_of(initial, f"{who}: the carry")
    where = _place_of_carry(agent, inputs, jax.eval_shape(lambda: initial(TRIED)))

    def arguments(seen: Any, kept: Any) -> tuple[Any, ...]:
        return (kept, *as_inputs(seen)) if where == FIRST else (*as_inputs(seen), kept)

    variables = agent.fitting(arguments(inputs, jax.eval_shape(lambda: initial(TRIED))), view)

    def asked(variables: Any, rows: Any, kept: Any) -> tuple[Any, Any]:
        """The next carry and the logits."""
        after, rest = _parted(agent.call(variables, *arguments(observe(rows), kept)), carry, len(rows), who)
        return after, preferences(rest, (len(rows),), agent.asking, who)

    def step(variables: Any, state: State, seen: Any, tick: Any) -> State:
        rows = jnp.concatenate([seen.level, seen.here], -1) if view == FULL else seen
        after, logits = asked(variables, rows, carry.take(state))
        return {**carry.keep(after), ANSWER: logits[:, None, None]}

    def begin(variables: Any, actors: int, *_: int) -> State:
        return {**carry.keep(initial(actors)), ANSWER: jnp.zeros((actors, 1, 1, len(agent.asking.actions or ())))}

    with explained(who, shown):
        jax.eval_shape(lambda held, rows: asked(held, rows, initial(TRIED)), variables, shown)
    sites = (*carry.sites, Site(ANSWER, len(agent.asking.actions or ()), "logits of its actions", "vector"))
    subject = jax_steps(
        start=begin,
        think=step,
        act=lambda variables, state: state[ANSWER][:, 0, 0],
        sites=sites,
        ticks=1,
        reads_until=1,
        params=variables,
        recurrent=True,
        view=view,
        actions=agent.asking.actions,
    )
    return subject.for_actions(world.actions)


def _view_of(agent: FlaxAgent, world: AbstractWorld) -> str:
    shapes = view_shapes(world)
    asked = agent.asking.view or usual_view(shapes)
    if asked not in world.views:
        raise unknown(f"view of {world.name}", asked, world.views)
    if asked not in shapes:
        raise UsageError(
            f"{agent.path}: view '{asked}' does not show where the agent is; expected one of {listed(shapes)}"
        )
    return asked


def _initial(agent: FlaxAgent, inputs: tuple[Any, ...]) -> Callable[[int], Any]:
    """The carry at the beginning of an episode, of a number of actors."""
    if agent.asking.initial is not None:
        return agent.asking.initial.function
    if not hasattr(agent.call.module, "initialize_carry"):
        raise UsageError(
            f"{agent.path}: {type(agent.call.module).__name__} has no initialize_carry; write initial=MODULE:FUNCTION, "
            "a function from the number of actors to the carry at the beginning of an episode"
        )
    return lambda actors: agent.call.carry((actors, *inputs[0].shape[1:]))


def _place_of_carry(agent: FlaxAgent, inputs: tuple[Any, ...], carry: Any) -> str:
    """Where the carry stands among the arguments: as was said, or where the module then has the variables of the file."""
    if agent.carry is not None:
        return agent.carry
    if agent.asking.call is not None:
        return LAST
    readings = candidates(agent.tree, agent.place)
    fitting = []
    for place, given in ((FIRST, (carry, *inputs)), (LAST, (*inputs, carry))):
        try:
            expected = agent.call.variables(*given)
        except Exception:  # noqa: S112 - whatever a module makes of arguments in the wrong order
            continue
        if any(not misfits(reading.variables, expected) for reading in readings):
            fitting.append(place)
    if len(fitting) > 1:
        raise UsageError(
            f"{agent.path}: the module takes the carry before and after what it is shown: write carry={FIRST} for (carry, x), "
            f"as flax's cells are called, or carry={LAST} for (x, carry)"
        )
    return fitting[0] if fitting else FIRST


def _parted(put_out: Any, carry: Carry, actors: int, who: str) -> tuple[Any, Any]:
    """The next carry in what a module puts out, and the rest."""
    parts = list(put_out) if isinstance(put_out, tuple | list) else [put_out]
    found = [i for i, part in enumerate(parts) if carry.is_one(part, actors)]
    if len(parts) < 2 or not found:
        raise SubjectError(
            f"{who} puts out {described(put_out)}; expected a carry of the shapes that it began with and, beside it, its answer"
        )
    if len(found) > 1:
        raise SubjectError(
            f"{who} puts out several things of the shape of its carry, {described(put_out)}: name a call= that gives "
            "(answer, carry) with different shapes"
        )
    rest = [part for i, part in enumerate(parts) if i != found[0]]
    return parts[found[0]], rest[0] if len(rest) == 1 else tuple(rest)
