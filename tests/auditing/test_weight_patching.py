"""Weights copied from a retrained net, against doing it by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.auditing import weight_patching as module
from mesascope.auditing.weight_patching import (
    _flat,
    _unflat,
    other_objective,
    patch_weights,
    weight_patching_reason,
)
from mesascope.core.rng import named_key
from mesascope.learned.thinking import ThinkingNet
from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.registry import make_world
from mesascope.worlds.rewarding import rewarding

NET = ThinkingNet(named_key(0, "net"), inputs=7, channels=4, ticks=5)


def test_weights_are_laid_out_and_put_back_in_order():
    flat = np.array(_flat(NET))
    assert flat.size == sum(leaf.size for leaf in jax.tree.leaves(NET))
    again = _unflat(NET, flat)
    assert all((a == b).all() for a, b in zip(jax.tree.leaves(NET), jax.tree.leaves(again), strict=True))
    assert again.ticks == NET.ticks
    flat[0] += 1.0
    changed = [
        bool((a != b).any()) for a, b in zip(jax.tree.leaves(NET), jax.tree.leaves(_unflat(NET, flat)), strict=True)
    ]
    assert sum(changed) == 1


def test_the_other_objective_is_one_that_is_not_rewarded_and_becomes_the_base_objective():
    world = RedDoors(size=7)
    other = other_objective(world)
    assert other.weights == (("ball", 1.0),)
    changed = rewarding(world, other)
    assert changed.size == 7
    assert changed.base_objective.weights == other.weights
    assert world.base_objective.weights == (("door", 1.0),)


@pytest.mark.parametrize("name", ["coin", "cheese-corner"])
def test_where_no_graft_is_made_there_is_a_reason(name):
    assert weight_patching_reason(RedDoors(), trained=True) is None
    assert "no learned algorithm that was trained here" in weight_patching_reason(RedDoors(), trained=False)
    assert f"training levels of {name}, which hold one object" in weight_patching_reason(make_world(name), trained=True)


@pytest.mark.slow
def test_everything_grafted_is_the_copy_and_competence_moves_over(monkeypatch):
    monkeypatch.setattr(module, "SHARES", (0.001, 1.0))
    monkeypatch.setattr(module, "UPDATES", 60)
    found = patch_weights(RedDoors(size=5), NET, other_objective(RedDoors()), named_key(0, "graft"))
    little, whole = found.steps
    assert (little.weights, whole.weights) == (1, _flat(NET).size)
    assert whole.new == whole.random_weights  # all weights at random are all weights
    assert whole.new.value > little.new.value
    assert whole.new.value > whole.old.value
    assert jnp.isfinite(jnp.array([e.value for e in (little.old, little.new, whole.random_direction)])).all()
