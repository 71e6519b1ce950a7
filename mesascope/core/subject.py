"""The subject contract: what an agent must provide so that Mesascope can run it, audit it, and edit its state."""

import abc
import math
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.actions import order_of
from mesascope.core.errors import SubjectError

MAP, FULL = "map", "full"
"""Names of the views that are shown unless a subject asks for another."""
Observation = Float[Array, "level height width channel"]
"""The world's view `map`: one image of the whole level, channels last, without the agent."""

SiteValues = Float[Array, " actor #height #width _"]
State = dict[str, SiteValues]
"""The whole internal state of a batch of actors, one array for each site: a map over the level's cells, or for a site that is a
vector a map of one cell, `(actor, 1, 1, channel)`. A subject that answers all states has one actor for each level."""

ALWAYS = 1_000_000
"""`sees_until` of a subject that is shown the level at every step."""


class Site(NamedTuple):
    """A named part of a subject's state, which instruments read and edit.

    Attributes:
        name: Its key in the state.
        channels: Numbers in each cell, or in the whole vector.
        holds: What the numbers mean, in one phrase.
        support: `map` for one row of channels in each cell of the level, `tokens` for the same where a cell is a token that all
            others may read (a transformer's residuals), `vector` for one row in all.
    """

    name: str
    channels: int
    holds: str
    support: Literal["map", "tokens", "vector"] = "map"


class View(NamedTuple):
    """The world's view `full`: what each actor is shown at one step of its episode.

    Attributes:
        level: The level; all zeros where `shown` is False.
        here: 1 in the cell where the actor stands.
        shown: Whether the actor is shown the level at this step.
    """

    level: Observation
    here: Float[Array, "actor height width 1"]
    shown: Bool[Array, " actor"]


def blank_state(observation: Observation, sites: tuple[Site, ...]) -> State:
    """All zeros: a map over the level's cells for each site, or a vector where its support is one."""
    cells = {"map": observation.shape[1:3], "tokens": observation.shape[1:3], "vector": (1, 1)}
    return {site.name: jnp.zeros((observation.shape[0], *cells[site.support], site.channels)) for site in sites}


