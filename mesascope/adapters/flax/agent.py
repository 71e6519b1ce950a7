"""A flax module with its variables as an agent: once the world is known, a subject that is compiled with everything else."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from mesascope.adapters.asking.agent import TRIED, listed, shown_to
from mesascope.adapters.asking.in_world import action_order, usual_view, view_shapes
from mesascope.adapters.asking.network import SURE, chosen_output, described, explained, is_array
from mesascope.adapters.asking.options import Asking
from mesascope.adapters.flax.files import Tree
from mesascope.adapters.flax.modules import Call
from mesascope.adapters.flax.nnx_modules import NNXCall
from mesascope.adapters.flax.variables import PARAMS, as_arrays, candidates, misfits
from mesascope.adapters.flax.variables import listed as lines
from mesascope.adapters.host import host_call
from mesascope.adapters.jax_functions import jax_subject
from mesascope.adapters.replay import ReportedReturn
from mesascope.core.errors import AgentFileError, SubjectError, UsageError, unknown
from mesascope.core.subject import MAP, AbstractSubject
from mesascope.worlds.world import AbstractWorld

_NOT_IN_JAX = (
    jax.errors.TracerArrayConversionError,
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerIntegerConversionError,
)
"""What JAX raises of a function that needs the numbers themselves, such as one of NumPy."""


@dataclasses.dataclass(frozen=True)
class FlaxAgent:
    """A flax module and its variables (`mesascope.adapters.references.OutsideAgent`).

    Attributes:
        path: The file or folder that the variables are of.
        tree: What it holds.
        call: The module, and how it is called.
        code: What an audit depends on of the module's code.
        asking: How it is asked.
        place: Where in the file the parameters stand; wherever they fit unless given.
        carry: Whether a recurrent module takes its carry `first` or `last`; as fits the file unless given.
    """

    path: Path
    tree: Tree
    call: Call | NNXCall
    code: Any
    asking: Asking
    place: str | None = None
    carry: str | None = None

    @property
    def name(self) -> str:
        """File and class."""
        kind = type(self.call.module).__name__
        return f"{self.path.name} ({kind}{', deterministic' if self.asking.deterministic else ''})"

    @property
    def identity(self) -> dict[str, Any]:
        """What an audit of it depends on, beside its weights, which are arrays of the subject."""
        own = {"flax": self.code, "module": self.call.described, "place": self.place, "carry": self.carry}
        return {**own, "asked": self.asking.identity}

    @property
    def reported(self) -> ReportedReturn | None:
        """The return that its owner reports."""
        return self.asking.reported

    def subject(self, world: AbstractWorld) -> AbstractSubject:
        """The subject that it is in a world.

        Args:
            world: The world.

        Returns:
            A black box in JAX; with `recurrent` a recurrent subject.

        Raises:
            AgentFileError: The file does not hold the variables that the module has where it is shown this world.
            UsageError: Its view or its actions are not the world's, or what it puts out cannot be read without being told more.
            SubjectError: It fails, or answers with another shape.
        """
        from mesascope.adapters.flax.memory import recurrent_subject  # it is made of agents, and imports this

        action_order(self.asking.actions, None, world, str(self.path))
        if self.asking.answers == "path":
            raise UsageError(f"{self.path}: answers=path is not read from flax modules; expected logits or actions")
        if self.asking.recurrent:
            return recurrent_subject(self, world)
        view = self.view_in(world)
        shown = shape_of(world, view)
        observe = self.observe(world, view)
        variables = self.fitting(jax.eval_shape(observe, shown), view)
        answer = answer_of(self.call, observe, self.asking, view == MAP, str(self.path))
        places = shown.shape if view == MAP else (1, *shown.shape)
        with explained(str(self.path), shown):
            jax.eval_shape(answer, variables, jax.ShapeDtypeStruct(places, shown.dtype))
        return jax_subject(answer, variables, view=view, actions=self.asking.actions).for_actions(world.actions)

    def view_in(self, world: AbstractWorld) -> str:
        """Name of the view that it is shown: the one named, or the only one for which the module has the file's variables."""
        asked, shapes = self.asking.view, view_shapes(world)
        if asked is not None:
            if asked not in world.views:
                raise unknown(f"view of {world.name}", asked, world.views)
            return asked
        if self.asking.observe is not None:
            return usual_view(shapes)
        found = [name for name in shapes if self._fits(world, name)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(
                f"{self.path}: several views fit: write view={' or view='.join(found)} (views of {world.name}: {listed(shapes)})"
            )
        return usual_view(shapes)

    def _fits(self, world: AbstractWorld, view: str) -> bool:
        try:
            expected = self.call.variables(shape_of(world, view))
        except Exception:  # whatever a module makes of inputs that are not meant for it
            return False
        return any(not misfits(reading.variables, expected) for reading in candidates(self.tree, self.place))

    def observe(self, world: AbstractWorld, view: str) -> Callable[[jax.Array], Any]:
        """The function that makes what the module is given of what a view shows, traceable by JAX."""
        code = self.asking.observe
        if code is None:
            return lambda seen: seen
        who = f"observe={code.identity if isinstance(code.identity, str) else code.identity['name']}"
        shown = shape_of(world, view)
        with explained(who, shown):
            try:
                jax.eval_shape(code.function, shown)
                return code.function
            except _NOT_IN_JAX:
                seen = world.observe(world.draw(0, TRIED), MAP) if view == MAP else shown_to(world, view)
                return _on_host(code.function, code.function(np.asarray(seen)), who)

    def fitting(self, inputs: Any, view: str) -> Any:
        """The variables in the file, once they are those that the module has for such inputs.

        Raises:
            AgentFileError: They are others; every name, shape and type that does not fit is listed.
            UsageError: Several places of the file fit.
        """
        with explained(f"{type(self.call.module).__name__}.init", inputs):
            expected = self.call.variables(*as_inputs(inputs))
        readings = candidates(self.tree, self.place)
        found = [(misfits(reading.variables, expected), reading) for reading in readings]
        fitting = [reading for wrong, reading in found if not wrong]
        if not fitting:
            raise AgentFileError(
                f"{self.path}: not the variables of {type(self.call.module).__name__} where it is shown '{view}', "
                f"{described(inputs)}: {lines(min((wrong for wrong, _ in found), key=len))}"
            )
        nearest = [r for r in fitting if r.depth == min(r.depth for r in fitting)]
        if any(reading.variables[PARAMS] is not nearest[0].variables[PARAMS] for reading in nearest):
            places = " or params=".join(reading.place for reading in nearest)
            raise UsageError(f"{self.path} holds such variables in several places: write params={places}")
        return as_arrays({name: nearest[0].variables[name] for name in expected})


def shape_of(world: AbstractWorld, view: str) -> jax.ShapeDtypeStruct:
    """Shape and type of what a view shows in a few states, `(state, ...)`; of the map in a few levels."""

    def shown() -> jax.Array:
        if view == MAP:
            return world.observe(world.draw(0, TRIED), MAP)
        return world.observe(world.draw(0, 1), view, jnp.zeros((1, TRIED), jnp.int32))[0]

    found: jax.ShapeDtypeStruct = jax.eval_shape(shown)
    return found


def answer_of(
    call: Call | NNXCall, observe: Callable[[jax.Array], Any], asking: Asking, whole: bool, who: str
) -> Callable[[Any, jax.Array], jax.Array]:
    """What maps variables and what is seen in each state to logits.

    Args:
        call: The module, and how it is called.
        observe: Makes what it is given of what a view shows, one a row.
        asking: How its answer is read.
        whole: Whether it is shown maps, `(level, height, width, channel)`, and answers for every cell.
        who: The agent, at the beginning of a message.

    Returns:
        From variables and `(level, state, ...)`, or maps, to logits `(level, state, action)`, or of every cell.
    """

    def answer(variables: Any, seen: jax.Array) -> jax.Array:
        rows = seen if whole else seen.reshape(-1, *seen.shape[2:])
        put_out = call(variables, *as_inputs(observe(rows)))
        places = seen.shape[:3] if whole else rows.shape[:1]
        logits = preferences(put_out, places, asking, who)
        return logits if whole else logits.reshape(*seen.shape[:2], -1)

    return answer


def as_inputs(made: Any) -> tuple[Any, ...]:
    """What `observe` made, as arguments."""
    return made if isinstance(made, tuple) else (made,)


def preferences(put_out: Any, places: tuple[int, ...], asking: Asking, who: str) -> Float[jax.Array, "*place action"]:
    """Logits in the agent's own order of actions, from what a module puts out.

    Args:
        put_out: An array, several, or distributions that have `logits`.
        places: Shape of the places that were asked about.
        asking: Which output holds the answer, and how it is read.
        who: The agent, at the beginning of a message.

    Returns:
        A row for each place.

    Raises:
        SubjectError: The answer has another shape.
        UsageError: Nobody has said which of several outputs it is.
    """
    width = len(asking.actions or ())
    found = chosen_output(_with_logits(put_out), asking.output, who)
    if asking.answers == "actions":
        if tuple(found.shape) not in (places, (*places, 1)) or not jnp.issubdtype(found.dtype, jnp.integer):
            raise SubjectError(
                f"{who} answered {places} places with {described(found)}; expected the number of an action for each"
            )
        return SURE * jax.nn.one_hot(found.reshape(places), width)
    if tuple(found.shape) != (*places, width):
        raise SubjectError(
            f"{who} answered {places} places with {described(found)}; expected {(*places, width)}, a row of logits for its "
            f"actions {'/'.join(asking.actions or ())}: say with output=, call= or observe= how it is asked"
        )
    logits = found.astype(jnp.float32)
    return jnp.where(logits == logits.max(-1, keepdims=True), SURE, 0.0) if asking.deterministic else logits


def _with_logits(put_out: Any) -> Any:
    """Distributions, which libraries for flax put out, as their logits."""
    if isinstance(put_out, tuple | list):
        return tuple(_with_logits(part) for part in put_out)
    return put_out if is_array(put_out) else getattr(put_out, "logits", put_out)


def _on_host(function: Callable[[np.ndarray], Any], example: Any, who: str) -> Callable[[jax.Array], Any]:
    """A function of NumPy, called from compiled programs; what it makes has the shapes and types of the example."""
    parts = [np.asarray(part) for part in as_inputs(example)]

    def made(seen: jax.Array) -> Any:
        def asked(shown: np.ndarray) -> list[np.ndarray]:
            with explained(who, shown):
                return [np.asarray(part, np.float32) for part in as_inputs(function(np.asarray(shown)))]

        called = host_call(asked, [(seen.shape[0], *part.shape[1:]) for part in parts], seen)
        typed = tuple(array.astype(part.dtype) for array, part in zip(called, parts, strict=True))
        return typed if isinstance(example, tuple) else typed[0]

    return made
