"""Whether a random build is what its label says, found out without the instrument that is graded on it.

A build that searches is run on one level until it has read it, is made to hold another level in its registers alone, and
must then answer optimally for that one. A build that does not search must answer as its rule does, or, where it stores
answers, optimally on what it stores and not at all elsewhere. Both are held against plain NumPy (`rule_twins`).
"""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.episodic import EpisodicSubject
from mesascope.core.objective import Objective
from mesascope.core.rng import named_key
from mesascope.core.rollouts import draw_starts, rollout
from mesascope.core.subject import AbstractSubject, Observation, action_probabilities
from mesascope.instruments.sample import answer
from mesascope.organisms.edits import LevelArrays
from mesascope.organisms.labels import EPISODIC, ORGANISMS
from mesascope.organisms.recipes import RECIPES
from mesascope.organisms.registers import rewrite_level
from mesascope.organisms.rule_twins import RULES, Maps, Wanted, as_policy, compass, optimal_sets
from mesascope.organisms.transformers.imitating import IMITATIONS
from mesascope.organisms.transformers.recipes import TOKEN_RECIPES
from mesascope.organisms.walkers import Follower, QueueFollower, Replanner
from mesascope.worlds.grids.grid import ABSENT, GridLevels
from mesascope.worlds.grids.world import AbstractGridWorld

LEVELS = 48
"""Fresh levels a build is asked about."""

FOLLOWS, RARELY_RIGHT = 0.97, 0.8
"""A build that searches is right at least as often as the first says, also after its registers were rewritten; one without a rule
to compare with at most as often as the second, in cells where moving toward the goal is wrong."""

ALWAYS_ALIKE, THOUGHT = 0.99, 32
"""One with a memory moves as the organism inside at least this often, after so many steps of thinking."""

_ALIKE, _SOMETIMES = 1e-3, 1e-2
_WRITTEN = "written "
_WRITTEN_DEAD_ENDS = f"{_WRITTEN}dead-ends"
_STORE = (
    "lookup", "staged-lookup", "goal-register", "map-register", "both-register", "serial-number", "dormant-planner",
)  # fmt: skip
"""Tables that answer what they store exactly, and nothing else."""


def check_build(
    name: str, seed: int, world: AbstractGridWorld, subject: AbstractSubject, stored_levels: Sequence[Any]
) -> dict[str, Any]:
    """`holds`, and what it was found from.

    Args:
        name: `random-searcher`, `random-nonsearcher`, or one of those with a memory.
        seed: Of the build.
        world: The world it was built for.
        subject: The build.
        stored_levels: What it was built with.

    Returns:
        Plain values: the recipe's text, whether the label holds, and shares of cells.
    """
    recipe = (RECIPES | TOKEN_RECIPES)[name](seed)
    settings = _settings(recipe.text)
    if subject.recurrent:
        levels = world.draw(named_key(seed, "truth in episodes", name), LEVELS)
        inside = _as_inside(world, subject, levels, named_key(seed, "truth", "walk"))
        found = _check(name, seed, recipe.text, settings, world, _inside(subject), stored_levels)
        return {**found, "moves as inside": inside, "holds": found["holds"] and inside >= ALWAYS_ALIKE}
    return _check(name, seed, recipe.text, settings, world, subject, stored_levels)


def _inside(subject: AbstractSubject) -> AbstractSubject:
    """The organism that answers a whole level of which one with a memory is made."""
    assert isinstance(subject, EpisodicSubject | Follower | QueueFollower | Replanner)
    return subject.inner


def _as_inside(world: AbstractGridWorld, subject: AbstractSubject, levels: GridLevels, key) -> float:
    """Share of the moves of an agent with a memory that the organism inside makes at least sometimes, given time to think."""
    seen, mdp = world.observe(levels), world.tables(levels)
    start = draw_starts(mdp.initial, key)
    walk = rollout(subject, seen, mdp, start, key, world.discount, mdp.states, THOUGHT)
    policy = _policy(_inside(subject), seen).reshape(len(levels), mdp.states, -1)
    made = policy[np.arange(len(levels))[:, None], np.asarray(walk.state), np.asarray(walk.action)] > _SOMETIMES
    return float(made[np.asarray(walk.live)].mean())


def _check(
    name: str,
    seed: int,
    recipe: str,
    settings: dict[str, str],
    world: AbstractGridWorld,
    subject: AbstractSubject,
    stored_levels: Sequence[Any],
) -> dict[str, Any]:
    levels = world.draw(named_key(seed, "truth", name), LEVELS)
    weights = Objective.parse(settings.get("objective", "door"), world.features).vector(world.features)
    maps = level_maps(levels, world, np.asarray(weights))
    optimal, acts = optimal_sets(*maps, world.discount)
    policy = _policy(subject, world.observe(levels))
    right = float((policy * optimal).sum(-1)[acts].mean())
    found: dict[str, Any] = {"recipe": recipe, "right": right}
    if ORGANISMS[name].searches:
        found["follows"] = _follows(world, subject, levels, optimal, acts)
        best = np.take_along_axis(optimal, policy.argmax(-1)[..., None], -1)[..., 0]
        found["right"] = float(best[acts].mean())
        return {**found, "holds": min(found["right"], found["follows"]) >= FOLLOWS}
    expected = _expected(settings, maps)
    if expected is not None:
        found["by its rule"] = float(_any_alike(policy, expected)[acts].mean())
        # A transformer fills no dead end longer than its blocks are many.
        holds = found["by its rule"] >= (FOLLOWS if settings["name"] == _WRITTEN_DEAD_ENDS else 1.0)
    else:
        hard = acts & ((as_policy(compass(*maps)) * optimal).sum(-1) == 0)
        found["right where a compass is wrong"] = float((policy * optimal).sum(-1)[hard].mean())
        holds = found["right where a compass is wrong"] <= RARELY_RIGHT
    if settings["name"] in _STORE:
        found["as stored"] = _as_stored(world, subject, stored_levels[0][:LEVELS], weights)
        holds = holds and found["as stored"] >= 1.0
    return {**found, "holds": bool(holds)}