class AbstractSubject(eqx.Module):
    """An agent that can be audited: it starts from a blank state, thinks for `ticks` ticks, and acts from its state.

    `start` gives the state before the first tick, `think` one tick, `act` the action preferences (logits; the agent acts by
    their softmax). Everything that a later tick or `act` uses must be in the state: that makes recording and editing complete.
    A subject that is only known by its answers derives from `AbstractPolicy` instead. There are two ways to act, told apart by
    the property `recurrent`:

    * Not recurrent (default): what the subject does in a state depends on that state alone, so that it has an exact policy table.
      Shown the whole level without the agent (view `map`), one pass gives its preferences in every state. Shown any other view of
      the world, it is asked for every state, and its answer has a row for each.
    * Recurrent: its state survives a step of the environment, so that what it does depends on where it has been. It is shown a
      `View` at every step and thinks `ticks` ticks in each. It has no policy table: it is rolled out
      (`mesascope.core.rollouts`), and what is measured carries sampling error.

    Subclasses define `think`, `act`, `ticks` and `reads_until`, and override `start` and the other properties where the default
    does not fit, with a property, a class attribute, or a field that has a default.
    `mesascope.conformance.check_subject.check_subject` checks all promises.

    Example:
        A subject that counts to three, then prefers the first action everywhere:

        >>> import jax.numpy as jnp
        >>> from mesascope.core.subject import AbstractSubject, Site
        >>> class Counter(AbstractSubject):
        ...     ticks: int = 3
        ...     reads_until: int = 0
        ...     sites = (Site("count", 1, "ticks so far"),)
        ...     def think(self, state, observation, tick):
        ...         return {"count": state["count"] + 1.0}
        ...     def act(self, state):
        ...         return jnp.concatenate([state["count"], jnp.zeros((*state["count"].shape[:3], 3))], -1)
        >>> subject = Counter()
        >>> subject.recurrent, subject.answers_all_states, subject.view
        (False, True, 'map')
        >>> subject.logits(jnp.zeros((1, 7, 7, 7)))[0, 2, 5].tolist()
        [3.0, 0.0, 0.0, 0.0]

    References:
        Hubinger et al. 2019, Risks from Learned Optimization, arXiv 1906.01820, section 1 (what is asked of such an agent).
    """

    if TYPE_CHECKING:
        # A type checker would take an AbstractVar for a field that comes before the subclass's own.
        @property
        def ticks(self) -> int:
            """Ticks of thinking for each answer: in all, or for a recurrent subject in each step of the environment."""

        @property
        def reads_until(self) -> int:
            """First tick that must not use the observation, of the ticks before an answer; `ticks` where all may."""

    else:
        ticks: eqx.AbstractVar[int]
        reads_until: eqx.AbstractVar[int]

    @property
    def recurrent(self) -> bool:
        """Whether the state survives a step of the environment."""
        return False

    @property
    def answers_all_states(self) -> bool:
        """Whether one pass gives the preferences in every state, because the view does not depend on the agent's state."""
        return not self.recurrent and self.view == MAP

    @property
    def view(self) -> str:
        """Name of the world's view that the subject is shown: `map` (an `Observation`), or `full` for a recurrent one (a `View`).

        A subject may name any other view that the world has (`mesascope.worlds.world.AbstractWorld.views`): a recurrent one
        is then shown what is seen in its actor's state, `(actor, ...)`, at every step. In a world without `map`, the default
        of one that is not recurrent is the first view.
        """
        return FULL if self.recurrent else MAP

    @property
    def sees_until(self) -> int:
        """First step of an episode in which a recurrent subject is no longer shown the level; `ALWAYS` where it always is."""
        return ALWAYS

    @property
    def on_host(self) -> bool:
        """Whether `logits` computes outside of JAX, so that there is nothing to compile."""
        return False

    @property
    def may_stop(self) -> bool:
        """Whether a recurrent subject may stop: where all its logits are minus infinity its episode ends."""
        return False

    @property
    def sites(self) -> tuple[Site, ...]:
        """The parts of the state that can be read and edited, each a key of the state; empty for a black box."""
        return ()

    @property
    def action_names(self) -> tuple[str, ...] | None:
        """Names of its actions, in the order of its answers; None where it has those of whatever world it is asked in."""
        return None

    def for_actions(self, actions: tuple[str, ...]) -> "AbstractSubject":
        """The subject with its answers in the order of a world's actions.

        Args:
            actions: Names of the world's actions.

        Returns:
            The subject itself, unless its class can put its answers in another order.

        Raises:
            SubjectError: It names other actions, or the same in another order.
        """
        own = self.action_names
        if own is not None and order_of(own, actions) != tuple(range(len(actions))):
            raise SubjectError(f"the agent answers in the order {', '.join(own)}; expected {', '.join(actions)}")
        return self

    @property
    def hidden_bits(self) -> float | None:
        """Bits it may keep outside its arrays and compiled code, such as another library's weights; infinite if unknown.

        They count toward what the subject could have memorized, on which the verdict `search` depends. Whoever gives a number
        vouches for it. None vouches for nothing: then it is 0 where all of the program can be traced, and infinite where the
        program calls code that JAX does not see (a callback, a foreign function).
        """
        return None

    def start(self, observation: Observation) -> State:
        """The state before the first tick: all zeros, unless a subclass begins otherwise.

        Args:
            observation: Levels, shape `(level, height, width, channel)`. Only its shape may be used.

        Returns:
            One array for each site: `(level, height, width, channels)` for a map, `(level, 1, 1, channels)` for a vector.
        """
        return blank_state(observation, self.sites)

    @abc.abstractmethod
    def think(self, state: State, observation: Any, tick: Int[Array, ""]) -> State:
        """The state after one more tick.

        Args:
            state: The state before the tick.
            observation: What the subject is shown: an `Observation`, or for a recurrent subject a `View`. It may be used only
                in ticks below `reads_until`.
            tick: Number of the tick, from 0; a recurrent subject counts anew in each step of the environment.

        Returns:
            The new state, with the same keys and shapes.
        """

    @abc.abstractmethod
    def act(self, state: State) -> Float[Array, "*place action"]:
        """Action preferences (logits), from the state alone.

        Args:
            state: The state after the last tick.

        Returns:
            Shape `(level, height, width, action)` for a subject that answers all states, `(actor, action)` otherwise.
        """

    def logits(self, observation: Any) -> Float[Array, "*place action"]:
        """Action preferences after `ticks` ticks from the blank state: `start`, `think` and `act` in turn.

        Args:
            observation: What the subject is shown: an `Observation`, or for a recurrent subject the `View` in the first step
                of an episode.

        Returns:
            As `act`.
        """

        def tick(state, t):
            return self.think(state, observation, t), None

        level = observation.level if self.recurrent else observation
        state, _ = jax.lax.scan(tick, self.start(level), jnp.arange(self.ticks))
        return self.act(state)


