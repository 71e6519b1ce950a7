"""`from_gymnasium`: an environment of Gymnasium as a world."""

import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from operator import index as as_index
from typing import Any, SupportsIndex

import numpy as np

from mesascope.core.errors import UsageError, unknown
from mesascope.core.objective import Objective, Role
from mesascope.core.solver import DISCOUNT
from mesascope.worlds.gymnasium.environment import action_names, action_range, factory_of, make_environment, name_of
from mesascope.worlds.gymnasium.exact import has_table, table_of
from mesascope.worlds.gymnasium.prose import describe_environment
from mesascope.worlds.gymnasium.table import Table, stack
from mesascope.worlds.gymnasium.transition import Feature, reward
from mesascope.worlds.gymnasium.world import GymnasiumWorld, Pool
from mesascope.worlds.world import TRAINING

REWARD = "reward"
LEVELS = 10
"""Levels that are made of an environment whose levels come from seeds, unless more are asked for."""
MAX_STATES = 20_000
"""States of a level above which it is not tabulated unless more are allowed."""

Progress = Callable[[int, int], None]
"""Hears how many states of a level are known, and how many of them are still to be expanded."""


def from_gymnasium(
    env_or_id: Any,
    *,
    features: Mapping[str, Feature] | None = None,
    intended_goal: Objective | str | None = None,
    base_objective: Objective | str | None = None,
    levels: SupportsIndex | Sequence[int] | None = None,
    shifts: Mapping[str, Any] | None = None,
    discount: float | None = None,
    actions: Sequence[str] | None = None,
    arguments: Mapping[str, Any] | None = None,
    max_states: int = MAX_STATES,
    outcomes: int = 1,
    key: Callable[[Any], Any] | None = None,
    progress: Progress | None = None,
) -> GymnasiumWorld:
    """An environment of Gymnasium as a world: exact tables of its states, from its own table or by trying every action.

    An environment with a table `unwrapped.P` (FrozenLake, Taxi, CliffWalking) keeps its own state numbers. Of any other the states
    that can be reached from a reset are enumerated, breadth first over deep copies; every MiniGrid environment can be. Time limits
    are left out of the tables: only what the environment calls terminated ends an episode.

    Args:
        env_or_id: an id such as `FrozenLake-v1`; an environment, of which copies are made; or a function that makes one (given
            `seed`, the seed of the level, if it has a parameter of this name).
        features: named functions of a `Transition` that give a number; `reward`, the environment's own, unless given. It is added
            where an objective is left out.
        intended_goal: weights over features, as text or `Objective`; the reward unless given.
        base_objective: likewise.
        levels: how many levels, made by resets with the seeds 0, 1, ..., or their seeds; 10 unless given. An environment with a table
            of its own has one level.
        shifts: by name another id, arguments laid over `arguments` (a dict), a wrapper, a function that makes an environment, or an
            environment.
        discount: of every return; between 0 and 1; 0.97 unless given.
        actions: names of the actions in order; the environment's own unless given.
        arguments: what an environment is made with that is given by its id.
        max_states: states of one level above which it is not tabulated.
        outcomes: samples of each action in each state, for an environment whose steps are random and that has no table; 1 declares
            that they are not random, which is checked.
        key: from an environment to something hashable that is equal for equal states, for environments whose attributes do not say.
        progress: hears how many states of a level are known and how many are to be expanded.

    Returns:
        The world. `world.pool.space` is the space of what its first view shows, `world.pool.own_states` has the number of states
        that the environment itself numbers, in each level.

    Raises:
        UsageError: the environment cannot be tabulated, or a name or number does not fit; the message says what to change.

    Example:
        >>> from mesascope.worlds.gymnasium import from_gymnasium
        >>> world = from_gymnasium("FrozenLake-v1", arguments={"is_slippery": False})  # doctest: +SKIP
        >>> world.actions, world.optimal_values().shape  # doctest: +SKIP
        (('left', 'down', 'right', 'up'), (16,))
    """
    begun, kwargs = time.monotonic(), dict(arguments or {})
    if kwargs and not isinstance(env_or_id, str):
        raise UsageError("arguments are for an environment that is named by its id; make it with them")
    seeds = _seeds(levels)
    factories: dict[str, Callable[[int], Any]] = {TRAINING: lambda seed: make_environment(env_or_id, kwargs, seed)}
    for name, change in (shifts or {}).items():
        factories[name] = factory_of(env_or_id, change, kwargs)
    first = factories[TRAINING](seeds[0])
    named = _features(features, intended_goal, base_objective)
    intended, base = (_objective(o, tuple(named), r) for o, r in ((intended_goal, Role.INTENDED), (base_objective, Role.BASE)))
    own_actions = action_names(first, None if actions is None else tuple(actions))
    options = {"max_states": max_states, "outcomes": outcomes, "key": key, "progress": progress}
    made: dict[str, list[tuple[Table, int]]] = {}
    for name, factory in factories.items():
        try:
            made[name] = _levels(factory, seeds, named, len(own_actions), levels is not None, options)
        except UsageError as error:
            raise error if name == TRAINING else UsageError(f"shift '{name}': {error}") from error
    pool = _pool(made, first, begun)
    return _world(
        env_or_id, first, own_actions, tuple(named), intended, base, discount, kwargs, seeds, shifts or {}, pool, outcomes
    )


