"""Checkpoints, and a search that is planted."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.base_optimizers.exact_policy_gradient import ExactPolicyGradient
from mesascope.calibration.emergence import at_updates, planted_start, watch
from mesascope.organisms.compiled import compile_search
from mesascope.worlds.grids.red_doors import RedDoors


@pytest.mark.parametrize(("total", "stages"), [(800, 8), (600, 2), (5, 4)])
def test_checkpoints_begin_at_the_start_end_at_the_end_and_ascend(total, stages):
    found = at_updates(total, stages)
    assert found[0] == 0
    assert found[-1] == total
    assert list(found) == sorted(set(found))
    assert len(found) <= stages


@pytest.mark.slow
def test_a_planted_search_passes_before_training_and_after_a_few_updates(optimized):
    world = RedDoors()
    optimizer = ExactPolicyGradient(updates=4, batch=8)
    start = planted_start(optimizer, world, 0, 0.0)
    planted = compile_search(world.base_objective.vector(world.features), start.subject.ticks)
    np.testing.assert_array_equal(start.subject.recur, planted.recur)
    assert int(start.updates) == 0
    first, last = watch(optimizer, world, start, (0, 4), 0)
    assert (first.updates, last.updates) == (0, 4)
    for stage in (first, last):
        assert stage.competence > 0.9
        assert stage.least > 0.5
    assert jnp.isfinite(jnp.array([e.value for e in last.scores.values()])).all()
