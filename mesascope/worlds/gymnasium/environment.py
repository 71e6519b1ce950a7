"""Environments by id or from Python, without their time limits, and the names of their actions."""

import enum
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from mesascope.core.errors import UsageError, said

INSTALL = 'pip install "mesascope[gymnasium]"'

_TABLE_ACTIONS = {
    "FrozenLakeEnv": ("left", "down", "right", "up"),
    "CliffWalkingEnv": ("up", "right", "down", "left"),
    "TaxiEnv": ("south", "north", "east", "west", "pickup", "dropoff"),
}
"""Names of the actions of environments that only number them."""


def load_gymnasium() -> Any:
    """The package `gymnasium`.

    Raises:
        UsageError: it is not installed; the message has the command.
    """
    try:
        import gymnasium
    except ImportError:
        raise UsageError(f"worlds from Gymnasium need the package gymnasium: {INSTALL}") from None
    return gymnasium


def make_environment(
    source: Any, kwargs: Mapping[str, Any] | None = None, seed: int = 0, *, limited: bool = False
) -> Any:
    """A new environment from an id, a factory or an environment, without a time limit as far as `gymnasium.make` added one.

    Args:
        source: an id; an environment, of which a copy is made; or a function that makes one, given `seed` if it takes that.
        kwargs: arguments of the environment, for an id.
        seed: seed of the level, for a factory that takes one.
        limited: whether it keeps its time limit.

    Raises:
        UsageError: there is no such id, its package is missing, or it does not take the arguments.
    """
    gymnasium = load_gymnasium()
    if isinstance(source, str):
        made = _registered(gymnasium, source, dict(kwargs or {}))
    elif isinstance(source, gymnasium.Env):
        made = copied(source)
    else:
        takes_seed = "seed" in inspect.signature(source).parameters
        made = source(seed=seed) if takes_seed else source()
    if not isinstance(made, gymnasium.Env):
        raise UsageError(
            f"expected a Gymnasium environment, found {type(made).__name__}: give an id, such as FrozenLake-v1"
        )
    return made if limited else without_limits(made)


def time_limit(environment: Any) -> int | None:
    """Steps after which the environment, or MiniGrid's own counter in it, cuts an episode; None where nothing says."""
    found = getattr(environment.spec, "max_episode_steps", None) or getattr(environment.unwrapped, "max_steps", None)
    return found if isinstance(found, int) and found > 0 else None


def copied(environment: Any) -> Any:
    """A deep copy; `UsageError` where the environment has none."""
    import copy

    try:
        return copy.deepcopy(environment)
    except Exception as error:
        raise not_cloneable(name_of(environment), said(error)) from error


def not_cloneable(name: str, why: str) -> UsageError:
    """An environment of which no working copy can be made."""
    return UsageError(
        f"{name} cannot be tabulated: a copy of the environment (copy.deepcopy) is needed to try every action in every state, "
        f"and {why}; give it a __deepcopy__ that copies its whole state, or play it in episodes by tables=False"
    )


def _registered(gymnasium: Any, name: str, kwargs: dict[str, Any]) -> Any:
    if name.startswith(("MiniGrid-", "BabyAI-")) and name not in gymnasium.registry:
        try:
            import minigrid  # noqa: F401  (registers its environments)
        except ImportError:
            raise UsageError(f"{name} needs the package minigrid: {INSTALL}") from None
    try:
        text = {"render_mode": "ansi"} if "render_mode" not in kwargs and _writes_text(gymnasium, name) else {}
        return gymnasium.make(name, disable_env_checker=True, **text, **kwargs)
    except gymnasium.error.Error as error:
        raise UsageError(f"environment '{name}': {said(error)}") from error
    except TypeError as error:
        raise UsageError(f"environment '{name}' with {kwargs}: {said(error)}") from error


def _writes_text(gymnasium: Any, name: str) -> bool:
    entry = gymnasium.registry.get(name.split(":")[-1])
    try:
        kind = gymnasium.envs.registration.load_env_creator(entry.entry_point) if entry is not None else None
    except (AttributeError, ImportError, TypeError):
        return False
    return "ansi" in (getattr(kind, "metadata", None) or {}).get("render_modes", ())


def without_limits(environment: Any) -> Any:
    """The environment without those outer wrappers that only count its steps or check how it is used."""
    gymnasium = load_gymnasium()
    wrappers = gymnasium.wrappers
    while isinstance(environment, wrappers.TimeLimit | wrappers.OrderEnforcing | wrappers.PassiveEnvChecker):
        environment = environment.env
    return environment


def name_of(environment: Any) -> str:
    """Its id, or the name of its class."""
    spec = getattr(environment, "spec", None)
    return type(environment.unwrapped).__name__ if spec is None else str(spec.id)


def action_range(environment: Any) -> tuple[int, int]:
    """First action and number of actions; `UsageError` where actions are not numbered."""
    space, gymnasium = environment.action_space, load_gymnasium()
    if not isinstance(space, gymnasium.spaces.Discrete):
        raise UsageError(
            f"{name_of(environment)} has actions {space}; expected numbered ones (Discrete): wrap it in an ActionWrapper that "
            "chooses among as many as are meant"
        )
    return int(space.start), int(space.n)


def action_names(environment: Any, given: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """The names of its actions in order: those given, those that it names, or their numbers.

    Raises:
        UsageError: as many names were not given as there are actions.
    """
    start, count = action_range(environment)
    if given is not None:
        if len(given) != count or len(set(given)) != count:
            raise UsageError(
                f"actions {', '.join(given)}: expected {count} different names, as the environment has actions"
            )
        return tuple(given)
    inner = environment.unwrapped
    named = _TABLE_ACTIONS.get(type(inner).__name__)
    if named is not None and len(named) == count:
        return named
    members = getattr(inner, "actions", None)
    if isinstance(members, type) and issubclass(members, enum.IntEnum):
        names = {int(member): member.name for member in members}
        if all(start + number in names for number in range(count)):
            return tuple(names[start + number] for number in range(count))
    return tuple(f"action {start + number}" for number in range(count))


def factory_of(base: Any, change: Any, kwargs: Mapping[str, Any], *, limited: bool = False) -> Callable[[int], Any]:
    """A function of a seed that makes the environment of a shift.

    Args:
        base: what the environment of training is made from.
        change: another id, arguments laid over those of training, a wrapper, a factory or an environment.
        kwargs: arguments of training.
        limited: whether environments keep their time limits.
    """
    gymnasium = load_gymnasium()
    if isinstance(change, str | gymnasium.Env):
        return lambda seed: make_environment(change, {}, seed, limited=limited)
    if isinstance(change, Mapping):
        if not isinstance(base, str):
            raise UsageError(
                "a shift of arguments needs an environment that is named by its id; give a function that makes it"
            )
        return lambda seed: make_environment(base, {**kwargs, **change}, seed, limited=limited)
    if not callable(change):
        raise UsageError(
            f"a shift is an id, a dict of arguments, a wrapper or a function; found {type(change).__name__}"
        )
    if (isinstance(change, type) and issubclass(change, gymnasium.Wrapper)) or _takes_environment(change):
        if limited:
            return lambda seed: change(make_environment(base, kwargs, seed, limited=True))
        return lambda seed: without_limits(change(make_environment(base, kwargs, seed)))
    return lambda seed: make_environment(change, {}, seed, limited=limited)


def _takes_environment(change: Callable[..., Any]) -> bool:
    needed = [p for p in inspect.signature(change).parameters.values() if p.default is p.empty and p.name != "seed"]
    return len(needed) > 0
