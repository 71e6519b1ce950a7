"""Base optimizers by name, from plain numbers."""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from mesascope.base_optimizers.agent_modeling import AgentModeling
from mesascope.base_optimizers.descent import CLIP, FLOOR, L1, LEARNING_RATE, WARMUP, WEIGHT_DECAY
from mesascope.base_optimizers.episode_imitation import EpisodeImitation
from mesascope.base_optimizers.evolution import Evolution
from mesascope.base_optimizers.exact_policy_gradient import ExactPolicyGradient
from mesascope.base_optimizers.imitation import Imitation
from mesascope.base_optimizers.ppo import PPO
from mesascope.base_optimizers.prioritized_replay import PrioritizedReplay
from mesascope.base_optimizers.protocol import AbstractBaseOptimizer
from mesascope.core.errors import UsageError
from mesascope.core.options import Config, Given, Option, options_of, read_options, written
from mesascope.core.registry import Registry, check_instance

_COMMON = {
    "updates": Option(600, 1, 1_000_000, "updates of a whole training"),
    "batch": Option(64, 1, 65_536, "levels of one update"),
    "batches": Option(0, 0, 65_536, "batches of levels to go round, 0 for fresh levels at every update"),
    "learning_rate": LEARNING_RATE,
    "warmup": WARMUP,
    "floor": FLOOR,
    "clip": CLIP,
    "weight_decay": WEIGHT_DECAY,
    "l1": L1,
}
_PLAIN = {name: option for name, option in _COMMON.items() if name not in ("weight_decay", "l1")}
_TICK_PRICE = {
    "tick_price": Option(
        0.0, 0.0, 1.0, "return that a tick of thinking costs; above 0 its length is learned", later=True
    )
}
_PPO = {
    "lane_levels": Option(4, 1, 4_096, "levels that the actors of a lane share"),
    "lane_actors": Option(16, 1, 4_096, "actors in each lane"),
    "steps": Option(32, 1, 4_096, "steps of each actor in an update"),
    "limit": Option(100, 1, 1_000_000, "steps after which an episode is cut"),
    "epochs": Option(3, 1, 100, "passes over the steps of an update"),
    "minibatches": Option(4, 1, 4_096, "parts that the lanes are divided into"),
    "clip_eps": Option(0.2, 0.0, 10.0, "how far the probability ratio may leave 1"),
    "gae_lambda": Option(0.95, 0.0, 1.0, "lambda of the advantage estimates"),
    "vf_coef": Option(0.5, 0.0, 100.0, "weight of the critic's error in the loss"),
    "entropy": Option(0.01, 0.0, 10.0, "weight of the entropy bonus"),
}
_EVOLUTION = {
    "population": Option(64, 2, 65_536, "networks of each generation, an even number"),
    "spread": Option(0.1, 1e-6, 10.0, "standard deviation of a step of a weight at the start"),
}
_REPLAY = {
    "capacity": Option(256, 1, 65_536, "levels that are kept"),
    "robust": Option(1, 0, 1, "1 to learn from replayed levels only, 0 to learn from fresh ones as well"),
    "replay": Option(0.5, 0.0, 1.0, "share of updates on replayed levels where it is not robust"),
    "temperature": Option(0.3, 0.01, 1e6, "levels are replayed in proportion to 1 / rank^(1 / temperature)"),
    "stale": Option(0.3, 0.0, 1.0, "share of replay in proportion to the time since a level's regret was measured"),
}
_EPISODES = {
    "steps": Option(20, 1, 4_096, "steps of each actor in an update"),
    "limit": _PPO["limit"],
}


_MODELING = {
    "neighbor": Option(2, 0, 2, "who is predicted: 0 nobody, 1 one that follows a script, 2 one that plans"),
    "predicting": Option(0.5, 0.0, 1.0, "share of the updates that predict; the rest train the readout for control"),
}