def _seeds(levels: SupportsIndex | Sequence[int] | None) -> tuple[int, ...]:
    if isinstance(levels, Sequence) or hasattr(levels, "__iter__"):
        seeds = tuple(as_index(seed) for seed in levels)  # type: ignore[union-attr]
    else:
        seeds = tuple(range(LEVELS if levels is None else as_index(levels)))  # type: ignore[arg-type]
    if not seeds or min(seeds) < 0 or len(set(seeds)) < len(seeds):
        raise UsageError(f"levels {levels}: expected a number from 1 on, or different seeds from 0 on; write e.g. levels=20")
    return seeds


def _features(
    given: Mapping[str, Feature] | None, intended: Objective | str | None, base: Objective | str | None
) -> dict[str, Feature]:
    """The features by name; the reward among them where nothing else is wanted or trained for, or an objective names it."""
    named: dict[str, Feature] = {}
    asked = [str(getattr(o, "weights", o)) for o in (intended, base)]
    if not given or "None" in asked or any(REWARD in text for text in asked):
        named[REWARD] = reward
    named.update(given or {})
    for name, feature in named.items():
        if not isinstance(name, str) or not re.fullmatch(r"[^-+:\s][^+:]*", name):
            raise UsageError(f"feature {name!r}: a name holds neither '+' nor ':' and begins with no '-'; write e.g. goal")
        if not callable(feature):
            raise UsageError(f"feature '{name}' is a {type(feature).__name__}; expected a function of a transition")
    return {name: _checked(name, feature) for name, feature in named.items()}


def _checked(name: str, feature: Feature) -> Feature:
    def value(transition: Any) -> float:
        try:
            found = float(feature(transition))
        except (TypeError, ValueError, AttributeError, KeyError, IndexError) as error:
            raise UsageError(
                f"feature '{name}' failed on action {transition.action}: {type(error).__name__}: {error}; it is given a "
                "Transition(before, action, after, reward, terminated, info) and gives a number"
            ) from error
        if not np.isfinite(found):
            raise UsageError(f"feature '{name}' is {found} on action {transition.action}; expected a finite number")
        return found

    return value


def _objective(given: Objective | str | None, features: tuple[str, ...], role: Role) -> Objective:
    if given is None:
        return Objective.of(REWARD, role, reward=1.0)
    found = Objective.parse(given, features, role) if isinstance(given, str) else given.as_role(role)
    for feature, _ in found.weights:
        if feature not in features:
            raise unknown("feature", feature, features)
    return found


