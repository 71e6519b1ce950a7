"""Compute depth and light cone: twins in plain Python, and agents whose order of settling is known."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.instruments.describe.compute_depth import TOLERANCE, measure_compute_depth, settle_ticks
from mesascope.instruments.describe.light_cone import arrival_ticks, measure_light_cone, move_goal
from mesascope.instruments.describe.pursued import FAR, away_from, pursue


def test_settling_is_the_first_tick_after_which_nothing_stirs():
    policy = np.random.default_rng(0).dirichlet(np.ones(4), size=(6, 3, 5))
    policy[3:, 0] = policy[-1, 0]
    policy[:, 1] = policy[-1, 1]
    found = settle_ticks(policy)
    for level, state in np.ndindex(3, 5):
        apart = [0.5 * abs(p - policy[-1, level, state]).sum() > TOLERANCE for p in policy[:, level, state]]
        assert found[level, state] == min(t for t in range(6) if not any(apart[t:]))
    assert (found[0] <= 3).all()
    assert (found[1] == 0).all()


def test_arrival_is_the_first_state_that_differs():
    base = np.random.default_rng(1).normal(size=(5, 2, 3, 4))
    other = base.copy()
    other[2:, 0, 1] += 5.0
    other[4:, 1, 2] += 5.0
    other[:, 1, 0] += 1e-6
    assert arrival_ticks(base, other).tolist() == [[-1, 2, -1], [-1, -1, 4]]


def walk(sample, level, sources, stops):
    """Steps from the nearest source by breadth-first search; no way leads on from a stop."""
    successor = np.asarray(sample.mdp.successor[level, :, :, 0])
    steps = {int(s): 0 for s in sources}
    edge = list(steps)
    while edge:
        cell = edge.pop(0)
        if cell in stops and steps[cell] > 0:
            continue
        for to in range(len(successor)):
            if to not in steps and cell in successor[to]:
                steps[to] = steps[cell] + 1
                edge.append(to)
    return steps


def test_distances_are_those_of_a_walk(known):
    sample = known.make("planner,ticks=32").sample
    few = sample.levels[:6]
    pursued = pursue(known.world, sample.levels, sample.mdp, jnp.asarray(known.weights), jnp.asarray(0.97))
    others = np.asarray(sample.mdp.terminal)
    for level in range(6):
        door = int(few.cell[level, 0])
        steps = walk(sample, level, [door], set(np.flatnonzero(others[level])) - {door})
        for cell in np.flatnonzero(np.asarray(pursued.cells[level])):
            assert int(pursued.steps[level, cell]) == steps[int(cell)]
            row, column = divmod(int(cell), 7)
            assert int(pursued.chebyshev[level, cell]) == max(abs(door // 7 - row), abs(door % 7 - column))
        blocked = others[:6] & (np.arange(49) != np.asarray(few.cell[:, :1]))
        away = away_from(known.world, few, known.world.tables(few), few.cell[:, :1], jnp.asarray(blocked))
        for cell, number in steps.items():
            assert int(away.steps[level, cell]) == number
    assert int(away.steps.max()) >= FAR or bool((away.steps < FAR).all())


def test_the_goal_moves_and_nothing_else(known):
    sample = known.make("planner,ticks=32").sample
    moved = move_goal(known.world, sample.levels, sample.mdp, jnp.asarray(known.weights), known.key)
    assert (np.asarray(moved.levels.cell[:, 1:]) == np.asarray(sample.levels.cell[:, 1:])).all()
    assert (np.asarray(moved.levels.cell[:, 0]) != np.asarray(sample.levels.cell[:, 0])).all()
    blocked = np.take_along_axis(
        np.asarray(sample.levels.walls).reshape(len(moved.cells), -1), np.asarray(moved.levels.cell[:, :1]), 1
    )
    assert not blocked.any()


@pytest.mark.parametrize("name", ["planner,ticks=32", "staged-lookup,ticks=32"])
def test_a_planner_and_the_table_that_plays_it_settle_a_tick_a_step(known, name):
    agent = known.make(name)
    found = measure_compute_depth(known.world, agent.subject, None, agent.sample, known.weights)
    assert found.form == "linear"
    assert found.depth.partial.value > 0.99 > found.depth.null.value
    assert found.depth.per_step.value == pytest.approx(1.0, abs=0.01)
    assert [a.share.value for a in found.accuracy] == sorted(a.share.value for a in found.accuracy)


def test_a_table_settles_everywhere_at_once(known):
    agent = known.make("lookup")
    found = measure_compute_depth(known.world, agent.subject, None, agent.sample, known.weights)
    assert found.form == "none"
    assert found.depth.partial.value == 0
    assert found.depth.settles.value == 1


def test_news_travels_a_step_a_tick_in_a_planner_and_faster_than_that_nowhere_known(known):
    agent = known.make("planner,ticks=32")
    cone = measure_light_cone(known.world, agent.subject, None, agent.sample, known.weights, known.key)
    assert cone.chosen.site == "value"
    assert cone.chosen.partial.interval.low > 0.99
    assert {site.site: site.partial is None for site in cone.sites} == {"reward": True, "value": False, "walls": True}


def test_a_compass_has_no_cone_and_a_local_stencil_alone_has_some(known):
    compass, nets = known.make("compass"), [known.make(f"untrained {i}") for i in (0, 1)]
    flat = measure_light_cone(known.world, compass.subject, None, compass.sample, known.weights, known.key)
    assert flat.chosen.partial.value == 0
    some = measure_light_cone(known.world, nets[0].subject, nets[1].subject, nets[0].sample, known.weights, known.key)
    assert some.untrained is not None
    for arrival in (some.chosen, some.untrained):
        assert arrival.partial is None or arrival.partial.value < 0.6


def test_an_agent_after_nothing_is_described_by_nothing(known):
    agent = known.make("planner,ticks=32")
    nothing = np.zeros_like(known.weights)
    depth = measure_compute_depth(known.world, agent.subject, None, agent.sample, nothing)
    cone = measure_light_cone(known.world, agent.subject, None, agent.sample, nothing, known.key)
    assert (depth.form, depth.cells, cone.chosen, cone.levels) == ("none", 0, None, 0)
