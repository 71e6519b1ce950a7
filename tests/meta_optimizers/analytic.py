"""A problem whose trials cost nothing: a bowl in two numbers, with values along the way."""

import math

from mesascope.base_optimizers.registry import base_optimizer_config, build_base_optimizer
from mesascope.meta_optimizers.problem import Problem
from mesascope.meta_optimizers.space import space_of
from mesascope.worlds.registry import make_world

BEST = {"learning_rate": 0.02, "floor": 0.2}


def problem(objectives=("return",)):
    config = base_optimizer_config(build_base_optimizer("exact-policy-gradient", {"updates": 80})).config
    space = space_of("exact-policy-gradient", 80, ("learning_rate", "floor"))
    return Problem(
        make_world("red-doors"), "glance", {}, "exact-policy-gradient", config, space, objectives, "blue-door"
    )


def height(config):
    """1 at the best configuration, less elsewhere."""
    away = math.log10(config["learning_rate"] / BEST["learning_rate"]), 4 * (config["floor"] - BEST["floor"])
    return 1.0 - away[0] ** 2 - away[1] ** 2


def evaluate(config, at_rung):
    """Rises to the height of the bowl."""
    for updates in (10, 20, 40, 80):
        at_rung(updates, (height(config) * updates / 80,))
    return (height(config),)


def two(config, at_rung):
    """Two objectives that pull apart: the height, and the learning rate."""
    return height(config), config["learning_rate"]
