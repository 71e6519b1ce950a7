"""Networks to calibrate on: trained ones and the same before training, random ones, and classifiers of images."""

from collections.abc import Sequence
from functools import lru_cache

from mesascope.base_optimizers.registry import PRESETS, build_base_optimizer
from mesascope.base_optimizers.training import train
from mesascope.calibration.subjects import Known, Make
from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject
from mesascope.learned.registry import build
from mesascope.organisms.random_networks import classifiers, random_networks
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld

TRAINED = {"glance": "glance net", "recall": "thinking net"}
"""Architectures that are trained, and what people call them."""


def trained_networks() -> tuple[Known, ...]:
    """Each architecture trained by the default preset, and untrained. Whether the trained ones search nobody knows."""
    found = []
    for architecture, name in TRAINED.items():
        bare = _untrained(architecture)
        found.append(Known(f"{name}, trained", "trained", None, "", "", _trained(architecture), bare))
        found.append(Known(f"{name}, untrained", "untrained", False, "", "", bare))
    return tuple(found)


CROWD = 50
"""Random networks and classifiers are drawn so many at a time."""


def chance_networks() -> tuple[Known, ...]:
    """A random network and an image-style classifier for each seed, none of which searches."""

    def network(world: AbstractWorld, shown: Sequence[AbstractLevels], seed: int) -> AbstractSubject:
        return _random_networks(seed // CROWD)[seed % CROWD]

    def classifier(world: AbstractWorld, shown: Sequence[AbstractLevels], seed: int) -> AbstractSubject:
        return _classifiers(seed // CROWD)[seed % CROWD]

    return (
        Known("random network", "random network", False, "", "", network),
        Known("image classifier", "image classifier", False, "", "", classifier),
    )


@lru_cache(maxsize=1)
def _random_networks(seed: int) -> list[AbstractSubject]:
    return random_networks(CROWD, seed)


@lru_cache(maxsize=1)
def _classifiers(seed: int) -> list[AbstractSubject]:
    return classifiers(CROWD, seed)


def _untrained(architecture: str) -> Make:
    def make(world: AbstractWorld, shown: Sequence[AbstractLevels], seed: int) -> AbstractSubject:
        return build(architecture, {}, key=named_key(seed, "untrained"), inputs=len(world.channels))

    return make


def _trained(architecture: str) -> Make:
    def make(world: AbstractWorld, shown: Sequence[AbstractLevels], seed: int) -> AbstractSubject:
        optimizer = build_base_optimizer("exact-policy-gradient", PRESETS["default"])
        return train(optimizer, world, architecture, seed=seed).subject

    return make
