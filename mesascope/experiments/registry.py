"""All experiments by name, and worlds and experiments together."""

from mesascope.core.errors import unknown
from mesascope.experiments.experiment import AbstractExperiment
from mesascope.experiments.glyphs.experiment import Glyphs
from mesascope.experiments.midas.experiment import Midas
from mesascope.experiments.regression.experiment import Regression
from mesascope.experiments.robot.experiment import Robot
from mesascope.experiments.savanna.experiment import Savanna
from mesascope.experiments.two_by_two.experiment import TwoByTwo
from mesascope.experiments.two_episodes.experiment import TwoEpisodes
from mesascope.experiments.two_exits.experiment import TwoExits
from mesascope.worlds.card import Value
from mesascope.worlds.knobs import with_knobs
from mesascope.worlds.registry import WORLDS
from mesascope.worlds.world import AbstractWorld

EXPERIMENTS: dict[str, type[AbstractExperiment]] = {
    experiment.name: experiment
    for experiment in (Glyphs, Midas, Regression, Robot, Savanna, TwoByTwo, TwoEpisodes, TwoExits)
}

EVERYWHERE: dict[str, type[AbstractWorld] | type[AbstractExperiment]] = {**WORLDS, **EXPERIMENTS}


def make_anywhere(name: str, **knobs: Value) -> AbstractWorld | AbstractExperiment:
    """The world or experiment called `name`; `UsageError` names the nearest one, or the nearest knob."""
    if name not in EVERYWHERE:
        raise unknown("world", name, EVERYWHERE)
    return with_knobs(EVERYWHERE[name], **knobs)
