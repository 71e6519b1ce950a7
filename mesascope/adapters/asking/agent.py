"""A network of any library as an agent: once the world is known, it becomes a subject."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from mesascope.adapters.asking.in_world import action_order, asked_once, usual_view, view_shapes
from mesascope.adapters.asking.network import (
    Network,
    chosen_output,
    described,
    explained,
    given_to,
    read_preferences,
)
from mesascope.adapters.asking.options import Asking, as_shown
from mesascope.adapters.checks import digest
from mesascope.adapters.replay import ReportedReturn
from mesascope.adapters.steps import Answering, HostSubject, Weights
from mesascope.core.errors import UsageError, unknown
from mesascope.core.rng import named_key
from mesascope.core.subject import FULL, MAP, AbstractSubject
from mesascope.worlds.world import AbstractWorld

TRIED = 3
"""Queries of the one call on which a network is tried before it is asked in earnest."""


@dataclasses.dataclass(frozen=True)
class AskedAgent:
    """A network and how it is asked: an agent of another library (`mesascope.adapters.references.OutsideAgent`).

    Attributes:
        network: The network.
        asking: How it is asked.
        batch: Most queries of one call.

    Example:
        >>> import numpy as np
        >>> import mesascope as ms
        >>> from mesascope.adapters.asking.network import Network
        >>> from mesascope.adapters.asking.options import Asking
        >>> network = Network("zeros", {}, {}, lambda weights, shown: np.zeros((len(shown), 4)))
        >>> agent = AskedAgent(network, Asking(actions=("right", "up", "down", "left")))
        >>> agent.subject(ms.worlds.red_doors(size=5)).view
        'full'
    """

    network: Network
    asking: Asking
    batch: int = 4096

    @property
    def name(self) -> str:
        """File and kind of the network."""
        return f"{self.network.name}{', deterministic' if self.asking.deterministic else ''}"

    @property
    def identity(self) -> dict[str, Any]:
        """What an audit of it depends on, beside its weights."""
        return {**self.network.identity, "asked": self.asking.identity}

    @property
    def reported(self) -> ReportedReturn | None:
        """The return that its owner reports."""
        return self.asking.reported

    def subject(self, world: AbstractWorld) -> AbstractSubject:
        """The subject that it is in a world.

        Args:
            world: The world.

        Returns:
            A black box that is asked about what it is shown in each state; a recurrent subject where it has a memory or writes a
            whole path.

        Raises:
            UsageError: Its view or its actions are not the world's, or what it puts out cannot be read without being told more.
            SubjectError: It fails, or answers with another shape.
        """
        # Both are made of agents, and import this.
        from mesascope.adapters.asking.memory import recurrent_subject
        from mesascope.adapters.written_paths import path_subject

        asking, network = self.asking, self.network
        action_order(asking.actions, None, world, network.name)
        if asking.view == MAP and world.views[world.view_for(MAP)].shows_all_states:
            return self._of_maps(world)
        view = self.view_in(world)
        if network.looks_recurrent and asking.recurrent is None:
            raise UsageError(
                f"{network.name} looks recurrent: {network.looks_recurrent}. An agent with a memory is not asked as if it had "
                "none: write recurrent=true; where the memory lasts within one step alone, recurrent=false"
            )
        if asking.recurrent:
            return recurrent_subject(self, world, view)
        if asking.answers == "path":
            return path_subject(
                lambda shown: self.output(None, shown),
                world=world,
                actions=asking.actions,
                view=view,
                length=asking.length,
                batch=self.batch,
                weights=network.weights,
                who=network.name,
            )
        self.preferences(None, shown_to(world, view))
        answer = asked_once(lambda rows: self._in_batches(rows))
        subject = HostSubject(answer, self.digest, Answering(self.own_actions), view)
        return subject.for_actions(world.actions)

    @property
    def own_actions(self) -> tuple[str, ...]:
        """Names of its actions in its own order."""
        assert self.asking.actions is not None  # the world was asked before
        return self.asking.actions

    @property
    def digest(self) -> Any:
        """What tells its weights from those of another."""
        return digest(sorted(self.network.weights.items()))

    def view_in(self, world: AbstractWorld) -> str:
        """Name of the view that it is shown in a world; `UsageError` where the world has no such view, or it shows no state."""
        shapes, view = view_shapes(world), self.asking.view
        if view is None and self.asking.answers == "path" and FULL not in shapes:
            raise UsageError(
                f"{self.network.name} writes its moves from the view '{FULL}' unless another is named, and {world.name} does not "
                f"have it: write view=, one of {listed(shapes)}, the one that the function in tokens= or observe= reads"
            )
        if view is None:
            return usual_view(shapes)
        if view not in world.views:
            raise unknown(f"view of {world.name}", view, world.views)
        if view not in shapes:
            raise UsageError(
                f"view '{view}' of {world.name} does not show where the agent is; expected one of {listed(shapes)}"
            )
        return view

    def inputs(self, shown: np.ndarray) -> tuple[Any, ...]:
        """What the network is given of what a view shows, `(query, ...)`."""
        function, who = self._observe(shown)
        with explained(who, shown):
            made = function(shown)
        return given_to(self.network, made, len(shown), who)

    def called(self, weights: Weights | None, *inputs: Any) -> Any:
        """What the network, or `call=` in its place, puts out."""
        network, call = self.network, self.asking.call
        if call is None:
            return network.call(weights, *inputs)

        def run() -> Any:
            with explained(f"call={_name(call.identity)}", type(network.module), *inputs):
                return call.function(network.module, *inputs)

        return network.within(weights, run)

    def output(self, weights: Weights | None, shown: np.ndarray) -> Any:
        """The output that holds the answer to what a view shows."""
        answered = self.called(weights, *self.inputs(shown))
        return chosen_output(answered, self.asking.output, self.network.name, self.holds)

    @property
    def holds(self) -> str:
        """What its answer holds, for messages."""
        return {"logits": "the action logits", "actions": "its actions", "path": "the moves"}[self.asking.answers]

    def preferences(self, weights: Weights | None, shown: np.ndarray) -> Float[np.ndarray, "query action"]:
        """Logits in its own order of actions, from what a view shows."""
        return self.read(self.output(weights, shown), len(shown))

    def read(self, answered: Any, queries: int) -> Float[np.ndarray, "query action"]:
        """Logits in its own order of actions, from the output that holds them."""
        asking = self.asking
        return read_preferences(
            answered, queries, self.own_actions, asking.answers, asking.deterministic, self.network.name
        )

    def _in_batches(self, rows: np.ndarray) -> Float[np.ndarray, "query action"]:
        # A network may write to what it is given, so it is given a copy; in one place, as fresh memory takes longer to get than
        # a small network to answer.
        room, parts = np.empty_like(rows[: self.batch], order="C"), []
        for first in range(0, len(rows), self.batch):
            some = rows[first : first + self.batch]
            shown = room[: len(some)]
            shown[...] = some
            parts.append(self.preferences(None, shown))
        return np.concatenate(parts)

    def _observe(self, shown: np.ndarray) -> tuple[Any, str]:
        """The function that makes what the network is given, and what it is called in messages."""
        if self.asking.observe is not None:
            return self.asking.observe.function, f"observe={_name(self.asking.observe.identity)}"
        if shown.ndim != 4:
            return as_shown, "what the view shows"
        if self.network.arrange is None:
            raise UsageError(
                f"{self.network.name} is shown pictures, {described(shown)}, and nothing says in which order it takes their "
                "numbers: write observe=channels-first, observe=channels-last, observe=flat or observe=MODULE:FUNCTION"
            )
        return self.network.arrange, "what the view shows"

    def _of_maps(self, world: AbstractWorld) -> AbstractSubject:
        asking = self.asking
        own = Asking(view=MAP, actions=asking.actions, reported=asking.reported, recurrent=asking.recurrent)
        if self.network.whole is None or asking != own or asking.recurrent:
            raise UsageError(
                f"{self.network.name}: view=map shows the whole level without the agent, to networks that answer for every cell "
                "at once, and with no other option than actions=; expected one of "
                f"{listed(view_shapes(world))}, which show where the agent is"
            )
        return self.network.whole(world, asking.actions)


def shown_to(world: AbstractWorld, view: str, queries: int = TRIED) -> np.ndarray:
    """What a view shows in the first states of a training level: `(query, ...)`, for trying a network."""
    levels = world.draw(named_key(0, "views"), 1)
    states = jnp.arange(queries, dtype=jnp.int32)[None]
    return np.array(world.observe(levels, view, states))[0]


def listed(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Views with their shapes, for a message."""
    return "; ".join(f"{name} {shape}" for name, shape in shapes.items())


def _name(identity: Any) -> str:
    return identity if isinstance(identity, str) else str(identity["name"])