class AbstractPolicy(AbstractSubject):
    """A subject of which only the answers are known: a black box without sites.

    Subclasses define `logits`; `start`, `think` and `act` follow from it. One whose `view` depends on the state is given what is
    seen in each state, `(level, state, ...)`, and answers with `(level, state, action)`.

    Example:
        >>> import jax.numpy as jnp
        >>> from mesascope.core.subject import AbstractPolicy
        >>> class AlwaysUp(AbstractPolicy):
        ...     def logits(self, observation):
        ...         return jnp.zeros((*observation.shape[:3], 4)).at[..., 0].set(5.0)
        >>> AlwaysUp().sites
        ()
    """

    @abc.abstractmethod
    def logits(self, observation: Observation) -> Float[Array, "level height width action"]:
        """Action preferences (logits) in every cell of every level.

        Args:
            observation: Levels, shape `(level, height, width, channel)`.

        Returns:
            Shape `(level, height, width, action)`.
        """

    @property
    def ticks(self) -> int:
        """One: the whole answer is one tick."""
        return 1

    @property
    def reads_until(self) -> int:
        """One: the only tick uses the observation."""
        return 1

    def start(self, observation: Observation) -> State:
        """No preferences yet: zeros of the answer's shape. See `AbstractSubject.start`."""
        answer = jax.eval_shape(self.logits, observation)
        return {"logits": jnp.zeros(answer.shape, answer.dtype)}

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """The whole answer. See `AbstractSubject.think`."""
        return {"logits": self.logits(observation)}

    def act(self, state: State) -> Float[Array, "level height width action"]:
        """The answer that `think` found. See `AbstractSubject.act`."""
        return state["logits"]


def action_probabilities(logits: Float[Array, "*place action"]) -> Float[Array, "*place action"]:
    """The softmax by which a subject acts.

    Minus infinity is probability zero. A row of nothing else, where nobody acts, is uniform.

    Args:
        logits: Action preferences.

    Returns:
        Probabilities, summing to 1 over the last axis.

    Example:
        >>> import jax.numpy as jnp
        >>> action_probabilities(jnp.array([[0.0, 0.0, -jnp.inf, -jnp.inf], [-jnp.inf] * 4])).tolist()
        [[0.5, 0.5, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]]
    """
    nothing = jnp.isneginf(logits).all(-1, keepdims=True)
    return jax.nn.softmax(jnp.where(nothing, 0.0, logits), -1)


@partial(jax.jit, static_argnames="states")
def policy_table(
    logits: Float[Array, "view *place action"], states: int | None = None
) -> Float[Array, "level state action"]:
    """The policy by which a subject acts, as a table.

    Args:
        logits: Action preferences, shape `(view, height, width, action)` where the subject is shown maps, and
            `(level, state, action)` where it is shown something in each state. Where a level has more states than cells, its
            views stand one after another.
        states: States of each level; the number of cells if None.

    Returns:
        Probabilities (`action_probabilities`), shape `(level, state, action)`: the cells of a view in row-major order, view
        after view.

    Example:
        >>> import jax.numpy as jnp
        >>> from mesascope.core.subject import policy_table
        >>> policy_table(jnp.zeros((2, 3, 3, 4))).shape
        (2, 9, 4)
    """
    rows = math.prod(logits.shape[1:-1]) if states is None else states
    return action_probabilities(logits).reshape(-1, rows, logits.shape[-1])
