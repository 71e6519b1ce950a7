"""Real trainings, tiny: what the tuner saw comes back, and the emitted numbers are what decides it."""

import math

import jax
import numpy as np
import optuna
import pytest

from mesascope.base_optimizers.registry import base_optimizer_config, build_base_optimizer
from mesascope.base_optimizers.training import advance
from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.learned.registry import build
from mesascope.meta_optimizers import problem as problems
from mesascope.meta_optimizers.contrast import QUICK_LOOK, examine
from mesascope.meta_optimizers.overfitting import fresh_scores, fresh_seeds, gain_of, other_world, stand_of
from mesascope.meta_optimizers.problem import (
    Problem,
    bench_of,
    check_problem,
    score,
    train_seeds,
    tuning_bench,
    untrained_agent,
)
from mesascope.meta_optimizers.space import space_of
from mesascope.meta_optimizers.trials import Search, evaluator, results_of, run_trials
from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.registry import make_world

GLANCE = {"channels": 8, "ticks": 6, "reads_until": 2}
LEVELS = 24


def make(**changes):
    config = base_optimizer_config(build_base_optimizer("exact-policy-gradient", {"updates": 16, "batch": 4})).config
    space = space_of("exact-policy-gradient", 16, ("learning_rate=1e-3:5e-2",))
    plain = Problem(
        RedDoors(size=5), "glance", GLANCE, "exact-policy-gradient", config, space, ("return", "inner-gap"), "blue-door"
    )
    return plain._replace(levels=LEVELS, **changes)


@pytest.fixture(scope="module")
def problem():
    return make()


@pytest.fixture(scope="module")
def bench(problem):
    return tuning_bench(problem)


def test_trials_share_one_program_and_the_tuners_score_is_found_again(problem, bench):
    study = optuna.create_study(directions=["maximize", "minimize"])
    evaluate = evaluator(problem, bench)
    run_trials(study, problem, Search("random", "median", 0, 2), evaluate)
    compiled = advance._cached._cache_size() if hasattr(advance, "_cached") else None
    run_trials(study, problem, Search("random", "median", 0, 4), evaluate)
    assert compiled is None or advance._cached._cache_size() == compiled
    results = results_of(study)
    assert len({r.config["learning_rate"] for r in results}) == 4
    assert [r.curve[-1][0] for r in results] == [16] * 4
    assert [u for u, _ in results[0].curve] == [2, 4, 8, 16]
    standing = stand_of(problem, results[-1].config, bench, 2, None)
    assert (standing.chosen_by.value, standing.gap_chosen_by.value) == results[-1].values
    assert math.isnan(standing.chosen_by.interval.low)  # one seed has no interval
    assert standing.elsewhere is None
    assert standing.per_fresh_seed_elsewhere == ()
    assert standing.fresh.value == pytest.approx(np.mean(standing.per_fresh_seed))
    assert standing.optimism.value == pytest.approx(standing.chosen_by.value - standing.fresh.value)
    assert standing.lost.value == pytest.approx(standing.fresh.value - standing.no_updates.value)


def test_deleting_the_inner_loop_leaves_what_any_configuration_starts_at(problem):
    """Without updates the emitted numbers do nothing: two configurations end at the same untrained agents."""
    seeds = fresh_seeds(2)
    slow, fast = (fresh_scores(problem, {"learning_rate": rate}, seeds) for rate in (1e-3, 5e-2))
    np.testing.assert_array_equal(slow.before.competence, fast.before.competence)
    assert not np.array_equal(slow.after.competence, fast.after.competence)
    assert np.abs(fast.before.competence).max() < 0.3


def test_fresh_seeds_and_levels_are_not_the_tuners(problem, bench):
    assert not set(fresh_seeds(50)) & set(range(100))
    fresh = bench_of(problem, "fresh", 1000)
    assert not np.array_equal(np.asarray(bench.probe.observation), np.asarray(fresh.probe.observation))
    again = bench_of(problem, "tuning")
    np.testing.assert_array_equal(np.asarray(bench.probe.observation), np.asarray(again.probe.observation))


def test_a_training_that_diverged_scores_the_least(problem, bench):
    (agent,) = train_seeds(problem, {"learning_rate": 0.01}, [0])
    broken = jax.tree.map(lambda x: x * np.nan, agent.after)
    found = score(problem, [broken], (bench,))
    assert found.values() == (-1.0, 1.0)


def test_gains_are_paired():
    assert gain_of([0.5, 0.9], [0.4, 0.8]).value == pytest.approx(0.1)
    low, high = gain_of([0.5, 0.9, 0.7], [0.4, 0.79, 0.61]).interval
    assert 0.07 < low < 0.1 < high < 0.13  # the pairs differ far less than the trainings do


def test_the_other_world_differs_in_its_knobs_only(problem):
    other = other_world(problem, {"openings": 0.0})
    assert other.world == RedDoors(size=5, openings=0.0)
    assert other._replace(world=problem.world) == problem


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"objectives": ("retrun",)}, "did you mean 'return'"),
        ({"objectives": ("inner-gap",)}, "write return, or return,inner-gap"),
        ({"shift": "blue-dor"}, "did you mean 'blue-door'"),
        ({"seeds": 0}, "expected 1 to 100"),
    ],
)
def test_what_cannot_be_tuned_is_refused(changes, says):
    with pytest.raises(UsageError, match=says):
        check_problem(make()._replace(**changes))


def test_what_the_examination_cannot_ask_is_said_to_be_so():
    """In a world of stages, and of recurrent agents; neither is examined and called no searcher."""
    problem = make()
    agent = untrained_agent(problem, 0)
    found = examine(make_world("keys-and-chests"), agent, agent, 0.5, QUICK_LOOK)
    assert (found.verdict, found.tests) == ("cannot-tell", ())
    assert "not applicable" in found.reason
    assert "built into the agent" not in found.reason
    given = build("given-search", {"channels": 2, "ticks": 3}, key=named_key(0), inputs=len(problem.world.channels))
    assert (
        "search was built into the agent"
        in examine(make_world("keys-and-chests"), given, given, 0.5, QUICK_LOOK).reason
    )
    walker = build("conv-lstm", {"channels": 2, "ticks_per_step": 1}, key=named_key(0), inputs=8)
    assert examine(problem.world, walker, agent, 0.5, QUICK_LOOK) is None


def test_a_gap_is_not_read_where_nobody_can_serve_the_base_objective(problem, bench, monkeypatch):
    hopeless = bench.shifted._replace(optimal=bench.shifted.uniform)
    monkeypatch.setattr(problems, "shifted_levels", lambda *rest: hopeless)
    with pytest.raises(UsageError, match="name another --shift"):
        bench_of(problem, "tuning")


def test_a_gap_is_not_read_from_agents_that_walk():
    config = base_optimizer_config(build_base_optimizer("walked-imitation", {})).config
    walking = make()._replace(
        base_optimizer="walked-imitation", config=config, architecture="conv-lstm",
        architecture_config={"channels": 4, "ticks_per_step": 1},
    )  # fmt: skip
    with pytest.raises(UsageError, match="a conv-lstm is recurrent"):
        check_problem(walking)
