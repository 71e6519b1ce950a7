"""Architectures by name: what a saved learned algorithm is rebuilt through, from plain numbers and nothing else."""

import functools
from collections.abc import Callable, Mapping
from typing import NamedTuple

import equinox as eqx
import jax
from jaxtyping import PRNGKeyArray

from mesascope.core.errors import UsageError
from mesascope.core.options import Config, Given, Option, options_of, read_options, written
from mesascope.core.registry import Registry, check_instance
from mesascope.core.subject import ALWAYS, AbstractSubject
from mesascope.learned.conv_lstm import ConvLSTM
from mesascope.learned.feed_forward import FeedForwardNet
from mesascope.learned.given_search import GivenSearch
from mesascope.learned.prefix_lm import PrefixLM
from mesascope.learned.recurrent import LocalRecurrentAgent
from mesascope.learned.reflex import ReflexNet
from mesascope.learned.table import Table
from mesascope.learned.thinking import ThinkingNet


class Architecture(NamedTuple):
    """A kind of learned algorithm: its options, how it is built, how its options are read off a built one, and whether it is
    recurrent: whether its state survives a step of the environment.

    A package brings one by an entry point in the group `mesascope.architectures`; `architecture` makes it from a class.
    """

    says: str
    options: dict[str, Option]
    build: Callable[[PRNGKeyArray, int, Config], AbstractSubject]
    read: Callable[[AbstractSubject], Config | None]
    """The options of a module, None where it is of another kind."""
    recurrent: bool = False


def architecture(
    kind: type[AbstractSubject],
    says: str,
    options: Mapping[str, Option] | None = None,
    fields: Mapping[str, str] | None = None,
    *,
    recurrent: bool = False,
) -> Architecture:
    """The architecture of a class, whose constructor takes a key, the number of channels it is shown, and its options.

    Args:
        kind: The class.
        says: What it is, in a line.
        options: Its options in the order of the constructor; those that the class has as its fields (`option`) unless given.
        fields: The field that holds an option, where it has another name.
        recurrent: Whether its state survives a step of the environment.

    Returns:
        The architecture.

    Example:
        >>> from mesascope.learned.reflex import ReflexNet
        >>> found = architecture(ReflexNet, "two layers", {"channels": Option(48, 1, 1024, "numbers"),
        ...     "radius": Option(1, 1, 3, "cells")})
        >>> found.read(found.build(jax.random.key(0), 7, {"channels": 4, "radius": 1}))
        {'channels': 4, 'radius': 1}
    """
    own = dict(options_of(kind) if options is None else options)
    named = {name: (fields or {}).get(name, name) for name in own}

    def build(key: PRNGKeyArray, inputs: int, config: Config) -> AbstractSubject:
        numbers = (type(option.default)(config[name]) for name, option in own.items())
        return kind(key, inputs, *numbers)

    def read(module: AbstractSubject) -> Config | None:
        if type(module) is not kind:
            return None
        return {name: type(own[name].default)(getattr(module, field)) for name, field in named.items()}

    return Architecture(says, own, build, read, recurrent)


class Configured(NamedTuple):
    """An architecture's name and all of its options: what a manifest holds."""

    name: str
    config: Config


_CHANNELS = Option(24, 1, 512, "numbers kept in each cell")
_TICKS = Option(16, 1, 256, "ticks of thinking")
_GIVEN_SEARCH = {
    "channels": _CHANNELS,
    "ticks": _TICKS,
    "reads_until": Option(2, 1, 256, "ticks that see the level"),
    "sweeps": Option(32, 1, 1024, "sweeps of the value iteration that is given"),
}
_SIDE = Option(7, 1, 62, "cells, border left out")
_RESET = Option(0, 0, 1, "1 if the memory is blank again at every step of an episode", later=True)
_CONV_LSTM = {
    "channels": Option(20, 1, 512, "numbers in each cell's memory, and as many shown"),
    "ticks_per_step": Option(4, 1, 64, "ticks of thinking at each step"),
}


def _thinking(key: PRNGKeyArray, inputs: int, config: Config) -> ThinkingNet:
    ticks = int(config["ticks"])
    return ThinkingNet(key, inputs, int(config["channels"]), ticks, int(config.get("reads_until", ticks)))


def _glance(key: PRNGKeyArray, inputs: int, config: Config) -> ThinkingNet:
    if config["reads_until"] >= config["ticks"]:
        raise UsageError(
            f"glance with reads_until={config['reads_until']} and ticks={config['ticks']} reads the level at every "
            "tick: give fewer reading ticks, or ask for 'recall'"
        )
    return _thinking(key, inputs, config)


def _read_thinking(module: AbstractSubject, recall: bool) -> Config | None:
    if not isinstance(module, ThinkingNet) or recall != (module.reads_until >= module.ticks):
        return None
    config: Config = {"channels": module.channels, "ticks": module.ticks}
    return config if recall else {**config, "reads_until": module.reads_until}


def _read_table(module: AbstractSubject) -> Config | None:
    if not isinstance(module, Table):
        return None
    rows, height, width, _ = module.answers.shape
    return {"rows": rows, "height": height, "width": width}


def _conv_lstm(key: PRNGKeyArray, inputs: int, config: Config) -> ConvLSTM:
    seen, resets = int(config.get("sees_until", ALWAYS)), bool(config.get("reset", 0))
    return ConvLSTM(key, inputs, int(config["channels"]), int(config["ticks_per_step"]), seen, resets)


