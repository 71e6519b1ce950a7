"""The policy of an agent, built by Stable-Baselines3 itself from spaces and options that were read, with the weights put in."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from mesascope.adapters.sb3.archive import Archive
from mesascope.adapters.sb3.described import Space, Unreadable, options_of, space_of
from mesascope.adapters.sb3.libraries import import_library
from mesascope.adapters.sb3.trusted import Described, unpickled
from mesascope.adapters.torch_functions import import_torch
from mesascope.core.errors import AgentFileError, UsageError, said

_FAMILIES = {
    "stable_baselines3.common.policies": ("ActorCriticPolicy", "ActorCriticCnnPolicy", "MultiInputActorCriticPolicy"),
    "stable_baselines3.dqn.policies": ("DQNPolicy", "CnnPolicy", "MultiInputPolicy"),
    "sb3_contrib.common.recurrent.policies": (
        "RecurrentActorCriticPolicy",
        "RecurrentActorCriticCnnPolicy",
        "RecurrentMultiInputActorCriticPolicy",
    ),
    "sb3_contrib.common.maskable.policies": (
        "MaskableActorCriticPolicy",
        "MaskableActorCriticCnnPolicy",
        "MaskableMultiInputActorCriticPolicy",
    ),
}
_ALGORITHMS = {"dqn": "DQN", "recurrent": "RecurrentPPO", "maskable": "MaskablePPO"}
_TRUSTED = "if you trust the file, unpickle=True lets Stable-Baselines3 read it"


class Built(NamedTuple):
    """A policy with its weights.

    Attributes:
        algorithm: `PPO`, `A2C`, `DQN`, `RecurrentPPO` or `MaskablePPO`.
        module: The policy of Stable-Baselines3, in evaluation mode, on the CPU.
        observation_space: What it observes; images channels first, as Stable-Baselines3 keeps them.
        action_space: Its actions.
    """

    algorithm: str
    module: Any
    observation_space: Space
    action_space: Space


def build_policy(
    archive: Archive,
    *,
    observation_space: Space | None = None,
    action_space: Space | None = None,
    policy_kwargs: Mapping[str, Any] | None = None,
    unpickle: bool = False,
) -> Built:
    """Build the policy that a file holds.

    Args:
        archive: The file.
        observation_space: The space, in place of the one in the file.
        action_space: The space, in place of the one in the file.
        policy_kwargs: Options of the policy, laid over those in the file: a features extractor of one's own, for example.
        unpickle: Let Stable-Baselines3 unpickle what it finds in the file. This runs whatever code the file holds.

    Returns:
        The policy.

    Raises:
        AgentFileError: The file's policy is of another kind, part of it is code, or its weights do not fit.
        UsageError: A library is missing, or the actions are no single choice.
    """
    given = dict(policy_kwargs or {})
    if unpickle:
        found = unpickled(archive.path)
    else:
        found = Described(
            _class(archive),
            _options(archive, given),
            _space(archive, "observation_space") if observation_space is None else observation_space,
            _space(archive, "action_space") if action_space is None else action_space,
        )
    observed = found.observation_space if observation_space is None else observation_space
    acted = found.action_space if action_space is None else action_space
    spaces = import_library("gymnasium").spaces
    if not isinstance(acted, spaces.Discrete):
        raise UsageError(
            f"{archive.path}: the actions are {acted}; expected one choice of n (Discrete): no other is audited"
        )
    module = _filled(archive, found.policy_class, observed, acted, {**found.options, **given})
    return Built(_algorithm(found.policy_class, archive), module, observed, acted)


def _algorithm(policy_class: type, archive: Archive) -> str:
    modules = " ".join(f"{kind.__module__}." for kind in policy_class.__mro__)
    special = next((name for part, name in _ALGORITHMS.items() if f".{part}." in modules), None)
    return special or ("PPO" if "clip_range" in archive.data else "A2C")


def _class(archive: Archive) -> type:
    name = archive.class_of("policy_class")
    if name.name not in _FAMILIES.get(name.module, ()):
        known = ", ".join(each for names in _FAMILIES.values() for each in names)
        raise AgentFileError(f"{archive.path}: found a policy {name}; expected one of {known}. Otherwise, {_TRUSTED}")
    return getattr(import_library(name.module), name.name)


def _options(archive: Archive, given: Mapping[str, Any]) -> dict[str, Any]:
    described = archive.pickled("policy_kwargs")
    described = {k: v for k, v in described.items() if k not in given} if isinstance(described, dict) else described
    try:
        return options_of(described)
    except Unreadable as error:
        raise AgentFileError(
            f"{archive.path}: policy_kwargs: {error}. Give it from Python, load_agent(..., policy_kwargs={{...}}); {_TRUSTED}"
        ) from error


def _space(archive: Archive, name: str) -> Space:
    import_library("gymnasium")
    try:
        return space_of(archive.pickled(name))
    except Unreadable as error:
        raise AgentFileError(
            f"{archive.path}: {name}: {error}. Give it from Python, load_agent(..., {name}=...); {_TRUSTED}"
        ) from error


def _filled(archive: Archive, kind: Any, observed: Space, acted: Space, options: dict[str, Any]) -> Any:
    """The policy with these weights; `AgentFileError` where they do not fit, before anything large is made."""
    torch = import_torch()
    sizes = {n for value in archive.weights.values() for n in value.shape}
    _check_sizes(archive, observed, options, sizes)
    try:
        with torch.random.fork_rng(devices=[]):
            policy = kind(observed, acted, lambda _: 0.0, **options)
    except (AssertionError, AttributeError, TypeError, ValueError, RuntimeError) as error:
        raise AgentFileError(f"{archive.path}: its spaces and options make no policy: {said(error)}") from error
    own = {name: tuple(value.shape) for name, value in policy.state_dict().items()}
    found = {name: tuple(value.shape) for name, value in archive.weights.items()}
    off = next((name for name in (*own, *found) if own.get(name) != found.get(name)), None)
    if off is not None:
        raise AgentFileError(
            f"{archive.path}: the weights do not fit the spaces and options: '{off}' has shape {found.get(off)}, expected "
            f"{own.get(off)}, for observations {_said(observed)} and {acted.n} actions"
        )
    policy.load_state_dict(archive.weights)
    policy.set_training_mode(False)
    return policy


def _check_sizes(archive: Archive, observed: Space, options: Mapping[str, Any], sizes: set[int]) -> None:
    """A number of units that no weight has would make a network of any size before it is found not to fit."""
    wanted = {"net_arch": options.get("net_arch"), "lstm_hidden_size": options.get("lstm_hidden_size")}
    for name, value in wanted.items():
        off = next((n for n in _numbers(value) if n not in sizes), None)
        if off is not None:
            raise AgentFileError(f"{archive.path}: {name} asks for {off} units, which none of the weights has")
    parts = observed.spaces.values() if hasattr(observed, "spaces") else (observed,)
    most = max(sizes, default=0)
    if any(getattr(part, "n", 0) > most for part in parts if isinstance(getattr(part, "n", 0), int)):
        raise AgentFileError(
            f"{archive.path}: observations {_said(observed)} have more values than any of the weights takes"
        )


def _numbers(value: Any) -> list[int]:
    if isinstance(value, dict):
        return [n for each in value.values() for n in _numbers(each)]
    if isinstance(value, list | tuple):
        return [n for each in value for n in _numbers(each)]
    return [value] if isinstance(value, int) else []


def _said(space: Space) -> str:
    return " ".join(str(space).split())[:200]
