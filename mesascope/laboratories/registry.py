"""All laboratories by name, and worlds and laboratories together."""

from mesascope.core.errors import unknown
from mesascope.laboratories.glyphs.laboratory import Glyphs
from mesascope.laboratories.laboratory import AbstractLaboratory
from mesascope.laboratories.midas.laboratory import Midas
from mesascope.laboratories.regression.laboratory import Regression
from mesascope.laboratories.robot.laboratory import Robot
from mesascope.laboratories.savanna.laboratory import Savanna
from mesascope.laboratories.two_by_two.laboratory import TwoByTwo
from mesascope.laboratories.two_episodes.laboratory import TwoEpisodes
from mesascope.laboratories.two_exits.laboratory import TwoExits
from mesascope.worlds.card import Value
from mesascope.worlds.knobs import with_knobs
from mesascope.worlds.registry import WORLDS
from mesascope.worlds.world import AbstractWorld

LABORATORIES: dict[str, type[AbstractLaboratory]] = {
    laboratory.name: laboratory
    for laboratory in (Glyphs, Midas, Regression, Robot, Savanna, TwoByTwo, TwoEpisodes, TwoExits)
}

EVERYWHERE: dict[str, type[AbstractWorld] | type[AbstractLaboratory]] = {**WORLDS, **LABORATORIES}


def make_anywhere(name: str, **knobs: Value) -> AbstractWorld | AbstractLaboratory:
    """The world or laboratory called `name`; `UsageError` names the nearest one, or the nearest knob."""
    if name not in EVERYWHERE:
        raise unknown("world", name, EVERYWHERE)
    return with_knobs(EVERYWHERE[name], **knobs)
