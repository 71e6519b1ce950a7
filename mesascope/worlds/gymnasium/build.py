"""`from_gymnasium`: an environment of Gymnasium as a world."""

import inspect
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import index as as_index
from typing import Any, SupportsIndex

from mesascope.core.errors import UsageError
from mesascope.core.objective import Objective, Role
from mesascope.core.solver import DISCOUNT
from mesascope.worlds.gymnasium.enumeration import enumerate_states
from mesascope.worlds.gymnasium.environment import (
    action_names,
    action_range,
    factory_of,
    load_gymnasium,
    make_environment,
    name_of,
    time_limit,
)
from mesascope.worlds.gymnasium.exact import has_table, table_of
from mesascope.worlds.gymnasium.played import GymnasiumEpisode, PlayedWorld
from mesascope.worlds.gymnasium.pool import make_pool
from mesascope.worlds.gymnasium.prose import describe_environment, describe_played
from mesascope.worlds.gymnasium.table import Table
from mesascope.worlds.gymnasium.transition import Feature, reward, terminated
from mesascope.worlds.gymnasium.wanted import read_features, read_objective
from mesascope.worlds.gymnasium.world import GymnasiumWorld
from mesascope.worlds.world import TRAINING

LEVELS = 10
"""Levels that are made of an environment whose levels come from seeds, unless more are asked for."""
MAX_STATES = 20_000
"""States of a level above which it is not tabulated unless more are allowed."""
STEPS = 1000
"""Steps after which an episode that is played is cut, where the environment has no time limit of its own."""

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
    tables: bool = True,
    limit: SupportsIndex | None = None,
) -> Any:
    """An environment of Gymnasium as a world: exact tables of its states, from its own table or by trying every action.

    An environment with a table `unwrapped.P` (FrozenLake, Taxi, CliffWalking) keeps its own state numbers. Of any other the
    states that can be reached from a reset are enumerated, breadth first over deep copies, as of MiniGrid's. Time limits are
    left out of the tables: only what the environment calls terminated ends an episode.

    Args:
        env_or_id: an id such as `FrozenLake-v1`; an environment, of which copies are made; or a function that makes one (given
            `seed`, the seed of the level, if it has a parameter of this name).
        features: named functions of a `Transition` that give a number; `reward`, the environment's own, unless given. It is added
            where an objective is left out.
        intended_goal: weights over features, as text or `Objective`; the reward unless given.
        base_objective: likewise.
        levels: how many levels, made by resets with the seeds 0, 1, ..., or their seeds; 10 unless given. An environment with
            a table of its own has one level.
        shifts: by name another id, arguments laid over `arguments` (a dict), a wrapper, a function that makes an environment
            (the first line of its docstring is what reports say of the shift), or an environment.
        discount: of every return; between 0 and 1; 0.97 unless given.
        actions: names of the actions in order; the environment's own unless given.
        arguments: what an environment is made with that is given by its id.
        max_states: states of one level above which it is not tabulated.
        outcomes: samples of each action in each state, for an environment whose steps are random and that has no table; 1
            declares that they are not random, which is checked.
        key: from an environment to something hashable that is equal for equal states, for environments whose attributes do
            not say.
        progress: hears how many states of a level are known and how many are to be expanded.
        tables: whether tables are made. Without, the environment may be of any size and as random as it likes: an audit plays
            episodes in it and lists what cannot be said. Levels are then resets with any seed, unless they are named.
        limit: steps after which an episode that is played is cut; the environment's own time limit unless given, or 1,000.

    Returns:
        A `GymnasiumWorld`; a `PlayedWorld` with `tables=False`. Of the former, `world.pool.space` is the space of what its first
        view shows, and `world.pool.own_states` has the number of states that the environment itself numbers, in each level.

    Raises:
        UsageError: the environment cannot be tabulated, or a name or number does not fit; the message says what to change.

    Example:
        >>> from mesascope.worlds.gymnasium import from_gymnasium
        >>> world = from_gymnasium("FrozenLake-v1", arguments={"is_slippery": False})  # doctest: +SKIP
        >>> world.actions, world.optimal_values().shape  # doctest: +SKIP
        (('left', 'down', 'right', 'up'), (16,))
    """
    begun, kwargs = time.monotonic(), dict(arguments or {})
    if not tables and (max_states, outcomes, key, progress) != (MAX_STATES, 1, None, None):
        raise UsageError(
            "max_states, outcomes, key and progress are for making tables; leave them out with tables=False"
        )
    if tables and limit is not None:
        raise UsageError("limit= is for episodes that are played: time limits have no part in tables; add tables=False")
    if kwargs and not isinstance(env_or_id, str):
        raise UsageError("arguments are for an environment that is named by its id; make it with them")
    seeds = _seeds(levels)
    factories: dict[str, Callable[[int], Any]] = {
        TRAINING: lambda seed: make_environment(env_or_id, kwargs, seed, limited=not tables)
    }
    for name, change in (shifts or {}).items():
        factories[name] = factory_of(env_or_id, change, kwargs, limited=not tables)
    first = factories[TRAINING](seeds[0])
    named = read_features(features, intended_goal, base_objective)
    intended = read_objective(intended_goal, tuple(named), Role.INTENDED)
    base = read_objective(base_objective, tuple(named), Role.BASE)
    own_actions = action_names(first, None if actions is None else tuple(actions))
    factor = DISCOUNT if discount is None else float(discount)
    if not 0 < factor < 1:
        raise UsageError(f"discount {discount}: expected a number between 0 and 1; write e.g. discount=0.99")
    source = env_or_id if isinstance(env_or_id, str) else name_of(first)
    changed = {shift: _in_words(change) for shift, change in (shifts or {}).items()}
    about: dict[str, Any] = {
        "name": re.sub(r"[^a-z0-9]+", "-", source.lower()).strip("-"),
        "actions": own_actions,
        "features": tuple(named),
        "independent_features": tuple(named),
        "intended_goal": intended,
        "base_objective": base,
        "shifts": changed,
        "discount": factor,
        "__module__": __name__,
    }
    wanted = {
        "features": list(named),
        "intended": dict(intended.weights),
        "base": dict(base.weights),
        "discount": factor,
        **({"outcomes": outcomes} if tables else {}),
    }
    fields = {
        "environment": source,
        "arguments": json.dumps(kwargs, sort_keys=True, default=str),
        "objectives": json.dumps(wanted, sort_keys=True),
        "shifted": json.dumps(changed, sort_keys=True),
    }
    if not tables:
        _check_alike(factories, seeds[0])
        about |= {
            "factories": factories,
            "measured": named,
            "looks_back": any(feature not in (reward, terminated) for feature in (features or {}).values()),
            "__doc__": describe_played(source, first),
        }
        named_seeds = "" if levels is None else ",".join(map(str, seeds))
        return type("PlayedWorld", (PlayedWorld,), about)(**fields, seeds=named_seeds, limit=_limit(first, limit))
    options = {"max_states": max_states, "outcomes": outcomes, "key": key, "progress": progress}
    made: dict[str, list[tuple[Table, int]]] = {}
    for name, factory in factories.items():
        with _of_shift(name):
            made[name] = _levels(factory, seeds, named, len(own_actions), levels is not None, options)
    pool = make_pool(made, first, begun)
    about |= {"pool": pool, "__doc__": describe_environment(source, first, pool, outcomes)}
    return type("GymnasiumWorld", (GymnasiumWorld,), about)(
        **fields,
        seeds="" if has_table(first) and levels is None else ",".join(map(str, seeds)),
        tables_sha256=pool.digest,
    )


