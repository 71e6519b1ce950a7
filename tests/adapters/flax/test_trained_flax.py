"""A small agent, trained for seconds by flax and optax and saved, does here what it does by itself."""

import numpy as np
import pytest

pytest.importorskip("flax", reason="flax is not installed: tests/QUARANTINES.md")

import jax
import jax.numpy as jnp
import optax
from flax import serialization

import mesascope as ms
from mesascope.core.solver import optimal_actions, optimal_values, uniform_over
from tests.adapters.flax import nets

WORLD = ms.worlds.red_doors(size=5)
REFERENCE = "module=tests.adapters.flax.nets:Wide,view=full,output=0,actions=up/down/left/right"


def shown_and_best(levels, distribution="training"):
    """What is seen in every state from which an object is within reach, with the best actions there."""
    drawn = WORLD.draw(7, levels, distribution)
    mdp = WORLD.tables(drawn)
    weights = jnp.asarray(WORLD.base_objective.vector(WORLD.features))
    best = uniform_over(optimal_actions(optimal_values(mdp, weights, WORLD.discount).action))
    here = np.asarray(mdp.initial) > 0
    return np.asarray(WORLD.observe(drawn, "full"))[here], np.asarray(best)[here]


@pytest.mark.slow
@pytest.mark.long
def test_an_imitator_is_audited_by_one_command(tmp_path):
    net = nets.Wide()
    seen, best = shown_and_best(3000)
    parameters = net.init(jax.random.key(0), seen[:1])
    optimizer = optax.adam(3e-3)
    state = optimizer.init(parameters)

    @jax.jit
    def step(parameters, state, x, y):
        def loss(parameters):
            return -(y * jax.nn.log_softmax(net.apply(parameters, x)[0])).sum(-1).mean()

        change, state = optimizer.update(jax.grad(loss)(parameters), state)
        return optax.apply_updates(parameters, change), state

    rng = np.random.default_rng(0)
    for _ in range(1500):
        some = rng.integers(len(seen), size=256)
        parameters, state = step(parameters, state, seen[some], best[some])
    (tmp_path / "net.msgpack").write_bytes(serialization.to_bytes(parameters))
    found = ms.audit(
        f"flax:{tmp_path}/net.msgpack,{REFERENCE}", WORLD, quick=True, levels=60, shifts=["blue-door", "larger"]
    )
    assert set(found.distributions_left_out) == {"larger"}
    assert found.competence["training"]["base"].value > 0.85
    told = found.behavioral_objective.hypotheses.training[0].name
    assert {part.split(":")[0] for part in told.split("+")} <= {"door", "red"}, "what coincides in training"
    gap = found.ledger["training"].inner
    assert gap.share < 0.1
