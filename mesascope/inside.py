"""Look inside an agent: what its state holds after each tick, and what it does when that is rewritten."""

import html
from collections.abc import Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from mesascope.core.errors import UsageError, unknown
from mesascope.core.objective import Objective
from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate
from mesascope.core.subject import AbstractSubject, policy_table
from mesascope.instruments.interventions.counts import Count
from mesascope.instruments.interventions.engine import Arm
from mesascope.instruments.interventions.place import Place
from mesascope.instruments.interventions.recorded import donor_content, edited_policy, random_content, record
from mesascope.instruments.search.trials import (
    NEAR,
    best_actions,
    contested_levels,
    disjoint,
    draw_trials,
    test_names,
)
from mesascope.instruments.settings import QUICK
from mesascope.jobs.subjects import source_of
from mesascope.store.learned_algorithm import LearnedAlgorithm
from mesascope.worlds.levels import AbstractLevels, Level
from mesascope.worlds.space import chebyshev
from mesascope.worlds.world import AbstractWorld

_CAPTIONS = {
    Arm.UNEDITED: "unedited",
    Arm.EDITED: "edited inside",
    Arm.RANDOM: "control: noise of equal size",
    Arm.CEILING: "ceiling: the level itself changed",
}


class Edited(NamedTuple):
    r"""What an agent does after its state was rewritten, beside the controls.

    Attributes:
        world: The world.
        levels: The levels, as they are.
        changed: The levels that the rewritten state comes from.
        place: Where it was written.
        policies: For each arm the probability of each action in each state, `(level, state, action)`.
        scored: States in which following the change and ignoring it cannot both look right, `(level, state)`.
        followed: For each arm the probability of an action that is optimal after the change, in these states, with its interval.

    Example:
        >>> import mesascope as ms
        >>> world = ms.worlds.red_doors(size=5)
        >>> before, after = world.read_levels("#####\n#R..#\n#...#\n#...#\n#####\n\n#####\n#...#\n#...#\n#..R#\n#####")
        >>> inside = ms.look_inside(ms.build_organism("planner,ticks=12", world), world, before)
        >>> edited = inside.edit(after, tick=1, radius=1)
        >>> round(edited.followed["edited"].value, 2), round(edited.followed["unedited"].value, 2)
        (1.0, 0.0)
    """

    world: AbstractWorld
    levels: AbstractLevels
    changed: AbstractLevels
    place: Place
    policies: dict[str, Float[np.ndarray, "level state action"]]
    scored: Bool[np.ndarray, "level state"]
    followed: dict[str, Estimate]

    def _repr_html_(self) -> str:
        """The first level with the plan of each arm, and how often each arm followed the change on all levels."""
        boards = [
            self.world.picture(
                (self.changed if arm is Arm.CEILING else self.levels)[0], policy=self.policies[arm][0], title=caption
            )
            for arm, caption in _CAPTIONS.items()
        ]
        rows = "".join(
            f"<tr><th>{html.escape(caption)}</th><td>{self.followed[arm].text}</td></tr>"
            for arm, caption in _CAPTIONS.items()
        )
        return (
            f"{_side_by_side(boards)}<p>Written into {html.escape(str(self.place))}. Share of {int(self.scored.sum())} states "
            f"on {len(self.levels)} levels in which the change is followed:</p><table>{rows}</table>"
        )


