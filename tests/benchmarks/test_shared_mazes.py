import importlib.util
import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.mdp import rewards
from mesascope.core.rng import named_key
from mesascope.core.solver import evaluate, optimal_actions, optimal_values, uniform_over, uniform_policy
from mesascope.worlds.grids.red_doors import RedDoors

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "peers" / "workers"


def load(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


shared_mazes = load("shared_mazes")


@pytest.fixture(scope="module")
def judged():
    world = RedDoors(size=5)
    levels = world.draw(named_key(3, "peers"), 16)
    mdp, door = world.tables(levels), jnp.asarray(world.base_objective.vector(world.features))
    shown = np.asarray(world.observe(levels))
    best = optimal_values(mdp, door, world.discount)
    mazes = shared_mazes.Mazes(
        *(shown.astype(bool), np.asarray(mdp.successor[..., 0], np.uint8), np.asarray(mdp.terminal)),
        *(shown[..., 1].reshape(levels.count, -1), np.asarray(mdp.initial)),
    )
    optimal = float((best.state * mdp.initial).sum(-1).mean())
    return world, mdp, door, best, shared_mazes.Shared(mazes, mazes, optimal, world.discount)


def test_the_judge_agrees_with_the_solver(judged):
    world, mdp, door, _, shared = judged
    uniform = uniform_policy(mdp)
    exact = (evaluate(mdp, uniform, rewards(mdp, door), world.discount) * mdp.initial).sum(-1).mean()
    assert shared_mazes.share_of_optimal(np.asarray(uniform, float), shared) == pytest.approx(
        float(exact) / shared.optimal, rel=1e-4
    )


def test_the_best_policy_earns_everything(judged):
    _, _, _, best, shared = judged
    policy = np.asarray(uniform_over(optimal_actions(best.action)), float)
    assert shared_mazes.share_of_optimal(policy, shared) == pytest.approx(1.0, rel=1e-4)


def test_mazes_survive_their_file(judged, tmp_path):
    shared = judged[-1]
    shared_mazes.save(tmp_path / "mazes.npz", shared)
    again = shared_mazes.load(tmp_path / "mazes.npz")
    assert again.optimal == pytest.approx(shared.optimal)
    for one, other in zip(again.pool, shared.pool, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_agent_is_seen_where_it_stands():
    seen = shared_mazes.seen(np.zeros((2, 3, 4), bool), 4)
    assert seen.shape == (2, 3, 5)
    assert np.argwhere(seen).tolist() == [[1, 1, 4]]


def test_a_race_counts_until_the_target_and_stops_at_the_cap(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    racing = load("racing")

    def spin(state):
        return sum(range(200_000)) and state + 1

    racer = racing.Racer(lambda seed: seed, spin, lambda state: state / 10, 100)
    won = racing.race(racer, 0, 0.3, 60.0)
    assert (won["steps"], won["best"]) == (300, 0.3)
    assert 0 < won["cpu"] == won["spent"]
    lost = racing.race(racer, 0, 1e9, 0.01)
    assert lost["cpu"] is lost["seconds"] is lost["steps"] is None
    assert lost["spent"] >= 0.01
    sys.modules.pop("answering", None)