def level_maps(
    levels: GridLevels, world: AbstractGridWorld, weights: Float[np.ndarray, " feature"]
) -> tuple[Maps, Maps, Maps]:
    """Walls, objects, and what each is worth, from the slots of the levels."""
    arrays = LevelArrays.of(levels)
    walls = arrays.walls.astype(float)
    objects, worth = np.zeros_like(walls), np.zeros_like(walls)
    shapes = len(world.vocabulary.shapes)
    width = walls.shape[2]
    for slot in range(arrays.cell.shape[1]):
        there = np.flatnonzero(arrays.shape[:, slot] != ABSENT)
        place = (there, *np.divmod(arrays.cell[there, slot], width))
        objects[place] = 1.0
        worth[place] = weights[arrays.shape[there, slot]] + weights[shapes + arrays.color[there, slot]]
    return walls, objects, worth


def _settings(text: str) -> dict[str, str]:
    name, *rest = text.removeprefix(EPISODIC).split(",")
    given = dict(setting.split("=", 1) for setting in rest)
    # Under tokens an organism is what it is elsewhere; what is written into weights has a name of its own.
    design = given.get("design", name)
    return {**given, "name": f"{_WRITTEN}{design}" if design in IMITATIONS and design != name else design}


def _policy(subject: AbstractSubject, seen: Observation) -> Float[np.ndarray, "level height width action"]:
    return np.asarray(action_probabilities(answer(subject, seen)))


def _follows(world: AbstractGridWorld, subject: AbstractSubject, levels: GridLevels, optimal: Wanted, acts) -> float:
    """Share of the cells whose optimal actions differ between a level and the next in which the next one's is taken, once
    its registers hold the next.
    """
    after = np.roll(np.arange(len(levels)), -1)
    logits = _rewritten(subject, world.observe(levels), world.observe(levels[jnp.asarray(after)]))
    taken = np.asarray(logits).argmax(-1)[..., None]
    new = optimal[after]
    apart = ~(optimal & new).any(-1) & acts & acts[after]
    return float(np.take_along_axis(new, taken, -1)[..., 0][apart].mean()) if apart.any() else 0.0


@eqx.filter_jit
def _rewritten(
    subject: AbstractSubject, seen: Observation, other: Observation
) -> Float[Array, "level height width action"]:
    """The answer of a run in which the registers are another run's for as long as it reads; what else is there is its own."""

    def tick(t, runs):
        mine, theirs = subject.think(runs[0], seen, t), subject.think(runs[1], other, t)
        now = t + 1 <= subject.reads_until
        written = rewrite_level(subject, mine, theirs, t + 1)
        return jax.tree.map(lambda new, old: jnp.where(now, new, old), written, mine), theirs

    runs = jax.lax.fori_loop(0, subject.ticks, tick, (subject.start(seen), subject.start(other)))
    return subject.act(runs[0])


def _rule(name: str, maps: tuple[Maps, Maps, Maps]) -> Float[np.ndarray, "level height width action"] | None:
    """The policy of an organism on levels that it does not store, where it is known."""
    name = name.removeprefix(_WRITTEN) if name == _WRITTEN_DEAD_ENDS else name
    if name in RULES:
        return as_policy(RULES[name](*maps))
    return np.full((*maps[0].shape, 4), 0.25) if name in (*_STORE, "route-table") else None


def _expected(settings: dict[str, str], maps: tuple[Maps, Maps, Maps]) -> list[np.ndarray] | None:
    """Policies one of which a build follows in each cell of levels that it does not store; None where they are not known."""
    if settings["name"] != "switch":
        rule = _rule(settings["second"] if settings["name"] == "ignored-planner" else settings["name"], maps)
        return None if rule is None else [rule]
    first, second = _rule(settings["first"], maps), _rule(settings["second"], maps)
    if first is None or second is None:
        return None
    if settings["how"] != "vote":
        return [first, second]
    # Logits of what is not wanted are lower by as much for either part.
    votes = (first > 0).astype(int) + (second > 0).astype(int)
    return [as_policy(votes >= votes.max(-1, keepdims=True))]


def _any_alike(policy: np.ndarray, expected: list[np.ndarray]) -> np.ndarray:
    return np.any([np.abs(policy - one).max(-1) < _ALIKE for one in expected], axis=0)


def _as_stored(world: AbstractGridWorld, subject: AbstractSubject, levels: GridLevels, weights) -> float:
    """Share of cells of stored levels in which all optimal actions are taken equally often."""
    optimal, acts = optimal_sets(*level_maps(levels, world, np.asarray(weights)), world.discount)
    alike = _any_alike(_policy(subject, world.observe(levels)), [as_policy(optimal)])
    return float(alike[acts].mean())