class BaseOptimizerKind(NamedTuple):
    """A base optimizer: what it does, how it is made, and its options."""

    says: str
    make: Callable[..., AbstractBaseOptimizer]
    options: dict[str, Option]


def base_optimizer(
    says: str, make: type[AbstractBaseOptimizer], options: Mapping[str, Option] | None = None
) -> BaseOptimizerKind:
    """The entry of a class, with the defaults that the class itself has, so that they stand in one place.

    Args:
        says: What it does, in a line.
        make: The class.
        options: Its options; those that the class has as its fields (`mesascope.core.options.option`) unless given.

    Returns:
        The entry, for an entry point in the group `mesascope.base_optimizers`.
    """
    if options is None:
        return BaseOptimizerKind(says, make, options_of(make))
    defaults: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(make)}
    return BaseOptimizerKind(says, make, {n: o._replace(default=defaults[n]) for n, o in options.items()})


_BUILT_IN: dict[str, BaseOptimizerKind] = {
    "exact-policy-gradient": base_optimizer(
        "the gradient of the exact return, without sampling", ExactPolicyGradient, {**_COMMON, **_TICK_PRICE}
    ),
    "ppo": base_optimizer("proximal policy optimization on sampled episodes", PPO, {**_COMMON, **_PPO}),
    "imitation": base_optimizer("cross-entropy to the optimal policy of the base objective", Imitation, _COMMON),
    "evolution": base_optimizer(
        "an evolution strategy: populations of networks selected by exact return, no gradient",
        Evolution,
        {**{name: option for name, option in _PLAIN.items() if name != "clip"}, **_EVOLUTION},
    ),
    "agent-modeling": base_optimizer(
        "predict a neighbor, then train a readout for control on the frozen net",
        AgentModeling,
        {**_PLAIN, **_MODELING},
    ),
    "prioritized-replay": base_optimizer(
        "the gradient of the exact return on levels kept for their regret (prioritized level replay)",
        PrioritizedReplay,
        {**_PLAIN, **_REPLAY},
    ),
    "walked-imitation": base_optimizer(
        "cross-entropy to the optimal policy along the learner's own episodes, for recurrent agents",
        EpisodeImitation,
        {**_COMMON, **_EPISODES},
    ),
}

BASE_OPTIMIZERS: Registry[BaseOptimizerKind] = Registry(
    "base optimizer", "mesascope.base_optimizers", _BUILT_IN, functools.partial(check_instance, BaseOptimizerKind)
)
"""Every base optimizer: built-in ones and those of installed packages."""

PRESETS: dict[str, Config] = {
    "default": {"updates": 800, "batch": 32, "learning_rate": 5e-3},
    "quick": {"updates": 600, "batch": 16, "learning_rate": 6e-3},
}
"""Options of `exact-policy-gradient` for the main job; both train the default glance net."""


class ConfiguredOptimizer(NamedTuple):
    """A base optimizer's name and all of its options: what a manifest holds."""

    name: str
    config: Config


def build_base_optimizer(name: str, config: Given | None = None) -> AbstractBaseOptimizer:
    """A base optimizer by name. `UsageError` for an unknown name or option (naming the nearest) or a bad number."""
    kind = BASE_OPTIMIZERS.find(name)
    return kind.make(**read_options(f"base optimizer '{name}'", config or {}, kind.options))


def base_optimizer_config(optimizer: AbstractBaseOptimizer) -> ConfiguredOptimizer:
    """Name and options, as they are written down, that `build_base_optimizer` makes this one from.

    `UsageError` where none is registered.
    """
    for name, kind in BASE_OPTIMIZERS.items():
        if type(optimizer) is kind.make:
            config = {option: getattr(optimizer, option) for option in kind.options}
            return ConfiguredOptimizer(name, written(config, kind.options))
    raise UsageError(
        f"a {type(optimizer).__name__} is no registered base optimizer: {', '.join(sorted(BASE_OPTIMIZERS))}"
    )
