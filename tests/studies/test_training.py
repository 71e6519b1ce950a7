"""A training with its defaults filled in."""

import equinox as eqx
import jax
import pytest

from mesascope.core.rng import named_key
from mesascope.learned.registry import build
from mesascope.studies.training import arrange
from mesascope.worlds.registry import make_world


@pytest.mark.parametrize(("world", "knobs", "sides"), [("coin", {}, (5, 10)), ("red-doors", {"size": 5}, (3, 3))])
def test_a_table_has_the_height_and_the_width_of_the_levels_it_is_trained_on(world, knobs, sides):
    world = make_world(world, **knobs)
    found = arrange(world, "table", {}, "exact-policy-gradient", {"batch": 8})
    config = found.architecture_config
    assert (config["height"], config["width"]) == sides
    table = build("table", config, key=jax.random.key(0), inputs=len(world.channels))
    asked = eqx.filter_eval_shape(lambda: table.logits(world.observe(world.draw(named_key(0), 2))))
    assert asked.shape == (2, *sides, 4)
