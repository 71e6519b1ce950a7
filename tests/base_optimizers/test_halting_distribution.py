"""A price on ticks: what is answered when, the gradient of how long to think, and what is handed over."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.base_optimizers.halting_distribution import SHARPNESS, HaltingDistribution, answers, fresh_pace
from mesascope.base_optimizers.protocol import TrainState
from mesascope.base_optimizers.registry import build_base_optimizer
from mesascope.base_optimizers.training import begin
from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.core.solver import evaluate
from mesascope.core.subject import policy_table
from mesascope.learned.registry import build, config_of
from tests.base_optimizers.conftest import GLANCE

PRICE = 0.01


@pytest.fixture(scope="module")
def net():
    return eqx.filter_jit(lambda: build("glance", GLANCE, key=named_key(0, "net"), inputs=7))()


def test_answers_are_those_of_the_net_that_thinks_so_long(net, batch):
    _, observation, _ = batch
    pace = fresh_pace(net)
    assert pace.first == 3, "a glance net thinks for one tick beyond its last look at least"

    @eqx.filter_jit
    def both():
        shorter = [net.thinking_for(int(t)).logits(observation) for t in (3, 6)]
        return answers(net, observation, pace.first), shorter

    found, (first, last) = both()
    assert len(found) == 4
    np.testing.assert_allclose(found[0], first, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found[-1], last, rtol=1e-5, atol=1e-6)


def test_the_pace_moves_along_the_gradient_of_return_less_price(net, batch, world):
    mdp, observation, reward = batch
    optimizer = build_base_optimizer("exact-policy-gradient", {"tick_price": PRICE})
    pace = HaltingDistribution(jnp.array([0.1, -0.05, 0.0, 0.02]), 3)

    @eqx.filter_jit
    def run():
        def loss(pace):
            return optimizer._paced(net, pace, mdp, observation, reward, world.discount)

        gradient, mean = eqx.filter_grad(loss, has_aux=True)(pace)
        tables = jax.lax.map(policy_table, answers(net, observation, 3))
        returns = [(evaluate(mdp, p, reward, world.discount) * mdp.initial).sum(-1).mean() for p in tables]
        return gradient.learned, mean, jnp.stack(returns)

    gradient, mean, returns = (np.asarray(x, np.float64) for x in run())
    logits = SHARPNESS * np.asarray(pace.learned)
    chances = np.exp(logits) / np.exp(logits).sum()
    worth = returns - PRICE * np.array([3, 4, 5, 6])
    np.testing.assert_allclose(mean, chances @ returns, rtol=1e-5)
    np.testing.assert_allclose(-gradient, SHARPNESS * chances * (worth - chances @ worth), rtol=1e-3, atol=1e-5)


def test_what_is_handed_over_thinks_for_the_most_likely_number_of_ticks(net):
    optimizer = build_base_optimizer("exact-policy-gradient", {"tick_price": PRICE})
    state = TrainState(
        net, HaltingDistribution(jnp.array([0.0, 0.2, 0.1, 0.0]), 3), (), jnp.zeros(2, jnp.uint32), jnp.array(0)
    )
    handed = optimizer.subject(state)
    assert config_of(handed).config == {"channels": 8, "ticks": 4, "reads_until": 2}
    assert all(a is b for a, b in zip(jax.tree.leaves(handed), jax.tree.leaves(net), strict=True))
    plain = TrainState(net, (), (), state.seed_key, state.updates)
    assert optimizer.subject(plain) is net


def test_only_what_can_answer_earlier_is_trained_so(world):
    with pytest.raises(UsageError, match="use the architecture 'glance' or 'recall'"):
        begin(build_base_optimizer("exact-policy-gradient", {"tick_price": PRICE}), world, "reflex", {}, seed=0)
