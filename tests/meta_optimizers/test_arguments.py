"""Every base optimizer takes its tunable numbers as arguments of its program, and not as parts of it."""

import equinox as eqx
import jax
import pytest

from mesascope.base_optimizers.registry import BASE_OPTIMIZERS
from mesascope.core.rng import named_key
from mesascope.learned.registry import build
from mesascope.meta_optimizers.space import configured, tunable
from mesascope.worlds.grids.grid import CHANNELS
from mesascope.worlds.grids.red_doors import RedDoors
from tests.base_optimizers.conftest import GLANCE

CONFIGS = {
    "exact-policy-gradient": {"batch": 4},
    "imitation": {"batch": 4},
    "ppo": {"batch": 4, "lane_levels": 1, "lane_actors": 2, "steps": 8, "minibatches": 2, "epochs": 2},
    "evolution": {"batch": 4, "population": 8},
    "agent-modeling": {"batch": 4},
    "prioritized-replay": {"batch": 4, "capacity": 8},
    "walked-imitation": {"batch": 4, "steps": 2},
}
WALKER = ("conv-lstm", {"channels": 2, "ticks_per_step": 1})


def test_none_is_forgotten():
    assert CONFIGS.keys() == BASE_OPTIMIZERS.keys()


@pytest.mark.parametrize("name", CONFIGS)
def test_an_update_can_be_traced_with_its_numbers_unknown(name):
    """Tracing gives the arrays no value: an update that looks at one to decide something fails here."""
    world = RedDoors(size=5)
    architecture, options = WALKER if name == "walked-imitation" else ("glance", GLANCE)
    optimizer = configured(name, {**CONFIGS[name], "updates": 16, "warmup": 4})
    assert len(jax.tree.leaves(optimizer)) == len(tunable(name))

    def update(optimizer):
        key = named_key(0, "training")
        subject = build(architecture, options, key=key, inputs=len(CHANNELS))
        state, metrics = optimizer.update(optimizer.init(key, world, subject), world)
        return eqx.filter(state.subject, eqx.is_array), metrics.loss

    shown, loss = eqx.filter_eval_shape(update, optimizer)
    assert loss.shape == ()
    assert len(jax.tree.leaves(shown)) > 3
