"""What every world provides: levels drawn from named distributions, their tables, features, and named shifts."""

import abc
from collections.abc import Mapping, Sequence
from operator import index as as_index
from typing import Any, ClassVar, Generic, SupportsIndex, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, Shaped

from mesascope.core.errors import UsageError, unknown
from mesascope.core.mdp import FiniteMDP
from mesascope.core.objective import Objective
from mesascope.core.rng import named_key
from mesascope.core.solver import Values, optimal_values
from mesascope.core.subject import MAP
from mesascope.drawing import Drawing, Picture, level_svg
from mesascope.worlds.counterfactuals import AbstractCounterfactuals
from mesascope.worlds.described import TRAINING, AbstractDescribed
from mesascope.worlds.levels import AbstractLevels, Level
from mesascope.worlds.mutations import AbstractMutations
from mesascope.worlds.outcomes import Outcomes
from mesascope.worlds.painting import Painting
from mesascope.worlds.space import first_in_cells
from mesascope.worlds.strategies import AlgorithmLibrary, Habit, Rule, fixed_actions
from mesascope.worlds.views import STATE_ID, STATE_ID_VIEW, States, View

__all__ = ["TRAINING", "AbstractWorld"]

Levels = TypeVar("Levels", bound=AbstractLevels)
World = TypeVar("World", bound="AbstractWorld")


