"""Every base optimizer by its public checker; training as a function of the seed; names and numbers that do not fit."""

import json
import os
import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.base_optimizers.actors import actor_of
from mesascope.base_optimizers.exact_policy_gradient import ExactPolicyGradient
from mesascope.base_optimizers.ppo import PPO
from mesascope.base_optimizers.protocol import begin_state, training_levels
from mesascope.base_optimizers.registry import (
    BASE_OPTIMIZERS,
    PRESETS,
    base_optimizer_config,
    build_base_optimizer,
)
from mesascope.base_optimizers.rollout import sampled_returns
from mesascope.base_optimizers.training import advance, begin, chunks, train
from mesascope.conformance.check_base_optimizer import (
    BaseOptimizerError,
    check_base_optimizer,
    through_numpy,
)
from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.learned.recurrent import LocalRecurrentAgent
from tests.base_optimizers.conftest import GLANCE
from tests.quick_to_compile import SETTINGS

SHORT = {
    "exact-policy-gradient": {"updates": 40, "batch": 16, "learning_rate": 1e-2, "warmup": 5},
    "imitation": {"updates": 40, "batch": 16, "learning_rate": 1e-2, "warmup": 5},
    "ppo": {"updates": 10, "batch": 16, "learning_rate": 1e-2, "warmup": 1, "lane_actors": 8, "steps": 16},
    "evolution": {"updates": 60, "batch": 16, "learning_rate": 5e-2, "warmup": 5, "population": 32},
    "agent-modeling": {"updates": 60, "batch": 16, "learning_rate": 2e-2, "warmup": 5, "predicting": 0.3},
    "prioritized-replay": {"updates": 40, "batch": 16, "learning_rate": 1e-2, "warmup": 5, "capacity": 32},
    "walked-imitation": {"updates": 40, "batch": 16, "learning_rate": 1e-2, "warmup": 5, "steps": 6},
}
WALKER = {"channels": 6, "ticks_per_step": 2}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=pytest.mark.slow) if n in ("evolution", "agent-modeling", "prioritized-replay") else n
        for n in BASE_OPTIMIZERS
    ],
)
def test_keeps_the_promises_of_a_base_optimizer(name, world):
    trains = ("conv-lstm", WALKER) if name == "walked-imitation" else ("glance", GLANCE)
    check_base_optimizer(build_base_optimizer(name, SHORT[name]), world, *trains)


@pytest.mark.parametrize(
    ("name", "architecture", "message"),
    [
        ("walked-imitation", "glance", "use 'imitation'"),
        ("imitation", "conv-lstm", "use the base optimizer 'walked-imitation'"),
        ("exact-policy-gradient", "local-gru", "use the base optimizer 'walked-imitation'"),
        ("ppo", "conv-lstm", "use the base optimizer 'walked-imitation'"),
    ],
)
def test_says_what_trains_what(name, architecture, message, world):
    with pytest.raises(UsageError, match=message):
        begin(build_base_optimizer(name, SHORT[name]), world, architecture, {}, seed=0)


@pytest.fixture(scope="module")
def optimizer():
    return build_base_optimizer("exact-policy-gradient", SHORT["exact-policy-gradient"])


def bits(tree) -> list[bytes]:
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(tree)]


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_chunks_of_any_length_give_the_same_bits(chunk, optimizer, world):
    start = begin(optimizer, world, "glance", GLANCE, seed=3)
    whole, _ = advance(optimizer, world, start, jnp.array(40, jnp.int32))
    pieces = list(chunks(optimizer, world, start, chunk=chunk))
    assert bits(pieces[-1].state) == bits(whole)
    assert [p.progress.updates_done for p in pieces] == [*range(chunk, 40, chunk), 40]


def test_interrupted_and_continued_is_the_same_as_never_interrupted(optimizer, world):
    class StoppedError(Exception):
        pass

    saved = []

    def stop(done):
        saved.append(through_numpy(done.state))
        if len(saved) == 2:
            raise StoppedError

    with pytest.raises(StoppedError):
        train(optimizer, world, "glance", GLANCE, seed=3, chunk=9, on_chunk=stop)
    whole = train(optimizer, world, "glance", GLANCE, seed=3, chunk=40)
    later = train(optimizer, world, "glance", GLANCE, seed=3, chunk=11, resume=saved[-1])
    assert bits(later.state) == bits(whole.state)
    assert later.history[0].updates_done == 18 + 11
    assert later.history[-1].competence == whole.history[-1].competence


def test_progress_counts_and_foresees(optimizer, world):
    now = iter(range(1000))
    state = begin(optimizer, world, "glance", GLANCE, seed=3)
    reports = [done.progress for done in chunks(optimizer, world, state, chunk=20, clock=lambda: float(next(now)))]
    assert [p.updates_total for p in reports] == [40, 40]
    assert reports[0].updates_per_second == 20.0
    assert reports[0].eta == 1.0
    assert reports[-1].eta == 0.0
    assert reports[-1].competence > reports[0].competence


