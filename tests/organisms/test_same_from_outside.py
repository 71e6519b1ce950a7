"""On every input a table stores, tables and planner answer alike, and exactly right."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.objective import Objective
from mesascope.organisms.edits import with_counterfactuals
from mesascope.organisms.registry import build_organism
from mesascope.worlds.grids.counterfactuals import swap_objects, with_object, without_objects
from mesascope.worlds.grids.red_doors import RedDoors
from tests.organisms.patching import answer, answers_at_every_tick, best, draw, greedy, step

TABLES = ("lookup", "staged-lookup", "goal-register")


@pytest.mark.parametrize(
    ("size", "objective", "distribution"),
    [(5, "-blue", "training"), (7, "door:1+blue:0.5", "training"), (9, "red", "blue-door")],
)
def test_tables_and_planner_answer_every_counterfactual_exactly(size, objective, distribution):
    world = RedDoors(size=size)
    shown = [draw(world, "shown", 8, distribution)]
    inputs = with_counterfactuals(shown).levels()
    weights = jnp.asarray(Objective.parse(objective, world.features).vector(world.features))
    exact = np.asarray(best(world, inputs, weights))
    observation = world.observe(inputs)
    for name in ("planner", *TABLES):
        sets = greedy(answer(build_organism(f"{name},objective={objective}", world, shown), observation))
        wrong = (sets != exact).any(-1)
        assert not wrong.any(), (
            f"{name}: {wrong.sum()} cells differ in {wrong.any((1, 2)).sum()} of {len(wrong)} levels"
        )


def test_the_counterfactuals_are_the_ones_promised():
    world = RedDoors(size=7)
    levels = draw(world, "shown", 8)
    stored = build_organism("lookup", world, [levels])
    seen = [
        swap_objects(levels, 0, 1),
        without_objects(levels),
        with_object(levels, 1, 0, 3),
        with_object(without_objects(levels), 2, 1, 0),
        with_object(levels, 0, -1, -1),
    ]
    for edited in seen:
        sets = greedy(answer(stored, world.observe(edited)))
        want = np.asarray(best(world, edited, jnp.asarray(world.base_objective.vector(world.features))))
        assert (sets == want).all()
    free = (~np.asarray(levels.walls)).sum((1, 2))
    objects = np.asarray(levels.present).sum(1)
    trades = objects * (objects - 1) // 2
    walled = ((1 + trades) * (free - objects)).sum()
    repeated = with_counterfactuals([levels])
    assert repeated.amount == (1 + trades).sum() + walled + 8 * (1 + 3 * 17)


def test_the_budget_keeps_what_matters_most():
    world = RedDoors(size=7)
    levels = draw(world, "shown", 8)
    full, cut = with_counterfactuals([levels]), with_counterfactuals([levels], level_budget=25 * 5 * 100)
    assert cut.amount == 100 < full.amount
    assert all((a == b[:100]).all() for a, b in zip(cut, full, strict=True))
    assert with_counterfactuals([levels], level_budget=0).amount == 8


def test_a_level_never_shown_gets_the_uniform_answer(doors):
    fresh = draw(doors.world, "fresh", 96)
    larger = draw(doors.world, "fresh", 8, "larger")
    for name in TABLES:
        for levels in (fresh, larger):
            logits = answer(doors.organisms[name], doors.world.observe(levels))
            assert (logits == logits[..., :1]).all(), name
        noisy = doors.world.observe(doors.levels) + 0.001
        if name != "goal-register":  # it reads walls and objects, not the exact observation
            assert greedy(answer(doors.organisms[name], noisy)).all(), name


def test_one_table_for_each_size():
    world = RedDoors(size=5)
    shown = [draw(world, "shown", 8), draw(world, "more", 8, "larger"), draw(world, "more", 8)]
    lookup = build_organism("lookup", world, shown)
    assert sorted(table.actions.shape[1] + 2 for table in lookup.tables) == [5, 9]
    for levels in shown:
        exact = np.asarray(best(world, levels, jnp.asarray(world.base_objective.vector(world.features))))
        assert (greedy(answer(lookup, world.observe(levels))) == exact).all()


def test_the_planner_is_competent_where_ways_are_longest():
    world = RedDoors()
    planner = build_organism("planner", world)
    for distribution in ("denser", "larger"):
        levels = draw(world, distribution, 96, distribution)
        exact = np.asarray(best(world, levels, planner.weights))
        logits = answer(planner, world.observe(levels))
        assert (greedy(logits) == exact).mean() == 1.0
        policy = jnp.exp(logits) / jnp.exp(logits).sum(-1, keepdims=True)
        assert float((policy * exact).sum(-1).min()) > 0.999


def test_the_staged_table_keeps_the_planners_time(doors):
    observation = doors.world.observe(doors.levels)
    planner, staged = (
        greedy(answers_at_every_tick(doors.organisms[name], observation)) for name in ("planner", "staged-lookup")
    )
    assert (planner == staged).all()
    assert greedy(answers_at_every_tick(doors.organisms["lookup"], observation))[0].mean() < staged[0].mean()


def test_glance_organisms_see_the_level_in_the_first_tick_only(doors):
    observation = doors.world.observe(doors.levels)
    for name, organism in doors.organisms.items():
        state = step(organism, organism.start(observation), observation, jnp.array(0))
        here = step(organism, state, observation, jnp.array(1))
        elsewhere = step(organism, state, observation[::-1], jnp.array(1))
        same = all((here[site] == elsewhere[site]).all() for site in here)
        assert same == (name != "planner,memory=recall"), name
        assert organism.reads_until == (1 if same else organism.ticks)
        assert {s.name: s.channels for s in organism.sites} == {k: v.shape[-1] for k, v in state.items()}