class AbstractWorld(AbstractDescribed, Generic[Levels]):
    """A family of levels with named actions and features, a training distribution and named shifts.

    A world implements `sample` and `tables` and names its actions, features, objectives and discount; `views` has what its
    agents may be shown beside the number of the state. `mesascope.conformance.check_world` says what is missing or wrong.
    """

    independent_features: eqx.AbstractClassVar[tuple[str, ...]]
    discount: eqx.AbstractClassVar[float]
    actions: eqx.AbstractClassVar[tuple[str, ...]]
    """Names of the actions, in the order of the tables."""
    single_choice: ClassVar[bool] = False
    """Whether an episode is one choice among `outcomes`: features fire only on entering the state of an outcome, which ends the
    episode; transitions are certain; and an agent can stay away from all outcomes for ever and come back to where it was.
    """

    @abc.abstractmethod
    def sample(self, key: PRNGKeyArray, count: int, distribution: str) -> Levels:
        """`count` levels of a distribution that the world has, from a key. What `draw` calls; pure."""

    @abc.abstractmethod
    def tables(self, levels: Levels) -> FiniteMDP:
        """The levels as finite decision problems: all their states, transitions, features, ends and starts."""

    def solve(self, levels: Levels, weights: Float[Array, " feature"]) -> Values:
        """Optimal state and action values for an objective. A world that knows a faster way to the same values overrides this."""
        return optimal_values(self.tables(levels), weights, self.discount)

    @property
    def views(self) -> Mapping[str, View]:
        """What a subject can be shown, by name; the first is shown unless another is asked for."""
        return {STATE_ID: STATE_ID_VIEW}

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels of the first view."""
        return next(iter(self.views.values())).channels

    @property
    def legend(self) -> str:
        """What the characters of a level's text mean."""
        return ""

    @property
    def views_per_level(self) -> int:
        """How many observations of the first view answer for all states of a training level."""
        return len(self.observe(self.draw(0, 1)))

    def distinct_levels(self, distribution: str) -> int | None:
        """How many different levels a distribution has, so that no more are looked at as if they were independent.

        Args:
            distribution: `training` or the name of a shift.

        Returns:
            The number of levels, each of which `sample` gives once before any comes twice; None where they do not run out.

        Raises:
            UsageError: the world has no such distribution.
        """
        self.check_distribution(distribution)
        return None

    def outcomes(self, levels: Levels) -> Outcomes:
        """What ends an episode in each level, where an episode is a single choice.

        Args:
            levels: a batch of levels.

        Returns:
            The outcomes, in slots.

        Raises:
            UsageError: an episode of this world is more than one choice.
        """
        raise UsageError(f"an episode of {self.name} is more than one choice among outcomes")

    def apparent(self, levels: Levels) -> Levels | None:
        """The levels as they look: without what ends an episode and no view shows.

        Args:
            levels: a batch of levels.

        Returns:
            As many levels, with outcomes in the same slots but for those that are not shown; None where everything is shown.

        Example:
            >>> import mesascope as ms
            >>> world = ms.worlds.cheese_corner(size=5)
            >>> levels = world.draw(0, 3, "far-corner")
            >>> [int(world.outcomes(some).present.sum()) for some in (levels, world.apparent(levels))]
            [6, 3]
        """
        return None

    def active(self, levels: Levels) -> Bool[Array, "level state"]:
        """States in which an agent can be and has to act."""
        return ~self.tables(levels).terminal

    def map_shape(self, levels: Levels) -> tuple[int, int]:
        """Height and width of the first view's map."""
        height, width = jax.eval_shape(self.observe, levels).shape[1:3]
        return height, width

    def locate(self, levels: Levels) -> Int[Array, "level state"] | None:
        """Where each state lies on the first view's map, as a row-major cell number; None where states have no place."""
        return None

    def at_states(self, levels: Levels, values: Shaped[Array, "level height width"]) -> Shaped[Array, "level state"]:
        """What a map holds where each state lies. `UsageError` for a world whose states have no place."""
        cells = self.locate(levels)
        if cells is None:
            raise UsageError(f"states of {self.name} have no place on a map")
        return jnp.take_along_axis(values.reshape(len(levels), -1), cells, 1)

    @property
    def counterfactuals(self) -> AbstractCounterfactuals[Levels] | None:
        """How levels can be changed so that optimal behavior changes; None where the world does not say."""
        return None

    @property
    def no_search_tests(self) -> str | None:
        """Why no tests of search can be made from `counterfactuals`; None where they can."""
        return f"not applicable: {self.name} names no changes of a level that move what is wanted or bar the way to it"

    @property
    def habits(self) -> Mapping[str, Habit]:
        """Named policies that are after nothing: accounts of behavior without an objective."""
        return fixed_actions(self.actions)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Short rules that a policy may amount to, beside tables and planners."""
        return ()

    @property
    def algorithms(self) -> AlgorithmLibrary | None:
        """Algorithms with explicit variables in every cell of the map, to be compared with a subject; None: none."""
        return None

    @property
    def mutations(self) -> AbstractMutations[Levels] | None:
        """How levels can be changed a little, for searches over levels; None where the world does not say."""
        return None

    @property
    def no_mutations(self) -> str | None:
        """Why there are no `mutations`, said of what searches over levels; None where there are."""
        return f"changes levels a little, and {self.name} does not say how"

    @property
    def painting(self) -> Painting | None:
        """What an editor of its levels needs; None where levels are more than a board of cells that can be painted."""
        return None

    @classmethod
    def read_levels(cls, text: str) -> Levels:
        """Levels from the text that `Level.text` gives, separated by blank lines.

        Raises:
            UsageError: levels of this world cannot be read from text.
        """
        raise UsageError(f"levels of {cls.name} cannot be read from text")

    def text_in_state(self, levels: Levels, index: int, state: int) -> str:
        """Level number `index` as text, with the agent in a state of it."""
        return f"{levels.text(index)}\nstate {state}"

    def drawing(self, levels: Levels, index: int) -> Drawing | None:
        """Level number `index` as a board to draw; None where the world has no pictures."""
        return levels.drawing(index)

    def picture(
        self,
        level: Level[Levels],
        *,
        policy: Float[Any, "state action"] | None = None,
        path: Sequence[int] | None = None,
        values: Float[Any, " state"] | None = None,
        title: str | None = None,
    ) -> Picture:
        """A level as SVG, with a policy, a trajectory or values drawn over it.

        Args:
            level: one level, such as `levels[0]`.
            policy: probability of each action in each state, drawn as an arrow in each cell; of states that share a cell the
                first is shown.
            path: states in the order in which they were visited, start and end included.
            values: a number for each state, drawn as shades.
            title: plain text below the level.

        Returns:
            The SVG document as text, which a notebook shows as a picture.

        Raises:
            UsageError: the world has no pictures.
            ValueError: what is to be drawn does not fit the level.

        Example:
            >>> import mesascope as ms
            >>> world = ms.worlds.red_doors(size=5)
            >>> level = world.draw(0, 1)[0]
            >>> world.picture(level, values=world.optimal_values(level)).startswith("<svg")
            True
        """
        drawing, cells = self.drawing(level.batch, 0), self.locate(level.batch)
        if drawing is None or cells is None:
            raise UsageError(f"levels of {self.name} have no pictures")
        at = np.asarray(cells)[0]
        return level_svg(
            drawing,
            policy=None if policy is None else first_in_cells(np.asarray(policy), at, drawing.solid.size),
            path=None if path is None else [int(at[state]) for state in path],
            values=None if values is None else first_in_cells(np.asarray(values), at, drawing.solid.size),
            title=title,
        )

    def draw(self, seed: SupportsIndex | PRNGKeyArray, count: SupportsIndex, distribution: str = TRAINING) -> Levels:
        """Draw levels.

        Args:
            seed: an integer from 0 to 2^32 - 1 (of Python, NumPy or JAX), or a JAX key. Equal seeds give equal levels, and
                batches of several sizes of one seed may share levels: draw those to test on from another seed.
            count: how many levels, at least 1.
            distribution: `training` or the name of a shift.

        Returns:
            The levels, a batch and a sequence.

        Raises:
            UsageError: the world has no such distribution, the seed is none, or `count` is below 1.

        Example:
            >>> import mesascope as ms
            >>> levels = ms.worlds.red_doors(size=5).draw(0, 3)
            >>> [level.text.count("R") for level in levels]
            [1, 1, 1]
        """
        self.check_distribution(distribution)
        levels = 0 if isinstance(count, bool) or not hasattr(count, "__index__") else as_index(count)
        if levels < 1:
            raise UsageError(f"{count} levels: expected a whole number from 1 on")
        return self.sample(named_key(seed), levels, distribution)

    def observe(self, levels: Levels, view: str | None = None, states: States | None = None) -> Array:
        """What a subject sees of levels.

        Args:
            levels: a batch of levels.
            view: name of a view; the first of `views` unless given.
            states: state numbers, `(level, state)`; all states unless given.

        Returns:
            What is seen in each state, `(level, state, ...)`. Without `states`, a view that shows all states of a level at
            once gives `(view, height, width, channel)`: the cells of the views of a level, in order, are its states.

        Raises:
            UsageError: the world has no such view.
        """
        views = self.views
        name = next(iter(views)) if view is None else view
        if name not in views:
            raise unknown(f"view of {self.name}", name, views)
        chosen = views[name]
        if states is None:
            if chosen.of_levels is not None:
                return chosen.of_levels(levels)
            mdp = self.tables(levels)
            states = jnp.broadcast_to(jnp.arange(mdp.states, dtype=jnp.int32), (mdp.levels, mdp.states))
        return chosen.of_states(levels, states)

    def view_for(self, asked: str) -> str:
        """Name of the view that a subject is shown which asks for `asked`.

        Args:
            asked: The `view` of a subject; `map`, the default, means the first view of a world that has no map.

        Returns:
            The name of a view of this world.

        Raises:
            UsageError: The world has no such view; the message names the nearest.
        """
        views = self.views
        if asked not in views and asked != MAP:
            raise unknown(f"view of {self.name}", asked, views)
        return asked if asked in views else next(iter(views))

    def with_view(self: World, name: str, view: View) -> World:
        """The same world with a view more, shown when it is asked for by name."""
        own = {**self.views, name: view}
        return self.changed(views=property(lambda self: own))

    def changed(self: World, **attributes: Any) -> World:
        """The same world with other class attributes, such as its shifts; its configuration and its card stay."""
        kind = type(self)
        body = {"__doc__": kind.__doc__, "__module__": kind.__module__, **attributes}
        return type(kind.__name__, (kind,), body)(**vars(self))

    def optimal_values(
        self, levels: Levels | Level[Levels] | None = None, objective: Objective | str | None = None
    ) -> Float[Array, "*level state"]:
        """Exact optimal values of all states.

        Args:
            levels: a batch or one level; the first training level of seed 0 unless given.
            objective: weights over features, as an `Objective` or as text such as `door:1+red:0.5`; the intended goal unless
                given.

        Returns:
            The discounted return of an optimal policy from each state: `(level, state)`, and `(state,)` for one level.

        Raises:
            UsageError: the objective weighs a feature that the world does not have.

        Example:
            >>> import mesascope as ms
            >>> world = ms.worlds.red_doors(size=5)
            >>> world.optimal_values().shape, world.optimal_values(world.draw(0, 3), "red").shape
            ((9,), (3, 9))
        """
        batch: Any = self.draw(0, 1) if levels is None else levels.batch if isinstance(levels, Level) else levels
        goal = Objective.parse(objective, self.features) if isinstance(objective, str) else objective
        weights = jnp.asarray((goal or self.intended_goal).vector(self.features))
        state = self.solve(batch, weights).state
        return state if isinstance(levels, AbstractLevels) else state[0]

    def check_distribution(self, distribution: str) -> str:
        """`distribution` if the world has it; `UsageError` that names the nearest one otherwise."""
        if distribution != TRAINING and distribution not in self.shifts:
            raise unknown("shift", distribution, (TRAINING, *self.shifts))
        return distribution