@contextmanager
def _of_shift(name: str) -> Iterator[None]:
    """What goes wrong with a shift is said with its name."""
    try:
        yield
    except UsageError as error:
        raise error if name == TRAINING else UsageError(f"shift '{name}': {error}") from error


def _check_alike(factories: Mapping[str, Callable[[int], Any]], seed: int) -> None:
    """`UsageError` where a shift has other actions or shows something of another shape than training does."""
    expected: tuple[Any, ...] | None = None
    for name, factory in factories.items():
        with _of_shift(name):
            environment = factory(seed)
            shown = GymnasiumEpisode(environment, seed, {}).observation
            found = (action_range(environment)[1], shown.shape, shown.dtype)
            if found != (expected := expected or found):
                raise UsageError(
                    f"{name_of(environment)} has {found[0]} actions and shows {found[2]} of shape {found[1]}; expected "
                    f"{expected[0]} actions and {expected[2]} of shape {expected[1]}, as in training"
                )


def _limit(environment: Any, given: SupportsIndex | None) -> int:
    limit = (time_limit(environment) or STEPS) if given is None else as_index(given)
    if limit < 1:
        raise UsageError(f"limit {given}: expected a number of steps from 1 on")
    return limit


def _seeds(levels: SupportsIndex | Sequence[int] | None) -> tuple[int, ...]:
    given: Any = LEVELS if levels is None else levels
    seeds = tuple(map(as_index, given)) if isinstance(given, Iterable) else tuple(range(as_index(given)))
    if not seeds or min(seeds) < 0 or len(set(seeds)) < len(seeds):
        raise UsageError(
            f"levels {levels}: expected a number from 1 on, or different seeds from 0 on; write e.g. levels=20"
        )
    return seeds


def _levels(
    factory: Callable[[int], Any],
    seeds: tuple[int, ...],
    features: Mapping[str, Feature],
    actions: int,
    asked: bool,
    options: Mapping[str, Any],
) -> list[tuple[Table, int]]:
    """The different levels of one distribution, each with how many states the environment numbers itself."""
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


def _in_words(change: Any) -> str:
    """What a shift changes: of a function the first line of its docstring, where it has one."""
    if isinstance(change, str):
        return f"another environment: {change}"
    if isinstance(change, Mapping):
        return "other arguments: " + ", ".join(f"{key}={value}" for key, value in change.items())
    if isinstance(change, load_gymnasium().Env):
        return f"another environment: {name_of(change)}"
    if isinstance(change, type):
        return f"{'in' if issubclass(change, load_gymnasium().Wrapper) else 'made by'} {change.__name__}"
    said = inspect.getdoc(change) if inspect.isroutine(change) else None
    if said:
        return said.partition("\n")[0].removesuffix(".")
    name = getattr(change, "__name__", "<lambda>")
    return "made by a function" if name == "<lambda>" else f"made by {name}"
