"""A few small levels and one of each architecture, small."""

import equinox as eqx
import jax
import pytest

from mesascope.core.rng import named_key
from mesascope.learned.registry import ARCHITECTURES, build
from mesascope.worlds.grids.red_doors import RedDoors

SMALL = {
    "glance": {"channels": 6, "ticks": 4},
    "recall": {"channels": 6, "ticks": 4},
    "given-search": {"channels": 6, "ticks": 4, "sweeps": 60},
    "feed-forward": {"channels": 6, "layers": 4},
    "prefix-lm": {"channels": 6, "heads": 2, "blocks": 3, "distinct": 2},
    "reflex": {"channels": 8},
    "table": {"rows": 5, "height": 5, "width": 5},
    "conv-lstm": {"channels": 5, "ticks_per_step": 2},
    "glance-lstm": {"channels": 5, "ticks_per_step": 2},
    "local-gru": {"units": 6},
}
RECURRENT = tuple(name for name in SMALL if ARCHITECTURES[name].recurrent)
AT_ONCE = tuple(name for name in SMALL if name not in RECURRENT)


@pytest.fixture(scope="session")
def observation():
    """Five 7x7 levels as they are shown."""
    world = RedDoors(size=7)
    return jax.jit(lambda: world.observe(world.draw(named_key(0, "levels"), 5)))()


@pytest.fixture(scope="session")
def small(observation):
    """Each architecture by name, with random weights; the table knows the five levels."""

    def make(name: str):
        subject = build(name, SMALL[name], key=named_key(1, name), inputs=observation.shape[-1])
        return subject.remembering(observation) if name == "table" else subject

    return eqx.filter_jit(lambda: {name: make(name) for name in SMALL})()