def _read_conv_lstm(module: AbstractSubject, always: bool) -> Config | None:
    if not isinstance(module, ConvLSTM) or always != (module.sees_until == ALWAYS):
        return None
    config: Config = {"channels": module.channels, "ticks_per_step": module.ticks}
    own: Config = {"reset": int(module.resets)} if always else {"sees_until": module.sees_until}
    return {**config, **own}


def _read_local(module: AbstractSubject) -> Config | None:
    if not isinstance(module, LocalRecurrentAgent):
        return None
    return {"units": module.units, "radius": module.radius, "reset": int(module.resets)}


def _local(key: PRNGKeyArray, inputs: int, config: Config) -> LocalRecurrentAgent:
    return LocalRecurrentAgent(key, inputs, int(config["units"]), int(config["radius"]), bool(config["reset"]))


_BUILT_IN: dict[str, Architecture] = {
    "glance": Architecture(
        "one block iterated over the grid; the level is seen in the first ticks only",
        {"channels": _CHANNELS, "ticks": _TICKS, "reads_until": Option(2, 1, 255, "ticks that see the level")},
        _glance,
        lambda module: _read_thinking(module, recall=False),
    ),
    "recall": Architecture(
        "one block iterated over the grid; the level is seen at every tick",
        {"channels": _CHANNELS, "ticks": _TICKS},
        _thinking,
        lambda module: _read_thinking(module, recall=True),
    ),
    "given-search": architecture(
        GivenSearch,
        "the glance net, given value iteration on the level; what things are worth in it is learned",
        _GIVEN_SEARCH,
    ),
    "feed-forward": architecture(
        FeedForwardNet,
        "layers with weights of their own, seeing as far as the thinking nets",
        {"channels": _CHANNELS, "layers": Option(16, 1, 256, "layers")},
        {"layers": "ticks"},
    ),
    "prefix-lm": architecture(
        PrefixLM,
        "a transformer over the level as tokens, one for each cell; every token may read every other",
        {
            "channels": Option(48, 4, 1024, "numbers in the residual of each token"),
            "heads": Option(4, 1, 64, "heads of attention"),
            "blocks": Option(12, 1, 256, "blocks"),
            "distinct": Option(1, 0, 256, "different blocks, gone round in turn; 0 for as many as there are blocks"),
            "normed": Option(1, 0, 1, "1 where what a block reads is scaled to a mean square of 1"),
        },
    ),
    "reflex": architecture(
        ReflexNet,
        "two layers on a local view",
        {
            "channels": Option(48, 1, 1024, "numbers in each hidden layer"),
            "radius": Option(1, 1, 3, "cells seen in each direction"),
        },
    ),
    "table": Architecture(
        "answers stored level by level; uniform on every other level",
        {"rows": Option(256, 1, 65_536, "levels stored"), "height": _SIDE, "width": _SIDE},
        lambda key, inputs, config: Table(int(config["rows"]), int(config["height"]), int(config["width"])),
        _read_table,
    ),
    "conv-lstm": Architecture(
        "an LSTM over the grid that thinks at every step of an episode and remembers; recurrent (DRC)",
        {**_CONV_LSTM, "reset": _RESET},
        _conv_lstm,
        lambda module: _read_conv_lstm(module, always=True),
        recurrent=True,
    ),
    "glance-lstm": Architecture(
        "the same; the level is seen in the first steps of an episode only, afterwards only where it stands",
        {**_CONV_LSTM, "sees_until": Option(1, 1, ALWAYS - 1, "steps of an episode that see the level")},
        _conv_lstm,
        lambda module: _read_conv_lstm(module, always=False),
        recurrent=True,
    ),
    "local-gru": Architecture(
        "a GRU over the steps of an episode with a local view; recurrent",
        {
            "units": Option(64, 1, 4096, "numbers remembered"),
            "radius": Option(1, 1, 3, "cells seen in each direction"),
            "reset": _RESET,
        },
        _local,
        _read_local,
        recurrent=True,
    ),
}


ARCHITECTURES: Registry[Architecture] = Registry(
    "architecture", "mesascope.architectures", _BUILT_IN, functools.partial(check_instance, Architecture)
)
"""Every architecture: built-in ones and those of installed packages."""


def check_architecture(name: str, config: Given) -> Config:
    """The options of an architecture as they are written down, defaults filled in; `UsageError` for a name or a number that
    does not fit.
    """
    return written(_every_option(name, config), ARCHITECTURES[name].options)


def _every_option(name: str, config: Given) -> Config:
    return read_options(f"architecture '{name}'", config, ARCHITECTURES.find(name).options)


def build(name: str, config: Given, *, key: PRNGKeyArray, inputs: int) -> AbstractSubject:
    """A fresh learned algorithm: `inputs` is the number of channels it is shown.

    Raises `UsageError` for an unknown architecture or option (naming the nearest) and for a number out of range.
    """
    checked = _every_option(name, config)
    return ARCHITECTURES[name].build(key, inputs, checked)


def config_of(module: AbstractSubject) -> Configured:
    """Name and options that `build` makes this kind of module from. `UsageError` where no architecture does."""
    for name, architecture in ARCHITECTURES.items():
        config = architecture.read(module)
        if config is not None:
            return Configured(name, written(config, architecture.options))
    raise UsageError(f"a {type(module).__name__} is no registered architecture: {', '.join(sorted(ARCHITECTURES))}")


def parameter_count(module: AbstractSubject) -> int:
    """Numbers that training may move."""
    return sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(module, eqx.is_inexact_array)))


def hard_coded(module: AbstractSubject) -> bool | None:
    """Whether whatever search it does was built in; None where some was, and the rest may search as well."""
    return None if isinstance(module, GivenSearch) else False