def _levels(
    factory: Callable[[int], Any],
    seeds: tuple[int, ...],
    features: Mapping[str, Feature],
    actions: int,
    asked: bool,
    options: Mapping[str, Any],
) -> list[tuple[Table, int]]:
    """The different levels of one distribution, each with how many states the environment numbers itself."""
    from mesascope.worlds.gymnasium.enumeration import enumerate_states

    found: dict[str, tuple[Table, int]] = {}
    for seed in seeds:
        environment = factory(seed)
        _, count = action_range(environment)
        if count != actions:
            raise UsageError(f"{name_of(environment)} has {count} actions; expected {actions}, as in training")
        own = has_table(environment)
        table = table_of(environment, features) if own else enumerate_states(environment, seed, features, **options)
        found.setdefault(table.digest, (table, len(environment.unwrapped.P) if own else len(table.terminal) - 1))
        if own and not asked:
            break  # its levels do not come from resets
    return list(found.values())


def _pool(made: Mapping[str, list[tuple[Table, int]]], first: Any, begun: float) -> Pool:
    from mesascope.worlds.gymnasium.observations import shown_space

    numbers: dict[str, int] = {}
    kept: list[tuple[Table, int]] = []
    members = {}
    for name, tables in made.items():
        for table, own in tables:
            if table.digest not in numbers:
                numbers[table.digest] = len(kept)
                kept.append((table, own))
        members[name] = tuple(numbers[table.digest] for table, _ in tables)
    arrays = stack([table for table, _ in kept])
    shows = arrays["observation"] is not None
    return Pool(
        arrays,
        reachable(arrays["successor"], arrays["probability"], arrays["initial"]),
        tuple(table.text for table, _ in kept),
        members,
        shown_space(first.observation_space) if shows else None,
        tuple(own for _, own in kept),
        time.monotonic() - begun,
    )


def reachable(successor: np.ndarray, probability: np.ndarray, initial: np.ndarray) -> np.ndarray:
    """Which states can be reached from a start: `(level, state)`."""
    found = initial > 0
    for level in range(len(found)):
        frontier = np.flatnonzero(found[level])
        while len(frontier):
            after = successor[level, frontier][probability[level, frontier] > 0]
            new = np.unique(after[~found[level, after]])
            found[level, new] = True
            frontier = new
    return found


def _world(
    source: Any,
    first: Any,
    actions: tuple[str, ...],
    features: tuple[str, ...],
    intended: Objective,
    base: Objective,
    discount: float | None,
    kwargs: Mapping[str, Any],
    seeds: tuple[int, ...],
    shifts: Mapping[str, Any],
    pool: Pool,
    outcomes: int,
) -> GymnasiumWorld:
    factor = DISCOUNT if discount is None else float(discount)
    if not 0 < factor < 1:
        raise UsageError(f"discount {discount}: expected a number between 0 and 1; write e.g. discount=0.99")
    name = source if isinstance(source, str) else name_of(first)
    changed = {shift: _in_words(change) for shift, change in shifts.items()}
    about = {
        "name": re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"),
        "actions": actions,
        "features": features,
        "independent_features": features,
        "intended_goal": intended,
        "base_objective": base,
        "shifts": changed,
        "discount": factor,
        "pool": pool,
        "__module__": __name__,
        "__doc__": describe_environment(name, first, pool, outcomes),
    }
    kind = type("GymnasiumWorld", (GymnasiumWorld,), about)
    return kind(
        environment=name,
        arguments=json.dumps(dict(kwargs), sort_keys=True, default=str),
        seeds=",".join(map(str, seeds)),
        shifted=json.dumps(changed, sort_keys=True),
        tables_sha256=_digest(pool),
    )


def _in_words(change: Any) -> str:
    if isinstance(change, str):
        return f"another environment: {change}"
    if isinstance(change, Mapping):
        return "other arguments: " + ", ".join(f"{key}={value}" for key, value in change.items())
    return f"made by {getattr(change, '__name__', type(change).__name__)}"


def _digest(pool: Pool) -> str:
    found = hashlib.sha256(json.dumps(pool.members, sort_keys=True).encode())
    for name, table in sorted({**pool.tables, "observation": pool.observation}.items()):
        if table is not None:
            found.update(f"{name} {table.dtype.str} {table.shape} ".encode() + np.ascontiguousarray(table).tobytes())
    return found.hexdigest()
