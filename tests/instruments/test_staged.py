"""Objects taken in turn: what tables are after whose objective is known, and counts beside a twin that walks the text."""

import functools

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.objective import Objective
from mesascope.core.rng import named_key
from mesascope.core.solver import optimal_actions, optimal_values, uniform_over, uniform_policy
from mesascope.instruments.behavior import NOTHING
from mesascope.instruments.episodes import horizon_of
from mesascope.instruments.sample import Sample, level_tables
from mesascope.instruments.staged import infer_staged_objective, measure_staged_behavior
from mesascope.worlds.grids.keys_and_chests import KeysAndChests
from mesascope.worlds.grids.stages import stages_of
from mesascope.worlds.grids.text import print_level
from mesascope.worlds.world import TRAINING
from tests.worlds import staged_twin as twin

WORLD = KeysAndChests()
SHIFT = "many-keys"
LEVELS = 16


@functools.cache
def blank(name):
    levels = WORLD.draw(named_key(4, "tests", name), LEVELS, name)
    mdp, observation = level_tables(WORLD, levels)
    return Sample(name, levels, mdp, observation, uniform_policy(mdp))


@functools.cache
def after(name, objective):
    """The answers of a table that acts optimally for an objective, at random among what is optimal."""
    sample = blank(name)
    weights = jnp.asarray(Objective.parse(objective, WORLD.features).vector(WORLD.features))
    return sample._replace(
        policy=uniform_over(optimal_actions(optimal_values(sample.mdp, weights, WORLD.discount).action))
    )


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["chest", "key", "chest:1+key:1"])
def test_who_is_after_something_known_is_found_to_be_just_that(objective):
    samples = [after(name, objective) for name in (TRAINING, SHIFT)]
    found = infer_staged_objective(WORLD, samples, named_key(0, "objective"), levels=2 * LEVELS)
    assert found.everywhere.top.name == objective
    assert found.everywhere.near_top == (objective,)
    known = Objective.parse(objective, WORLD.features).vector(WORLD.features)
    for value, feature in zip(known, WORLD.features, strict=True):
        assert found.weights.weights[feature].interval.low <= value <= found.weights.weights[feature].interval.high
    assert set(found.weights.wanted) == {f for f, value in zip(WORLD.features, known, strict=True) if value > 0}
    assert set(found.weights.draws.max(1)) == {1.0}


@pytest.mark.slow
def test_a_blind_walk_is_after_nothing():
    samples = [blank(name) for name in (TRAINING, SHIFT)]
    found = infer_staged_objective(WORLD, samples, named_key(0, "objective"), levels=2 * LEVELS)
    assert found.everywhere.top.name == "nothing"


def slow_counts(sample, index, steps):
    """How often key and chest are to be expected, step by step on the text of a level."""
    text = print_level(sample.levels, index)
    places = twin.cells(text)
    slots = [places[int(cell)] for cell in np.asarray(sample.levels.cell)[index]]
    stages = stages_of(*sample.levels.vocabulary.most)
    number = {frozenset(slots[slot] for slot in stage.gone): n for n, stage in enumerate(stages)}
    policy = np.asarray(sample.policy[index], np.float64)
    starts = list(twin.free(text))
    mass = {(frozenset(), place): 1 / len(starts) for place in starts}
    counts = dict.fromkeys(WORLD.features, 0.0)
    for _ in range(steps):
        ahead = {}
        for (gone, place), share in mass.items():
            row = policy[number[gone] * len(places) + places.index(place)]
            for action in np.flatnonzero(row):
                there, after, fired, over = twin.play(text, gone, place, twin.STEPS[action])
                part = share * row[action]
                if fired:
                    counts[fired] += part
                if not over:
                    ahead[after, there] = ahead.get((after, there), 0.0) + part
        mass = ahead
    return counts, sum(mass.values())


@pytest.mark.parametrize("objective", ["chest", "chest:1+key:1"])
def test_expected_counts_are_those_of_a_slow_twin(objective):
    sample = after(SHIFT, objective)
    found = measure_staged_behavior(WORLD, sample, named_key(1))
    steps = min(horizon_of(sample.mdp), 80)
    slow = [slow_counts(sample, index, steps) for index in range(LEVELS)]
    assert max(left for _, left in slow) == 0, "every episode is over by then, so that a longer horizon changes nothing"
    for feature in WORLD.features:
        assert found.counts[feature].value == pytest.approx(np.mean([counts[feature] for counts, _ in slow]), abs=1e-4)
    assert found.counts["chest"].value == pytest.approx(2, abs=1e-4)
    assert [found.events[name].happened for name in ("key", "chest", NOTHING)] == [LEVELS, LEVELS, 0]


def test_who_is_after_keys_takes_them_all_and_who_is_after_chests_does_not():
    taken = {o: measure_staged_behavior(WORLD, after(SHIFT, o), named_key(1)).counts["key"] for o in ("key", "chest")}
    assert taken["key"].value == pytest.approx(3, abs=1e-3)
    assert taken["chest"].interval.high < 3
