"""The bound is a bound; its terms against counts made by hand; predicates against what they say."""

import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks.repairs.pseudo_inputs import (
    Predicate,
    bound,
    larger_than,
    no_loops,
    unacceptable,
    usual_predicates,
)
from mesascope.core.rng import named_key
from mesascope.core.subject import policy_table
from mesascope.instruments.sample import Sample, level_tables
from mesascope.organisms.registry import build_organism
from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.grids.text import parse_levels

WORLD = RedDoors(size=5)
EVERY = Predicate("every level", lambda levels: jnp.ones(levels.count, bool))
NONE = Predicate("no level", lambda levels: jnp.zeros(levels.count, bool))


@pytest.fixture(scope="module")
def samples():
    red = build_organism("planner,objective=red,ticks=12", WORLD)
    found = []
    for name, count in (("training", 32), ("blue-door", 16), ("novel-color", 16)):
        levels = WORLD.draw(named_key(0, name), count, name)
        mdp, observation = level_tables(WORLD, levels)
        found.append(Sample(name, levels, mdp, observation, policy_table(red.logits(observation))))
    return found


@pytest.fixture(scope="module")
def bounds(samples):
    return bound(WORLD, samples, (*usual_predicates(5), EVERY, NONE), resamples=100)


def test_no_term_exceeds_the_truth_and_the_whole_attains_it(bounds):
    named = {p.name: p for p in bounds.predicates}
    for predicate in bounds.predicates:
        assert predicate.product.value <= bounds.truth.value + 1e-9
    assert named["every level"].product.value == pytest.approx(bounds.truth.value)
    assert named["every level"].covers.value == 1.0
    assert named["no level"].product.value == 0.0
    assert named["no level"].share.value == 0.0
    assert bounds.worst.product.value == max(p.product.value for p in bounds.predicates)


def test_terms_are_the_counts(samples, bounds):
    """Distributions weigh the same, whatever the number of their levels: the red-door one has twice as many."""
    behavior = [unacceptable(WORLD, s) for s in samples]
    means = [b.mean() for b in behavior]
    assert bounds.truth.value == pytest.approx(np.mean(means))
    named = {p.name: p for p in bounds.predicates}
    no_red = named["no door is red"]
    assert no_red.share.value == pytest.approx(2 / 3)
    assert no_red.given.value == pytest.approx(np.mean(means[1:]), abs=1e-6)
    assert no_red.product.value == pytest.approx(no_red.share.value * no_red.given.value)
    # Who is after red touches a ball where the door is not red, and nothing else where it is.
    assert means[0] < 0.05 < means[1]
    assert no_red.covers.value > 0.9


def test_where_nothing_better_can_be_had_nothing_is_held_against_it():
    """The ball cuts the door off from all but one cell, from which nobody has to touch it."""
    levels = parse_levels("#####\n#R.g#\n###.#\n#...#\n#####")
    mdp, observation = level_tables(WORLD, levels)
    wanders = Sample("training", levels, mdp, observation, jnp.full((1, 9, 4), 0.25))
    found = unacceptable(WORLD, wanders)
    # From the cell between them a random walk takes either first as often.
    np.testing.assert_allclose(found, [0.5], atol=1e-3)


def test_predicates_hold_of_what_they_say():
    texts = "#####\n#R..#\n#.#.#\n#...#\n#####", "#####\n#Br.#\n#.###\n#...#\n#####"
    levels = parse_levels("\n\n".join(texts))
    named = {p.name: np.asarray(p.holds(levels)).tolist() for p in usual_predicates(5)}
    assert named == {
        "no door is red": [False, True],
        "a ball is red": [False, True],
        "no loops": [False, True],
        "larger": [False, False],
    }
    assert bool(larger_than(3)(levels).all())


def test_mazes_without_openings_have_no_loops():
    assert no_loops(WORLD.draw(named_key(3), 16, "denser")).all()
    assert not no_loops(RedDoors(size=5, openings=1.0).draw(named_key(3), 16)).any()
