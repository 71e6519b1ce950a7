"""A memory that is blank again at every step says nothing of the steps before."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.rng import named_key
from mesascope.core.rollouts import think_ticks, view_of
from mesascope.learned.registry import build, check_architecture, config_of

SMALL = {"conv-lstm": {"channels": 4, "ticks_per_step": 2}, "local-gru": {"units": 5}}


@pytest.mark.parametrize("reset", [0, 1])
@pytest.mark.parametrize("name", SMALL)
def test_the_answer_depends_on_steps_before_only_without_resets(name, reset, observation):
    config = {**SMALL[name], "reset": reset}
    cells = jnp.full(len(observation), 3, jnp.int32)

    @eqx.filter_jit
    def after(marked):
        net = build(name, config, key=named_key(5, name), inputs=7)
        blank = net.start(observation)
        before = {site: value + marked for site, value in blank.items()}
        return net.act(think_ticks(net, before, view_of(net, observation, cells, jnp.array(1))))

    fresh, marked = after(jnp.array(0.0)), after(jnp.array(0.7))
    assert np.array_equal(fresh, marked) == bool(reset)


@pytest.mark.parametrize("name", SMALL)
def test_it_is_written_down_only_where_it_is_used(name):
    assert "reset" not in check_architecture(name, SMALL[name])
    config = check_architecture(name, {**SMALL[name], "reset": 1})
    assert config["reset"] == 1
    made = eqx.filter_eval_shape(build, name, config, key=named_key(0), inputs=7)
    assert config_of(made) == (name, config)
    plain = eqx.filter_eval_shape(build, name, SMALL[name], key=named_key(0), inputs=7)
    assert config_of(plain) == (name, check_architecture(name, SMALL[name]))