def test_a_table_learns_its_own_levels(world):
    optimizer = ExactPolicyGradient(updates=150, batch=8, batches=2, learning_rate=0.2, warmup=0)
    state = begin(optimizer, world, "table", {"rows": 16, "height": 3, "width": 3}, seed=0)
    first = advance(optimizer, world, state, jnp.array(1, jnp.int32))[1]
    trained = advance(optimizer, world, state, jnp.array(149, jnp.int32))[0]
    last = advance(optimizer, world, trained, jnp.array(1, jnp.int32))[1]
    assert float(last.mean_return) > float(first.mean_return) + 0.2
    assert trained.subject.known == 16


def test_a_table_needs_a_fixed_set_of_levels(world):
    with pytest.raises(UsageError, match="0 batches of 8 are 0"):
        begin(ExactPolicyGradient(batch=8), world, "table", {"rows": 16}, seed=0)


def test_levels_come_round_when_they_are_to(world):
    @eqx.filter_jit
    def walls(update, batches):
        return training_levels(named_key(0), world, 4, batches, update).cell

    fresh = [np.asarray(walls(jnp.array(i), 0)).tobytes() for i in range(4)]
    round_and_round = [np.asarray(walls(jnp.array(i), 2)).tobytes() for i in range(4)]
    assert len(set(fresh)) == 4
    assert round_and_round == [*fresh[:2], *fresh[:2]]


def test_an_agent_with_memory_learns_by_ppo(world):
    optimizer = PPO(
        updates=30, batch=16, minibatches=2, lane_actors=16, steps=16, learning_rate=1e-2, warmup=1, entropy=0.02
    )

    @eqx.filter_jit
    def start():
        agent = LocalRecurrentAgent(named_key(0, "weights"), 7, units=16)
        return optimizer.init(named_key(0, "training"), world, agent)

    state = start()
    trained, _ = advance(optimizer, world, state, jnp.array(30, jnp.int32))
    weights = jnp.asarray(world.base_objective.vector(world.features))

    @eqx.filter_jit
    def mean_return(state):
        levels = world.draw(named_key(1, "held out"), 16)
        actor = actor_of(state.subject, state.extra)
        shown, mdp = world.observe(levels), world.tables(levels)
        return sampled_returns(actor, shown, mdp, weights, named_key(2), world.discount, 60, 32).mean()

    assert mean_return(trained) > mean_return(state) + 0.1


@pytest.mark.parametrize("name", BASE_OPTIMIZERS)
def test_is_rebuilt_from_its_own_configuration(name):
    optimizer = build_base_optimizer(name, SHORT[name])
    found = base_optimizer_config(optimizer)
    assert found.name == name
    assert build_base_optimizer(*found) == optimizer


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_configurations_of_the_default_optimizer(preset):
    assert build_base_optimizer("exact-policy-gradient", PRESETS[preset]).updates == PRESETS[preset]["updates"]


@pytest.mark.parametrize(
    ("name", "config", "message"),
    [
        ("ppq", {}, "unknown base optimizer 'ppq': did you mean 'ppo'?"),
        ("imitation", {"update": 3}, "did you mean 'updates'?"),
        ("ppo", {"steps": 0}, "takes an integer from 1 to"),
        ("ppo", {"batch": 10}, "multiple of lane_levels times minibatches"),
        ("imitation", {"learning_rate": float("nan")}, "takes a number from"),
    ],
)
def test_bad_configurations_say_what_would_be_right(name, config, message):
    with pytest.raises(UsageError) as raised:
        build_base_optimizer(name, config)
    assert message in str(raised.value)


class Restless(ExactPolicyGradient):
    """Counts every update twice."""

    def update(self, state, world):
        state, metrics = super().update(state, world)
        return eqx.tree_at(lambda s: s.updates, state, state.updates + 1), metrics


def test_the_checker_finds_updates_that_are_not_counted(world):
    with pytest.raises(BaseOptimizerError, match="the state counts 8"):
        check_base_optimizer(Restless(updates=4, batch=4), world, "reflex", {"channels": 4})


def test_the_checker_finds_state_that_is_no_array(world):
    class Loose(ExactPolicyGradient):
        def init(self, key, world, subject):
            return begin_state(key, subject, 0.5, self._transform())

    with pytest.raises(BaseOptimizerError, match="float at"):
        check_base_optimizer(Loose(updates=4, batch=4), world, "reflex", {"channels": 4})


@pytest.mark.slow
@pytest.mark.parametrize(
    "preset",
    # The shorter of the two presets trains in every audit by --quick as well; the one that everybody gets runs each time.
    [pytest.param(name, marks=[pytest.mark.long] if name == "quick" else []) for name in PRESETS],
)
def test_a_preset_becomes_competent(preset, tmp_path):
    """As everybody trains, by the command, and so compiled for speed."""
    command = [sys.executable, "-m", "mesascope", "train", "red-doors", "--seed", "6", "--json", "--out", str(tmp_path)]
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    quick = ["--quick"] if preset == "quick" else []
    done = subprocess.run([*command, *quick], check=True, capture_output=True, text=True, env=environment)
    told = json.loads(done.stdout)
    assert told["updates"] == PRESETS[preset]["updates"]
    assert told["training_competence"] >= 0.95
