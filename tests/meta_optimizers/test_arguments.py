"""A base optimizer whose numbers are arguments trains as one whose numbers are part of the program."""

import equinox as eqx
import jax
import numpy as np
import pytest

from mesascope.base_optimizers.registry import build_base_optimizer
from mesascope.base_optimizers.training import begin
from mesascope.meta_optimizers.space import configured
from mesascope.worlds.red_doors import RedDoors
from tests.base_optimizers.conftest import GLANCE

CONFIGS = {
    "exact-policy-gradient": {"updates": 16, "batch": 4, "learning_rate": 0.01, "warmup": 4},
    "imitation": {"updates": 16, "batch": 4, "learning_rate": 0.01, "warmup": 4},
    "ppo": {
        "updates": 16, "batch": 4, "lane_levels": 1, "lane_actors": 2, "steps": 8, "minibatches": 2, "epochs": 2,
        "warmup": 4, "trace": 0.9,
    },
    "evolution": {"updates": 16, "batch": 4, "population": 8, "warmup": 4, "spread": 0.2},
}  # fmt: skip


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n == "exact-policy-gradient" else pytest.mark.slow) for n in CONFIGS]
)
def test_both_make_the_same_updates(name):
    world, ends = RedDoors(size=5), []
    for optimizer in (build_base_optimizer(name, CONFIGS[name]), configured(name, CONFIGS[name])):
        state = begin(optimizer, world, "glance", GLANCE, seed=0)
        update = eqx.filter_jit(optimizer.update)
        for _ in range(3):
            state, metrics = update(state, world)
        ends.append((eqx.filter(state.subject, eqx.is_array), metrics))
    for a, b in zip(*map(jax.tree.leaves, ends), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4, rtol=1e-3)
