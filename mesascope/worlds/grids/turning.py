"""Turning and going forward in any maze world, in place of four moves.

An agent has a heading. States are numbered by stage, then heading, then cell: (stage * 4 + heading) * cells + cell, with the
headings in the order of the four moves. Going forward does what the move in that direction does.
"""

from functools import lru_cache
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mesascope.core.errors import UsageError
from mesascope.core.inline_jit import inline_jit
from mesascope.core.mdp import FiniteMDP
from mesascope.drawing import Drawing
from mesascope.worlds.grids.grid import ACTIONS
from mesascope.worlds.grids.habits import LEFT_OF, RIGHT_OF
from mesascope.worlds.grids.world import TURN, AbstractGridWorld, AnyGridLevels, GridWorld
from mesascope.worlds.outcomes import Outcomes
from mesascope.worlds.strategies import AlgorithmLibrary, Habit, Rule, fixed_actions

TURNS = ("left", "right", "forward")
"""Actions of an agent that turns: a quarter to the left, a quarter to the right, one cell on."""

_STATES = "Each state comes once for each of four headings; the actions are left and right, which turn, and forward."
_KEY = f"* `movement`: `{TURN}`: an agent has a heading, turns left and right, and goes forward."


@inline_jit("cells")
def turning_tables(mdp: FiniteMDP, cells: int) -> FiniteMDP:
    """Tables with headings, from tables of four moves over stages of `cells` cells.

    Turning changes nothing but the heading and fires nothing; in states that end an episode nothing turns. Starts are those of
    the four moves, uniform over headings. The tables name neither band nor moves: a turn leads farther than a row of cells.

    Args:
        mdp: tables whose actions are up, down, left and right; state number is stage times `cells`, plus the cell.
        cells: cells of the interior.

    Returns:
        Tables over stages, headings and cells, with the actions `TURNS`.
    """
    levels, outcomes = mdp.levels, mdp.successor.shape[-1]
    stages, headings = mdp.states // cells, len(ACTIONS)

    def by_heading(table: Array) -> Array:
        """`(level, stage * cell, heading, ...)` as `(level, stage, heading, cell, ...)`."""
        return jnp.moveaxis(table.reshape(levels, stages, cells, *table.shape[2:]), 3, 2)

    def with_headings(table: Array) -> Array:
        """One value for each state of the four moves, the same for every heading."""
        spread = jnp.broadcast_to(table.reshape(levels, stages, 1, cells), (levels, stages, headings, cells))
        return spread.reshape(levels, -1)

    shape = (levels, stages, headings, cells, outcomes)
    stage, heading, cell = jnp.arange(stages)[:, None, None], jnp.arange(headings)[:, None], jnp.arange(cells)

    def number(stage: Array, heading: Array, cell: Array) -> Array:
        return (stage * headings + heading) * cells + cell

    ahead = by_heading(mdp.successor)
    forward = number(ahead // cells, heading[..., None], ahead % cells)
    terminal = with_headings(mdp.terminal).reshape(shape[:-1])
    turned = [
        jnp.where(terminal, number(stage, heading, cell), number(stage, jnp.array(of)[:, None], cell))[..., None]
        for of in (LEFT_OF, RIGHT_OF)
    ]
    after = jnp.stack([*(jnp.broadcast_to(turn, shape) for turn in turned), forward], 4).astype(jnp.int32)
    sure = jnp.broadcast_to(jnp.arange(outcomes) == 0, shape).astype(mdp.probability.dtype)
    fires = by_heading(mdp.features)
    nothing = jnp.zeros_like(fires)
    states = stages * headings * cells
    return FiniteMDP(
        successor=after.reshape(levels, states, len(TURNS), outcomes),
        probability=jnp.stack([sure, sure, by_heading(mdp.probability)], 4).reshape(
            levels, states, len(TURNS), outcomes
        ),
        features=jnp.stack([nothing, nothing, fires], 4).reshape(levels, states, len(TURNS), outcomes, -1),
        terminal=terminal.reshape(levels, states),
        initial=with_headings(mdp.initial) / headings,
    )


class Turning(AbstractGridWorld):
    """A maze world whose agents have a heading: they turn left and right, and go forward.

    Comes before the world's class in a list of bases; `turning` makes such a class of any maze world. Levels, distributions,
    features and objectives stay. The tests of search, the algorithms and the rules, which speak of four moves, are left out.
    """

    actions: ClassVar[tuple[str, ...]] = TURNS
    headings: ClassVar[tuple[str, ...]] = ACTIONS

    def tables(self, levels: AnyGridLevels) -> FiniteMDP:
        """Tables over what is gone, headings and cells."""
        height, width = levels.interior
        return turning_tables(super().tables(levels), height * width)

    @property
    def views_per_level(self) -> int:
        """One map for each heading where the map is shown, and for each set of objects that may be gone."""
        return super().views_per_level * len(self.headings)

    def outcomes(self, levels: AnyGridLevels) -> Outcomes:
        """The objects, each reached with any heading, where touching one ends the episode."""
        at, features = super().outcomes(levels)
        return Outcomes(jnp.tile(at, (1, 1, len(self.headings))), features)

    def active(self, levels: AnyGridLevels) -> Bool[Array, "level state"]:
        """States of the four moves in which an agent can be, with every heading."""
        if not self.single_choice:
            return ~self.tables(levels).terminal
        return jnp.tile(super().active(levels), (1, len(self.headings)))

    def maps(self, levels: AnyGridLevels) -> Float[Array, "view height width channel"]:
        """The map once for each heading, with a channel for each heading that is 1 in every cell of its map."""
        shown = super().maps(levels)
        facing = jnp.broadcast_to(
            jnp.eye(len(self.headings))[:, None, None], (len(shown), len(self.headings), *shown.shape[1:3], 4)
        )
        each = jnp.broadcast_to(shown[:, None], (*facing.shape[:-1], shown.shape[-1]))
        return jnp.concatenate([each, facing], -1).reshape(-1, *shown.shape[1:3], shown.shape[-1] + 4)

    def drawing(self, levels: AnyGridLevels, index: int) -> Drawing:
        """A board on which arrows point up or lie still: they are those of an agent that looks up."""
        drawing = super().drawing(levels, index)
        assert drawing is not None  # every maze has a picture
        when = f"{drawing.shown}, " if drawing.shown else ""
        return drawing._replace(moves=((0, 0), (0, 0), (-1, 0)), shown=f"{when}looking up")

    def __check_init__(self):
        if getattr(self, "movement", TURN) != TURN:
            raise UsageError(
                f"movement '{vars(self)['movement']}': agents turn in this world; make it anew without the key"
            )

    @property
    def no_search_tests(self) -> str | None:
        """The tests read one map of answers for each level, and agents that turn have one for each heading."""
        return "not applicable: the tests read one answer to a level, and an agent that turns answers once for every heading"

    @property
    def counterfactuals(self) -> None:
        """None: see `no_search_tests`."""
        return None

    @property
    def habits(self) -> dict[str, Habit]:
        """Always the same action."""
        return dict(fixed_actions(self.actions))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """None: the rules of mazes speak of four moves."""
        return ()

    @property
    def algorithms(self) -> AlgorithmLibrary | None:
        """None: those of mazes plan four moves."""
        return None


@lru_cache
def turning_class(kind: type[GridWorld]) -> type[GridWorld]:
    """The class of worlds like those of `kind` in which agents turn and go forward; always the same one."""
    doc = (kind.__doc__ or "").replace("**Features.**", f"{_STATES}\n    **Features.**", 1)
    doc = doc.replace("**Version history.**", f"{_KEY}\n\n    **Version history.**", 1).replace(
        "\n\n    * `mov", "\n    * `mov"
    )
    body: dict[str, Any] = {
        "__doc__": doc,
        "__module__": kind.__module__,
        "__annotations__": {"movement": str},
        "movement": eqx.field(static=True, default=TURN, kw_only=True),
    }
    return type(f"Turning{kind.__name__}", (Turning, kind), body)


def turning(world: AbstractGridWorld) -> AbstractGridWorld:
    """The same maze world for agents that turn and go forward.

    Args:
        world: a maze world of four moves.

    Returns:
        The world with the configuration key `movement`, which is `turn`. `make_world(name, movement="turn")` gives the same.

    Example:
        >>> import mesascope as ms
        >>> world = turning(ms.worlds.red_doors(size=5))
        >>> world.actions, world.tables(world.draw(0, 2)).states
        (('left', 'right', 'forward'), 36)
    """
    if world.headings:
        return world
    return turning_class(type(world))(**vars(world))
