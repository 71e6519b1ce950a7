"""All experiments by name, and worlds and experiments together."""

import functools
from collections.abc import Mapping

from mesascope.core.errors import unknown
from mesascope.core.registry import Registry, check_class
from mesascope.experiments.experiment import AbstractExperiment
from mesascope.instruments.card import Card
from mesascope.instruments.registry import INSTRUMENTS
from mesascope.worlds.card import Value
from mesascope.worlds.config import with_config
from mesascope.worlds.registry import WORLDS, Say, make_referenced, silent
from mesascope.worlds.world import AbstractWorld

_HERE = "mesascope.experiments"

EXPERIMENTS: Registry[type[AbstractExperiment]] = Registry(
    "experiment",
    "mesascope.experiments",
    {
        "deceivers": f"{_HERE}.deceivers.experiment:Deceivers",
        "glyphs": f"{_HERE}.glyphs.experiment:Glyphs",
        "midas": f"{_HERE}.midas.experiment:Midas",
        "regression": f"{_HERE}.regression.experiment:Regression",
        "robot": f"{_HERE}.robot.experiment:Robot",
        "savanna": f"{_HERE}.savanna.experiment:Savanna",
        "two-by-two": f"{_HERE}.two_by_two.experiment:TwoByTwo",
        "two-episodes": f"{_HERE}.two_episodes.experiment:TwoEpisodes",
        "two-exits": f"{_HERE}.two_exits.experiment:TwoExits",
    },
    functools.partial(check_class, AbstractExperiment),
)
"""Every experiment; `mesascope worlds` lists them behind the worlds."""


def everywhere() -> Mapping[str, type[AbstractWorld] | type[AbstractExperiment]]:
    """Worlds, then experiments."""
    return {**WORLDS, **EXPERIMENTS}


def every_card() -> dict[str, Card]:
    """The cards of all instruments by name, in alphabetical order: of worlds and of experiments."""
    of_experiments = (instrument for found in EXPERIMENTS.values() for instrument in found.instruments or ())
    cards = {instrument.name: instrument.card for instrument in (*INSTRUMENTS.values(), *of_experiments)}
    return dict(sorted(cards.items()))


def make_anywhere(name: str, /, say: Say = silent, **config: Value) -> AbstractWorld | AbstractExperiment:
    """The world or experiment called `name`, or the world of a reference such as `gymnasium:FrozenLake-v1`; `UsageError` names
    the nearest one, or the nearest config key. `say` hears how far the world of a reference is.
    """
    referenced = make_referenced(name, config, say)
    if referenced is not None:
        return referenced
    if name in EXPERIMENTS:
        return with_config(EXPERIMENTS[name], **config)
    if name not in WORLDS:
        raise unknown("world", name, (*WORLDS, *EXPERIMENTS))
    return with_config(WORLDS[name], **config)


def experiment(name: str, /, **config: Value) -> AbstractExperiment:
    """An experiment, which `audit` takes in place of a world.

    Args:
        name: Its name, such as `two-exits` (`mesascope worlds` lists all).
        config: Its configuration, as on its page; what is not given keeps its default.

    Returns:
        The experiment.

    Raises:
        UsageError: No experiment has the name, or it has no such configuration; the message names the nearest.

    Example:
        >>> import mesascope as ms
        >>> ms.experiment("two-exits", discount=0.7).name
        'two-exits'
    """
    if name not in EXPERIMENTS:
        raise unknown("experiment", name, EXPERIMENTS)
    return with_config(EXPERIMENTS[name], **config)