class Inside(NamedTuple):
    """What an agent holds after each tick while it answers some levels.

    Attributes:
        world: The world.
        subject: The agent.
        levels: The levels.
        states: For each site what it holds after each tick, `(tick, level, height, width, channel)`; tick 0 is before it has seen
            anything.
        policies: What it would do if it were stopped after each tick, `(tick, level, state, action)`.

    Example:
        >>> import mesascope as ms
        >>> world = ms.worlds.red_doors(size=5)
        >>> inside = ms.look_inside(ms.build_organism("planner,ticks=9", world), world, world.draw(0, 2))
        >>> inside.policies.shape, sorted(inside.states)
        ((10, 2, 9, 4), ['reward', 'value', 'walls'])
    """

    world: AbstractWorld
    subject: AbstractSubject
    levels: AbstractLevels
    states: dict[str, Float[np.ndarray, "tick level height width _"]]
    policies: Float[np.ndarray, "tick level state action"]

    @property
    def policy(self) -> Float[np.ndarray, "level state action"]:
        """What it does: its plan after the last tick."""
        return self.policies[-1]

    def edit(
        self,
        changed: AbstractLevels | Level[Any],
        *,
        tick: int,
        radius: int = 1,
        sustained: bool = False,
        sites: Sequence[str] | None = None,
        objective: Objective | str | None = None,
        seed: int = 0,
    ) -> Edited:
        """Rewrite the state around what differs between two levels, and let the agent go on from there.

        What is written is the agent's own state, after as many ticks, on the changed levels. The levels that it is shown stay.

        Args:
            changed: As many levels, of the same size, each of which differs from its twin in a cell or more.
            tick: The state that is written first: that after so many ticks, from 0.
            radius: Cells around a change that are written with it.
            sustained: Whether every later state is written as well, which an agent needs that looks at the level in every tick.
            sites: Names of the sites that are written; all unless given.
            objective: What the agent is after, in whose optimal actions a change is looked for; the intended goal unless given.
            seed: Of the noise of the control.

        Returns:
            The plans after the edit, with noise of equal size, without an edit, and with the level itself changed.

        Raises:
            UsageError: The levels do not fit, or a number or a name is out of range; the message says what was expected.

        Example:
            >>> inside.edit(after, tick=1).followed["edited"].text  # doctest: +SKIP
        """
        after = _batch(changed)
        centers = _differences(self.world, self.levels, after)
        place = self._place(sites, tick, radius, sustained)
        base, donor = (record(self.world, self.subject, levels) for levels in (self.levels, after))
        content = donor_content(base.states, (donor.states,), (centers,), (centers,), jnp.asarray(radius))
        noise = random_content(base.states, content, named_key(seed, "edit"))

        def written(what) -> Float[Array, "level state action"]:
            return edited_policy(self.world, self.subject, self.levels, base.states, what, place)

        policies = {
            Arm.UNEDITED: base.policy,
            Arm.EDITED: written(content),
            Arm.RANDOM: written(noise),
            Arm.CEILING: donor.policy,
        }
        weights = _weights(self.world, objective)
        new, scored = _scored(self.world, self.levels, after, centers, weights)
        return Edited(
            self.world,
            self.levels,
            after,
            place,
            {str(arm): np.asarray(policy) for arm, policy in policies.items()},
            np.asarray(scored),
            {str(arm): _followed(policy, new, scored) for arm, policy in policies.items()},
        )

    def _place(self, sites: Sequence[str] | None, tick: int, radius: int, sustained: bool) -> Place:
        names = tuple(self.states)
        chosen = names if sites is None else tuple(sites)
        if unknown := [name for name in chosen if name not in names]:
            raise UsageError(f"no site '{unknown[0]}': expected some of {', '.join(names)}")
        last = len(self.policies) - 1
        if not 0 <= tick <= last or radius < 0:
            raise UsageError(f"tick {tick}, radius {radius}: expected a tick from 0 to {last} and a radius from 0 on")
        return Place(chosen, tick, radius, sustained)

    def _repr_html_(self) -> str:
        """The plan on the first level after some ticks, and what the sites hold."""
        last = len(self.policies) - 1
        ticks = sorted({0, last // 8, last // 4, last // 2, last})
        boards = [
            self.world.picture(self.levels[0], policy=self.policies[tick][0], title=f"after {tick} of {last} ticks")
            for tick in ticks
        ]
        rows = "".join(
            f"<tr><th>{html.escape(site.name)}</th><td>{site.channels}</td><td>{html.escape(site.holds)}</td></tr>"
            for site in self.subject.sites
        )
        head = "<tr><th>site</th><th>numbers in a cell</th><th>what they hold</th></tr>"
        return f"{_side_by_side(boards)}<table>{head}{rows}</table>"


def look_inside(
    agent: LearnedAlgorithm | AbstractSubject | str, world: AbstractWorld, levels: AbstractLevels | Level[Any]
) -> Inside:
    """Record what an agent holds inside, tick by tick, while it answers some levels.

    Args:
        agent: What `train`, `load_agent` and `build_organism` return, or a reference such as `"organism:planner"`.
        world: The world of the levels.
        levels: A batch, or one level.

    Returns:
        The states of all sites and the plan after each tick; `edit` rewrites them.

    Raises:
        UsageError: The agent's state is no map over the cells of a level that it answers at once, or it has no sites.

    Example:
        >>> import mesascope as ms
        >>> world = ms.worlds.red_doors(size=5)
        >>> planner = ms.build_organism("planner,ticks=9", world)
        >>> inside = ms.look_inside(planner, world, world.draw(0, 2))
        >>> inside.states["value"].shape[:4], inside.policy.shape
        ((10, 2, 3, 3), (2, 9, 4))
    """
    subject = _subject(agent, world)
    if not subject.answers_all_states or world.views_per_level != 1:
        raise UsageError(
            f"{type(subject).__name__} in {world.name}: expected an agent that answers a whole level at once, in a world with "
            "one state for each cell; audit it instead (ms.audit)"
        )
    if not subject.sites:
        raise UsageError(
            f"{type(subject).__name__} has no sites: name what it thinks with, as in ms.torch_subject(module, sites=...)"
        )
    batch = _batch(levels)
    found = record(world, subject, batch)
    states = {site: np.asarray(values) for site, values in found.states.items()}
    return Inside(world, subject, batch, states, np.asarray(_plans(subject, found.states)))


def draw_counterfactuals(
    world: AbstractWorld, test: str, count: int, *, objective: Objective | str | None = None, seed: int = 0
) -> tuple[AbstractLevels, AbstractLevels]:
    """Draw levels and, of each, the changed level of a test of search, as an audit draws them.

    Args:
        world: The world.
        test: Which change: `retarget`, `virtual wall` or `joint` in `red-doors`.
        count: How many levels.
        objective: What the agent is after, for which the change must matter; the intended goal unless given.
        seed: Equal seeds give equal levels.

    Returns:
        The levels as they are, and as many changed ones.

    Raises:
        UsageError: The world has no tests of search, or none of this name.

    Example:
        >>> import mesascope as ms
        >>> before, after = ms.draw_counterfactuals(ms.worlds.red_doors(size=7), "retarget", 3)
        >>> len(before), len(after), before[0].text == after[0].text
        (3, 3, False)
    """
    if test not in test_names(world):
        raise unknown("test", test, test_names(world))
    key = named_key(seed, "counterfactuals")
    drawn = draw_trials(world, key, contested_levels(world, key, 2 * count), count, _weights(world, objective))[test]
    return drawn.base, drawn.changed


def _subject(agent: LearnedAlgorithm | AbstractSubject | str, world: AbstractWorld) -> AbstractSubject:
    if isinstance(agent, AbstractSubject):
        return agent
    if isinstance(agent, LearnedAlgorithm):
        return agent.subject
    return source_of(agent, world).make(QUICK, 0).subject


def _batch(levels: AbstractLevels | Level[Any]) -> AbstractLevels:
    return levels.batch if isinstance(levels, Level) else levels


def _weights(world: AbstractWorld, objective: Objective | str | None) -> Float[Array, " feature"]:
    goal = Objective.parse(objective, world.features) if isinstance(objective, str) else objective
    return jnp.asarray((goal or world.intended_goal).vector(world.features))


def _differences(world: AbstractWorld, levels: AbstractLevels, changed: AbstractLevels):
    """Cells in which levels differ, `(level, center)`; a level with fewer than others names its first again."""
    one, other = (np.asarray(world.observe(batch)) for batch in (levels, changed))
    if one.shape != other.shape:
        raise UsageError(f"changed levels of shape {other.shape}: expected as many of the same size, {one.shape}")
    cells = [np.flatnonzero((a != b).any(-1)) for a, b in zip(one, other, strict=True)]
    if same := [index for index, where in enumerate(cells) if not where.size]:
        raise UsageError(f"changed level {same[0]} is like level {same[0]}: expected a cell in which they differ")
    most = max(where.size for where in cells)
    return jnp.asarray([[*where, *[where[0]] * (most - where.size)] for where in cells])


@eqx.filter_jit
def _plans(subject: AbstractSubject, states: dict[str, Array]) -> Float[Array, "tick level state action"]:
    return jax.lax.map(lambda state: policy_table(subject.act(state)), states)


@eqx.filter_jit
def _scored(world: AbstractWorld, levels: AbstractLevels, changed: AbstractLevels, centers, weights):
    """The optimal actions after the change, and the states that are scored: not beside a change, where nothing is shared."""
    old, new = (best_actions(world, batch, weights) for batch in (levels, changed))
    away = (chebyshev(centers, world.map_shape(levels)) > NEAR).all(1).reshape(len(levels), -1)
    return new, disjoint(new, old) & away & world.active(levels) & world.active(changed)


def _followed(policy, new: Bool[Array, "level state action"], scored: Bool[Array, "level state"]) -> Estimate:
    hits = jnp.where(scored, (policy * new).sum(-1), 0.0).sum(-1)
    return Count(np.asarray(hits, np.float64), np.asarray(scored.sum(-1), np.float64)).estimate()


def _side_by_side(pictures: Sequence[str]) -> str:
    shown = "".join(f"<div>{picture}</div>" for picture in pictures)
    return f'<div style="display:flex;flex-wrap:wrap;gap:12px">{shown}</div>'
