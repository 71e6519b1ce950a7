"""Information against a slow twin; what is touched first against a dense solve; the choice against chance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.repairs.diagnostic_levels import (
    alike,
    draw_candidates,
    information,
    look_at_most_telling,
    look_in_order,
    looks_needed,
)
from benchmarks.repairs.touched import entering, touched_first
from mesascope.core.rng import named_key
from mesascope.instruments.episodes import horizon_of
from mesascope.instruments.hypotheses import hypotheses_of
from mesascope.instruments.sample import level_tables
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors(size=5)


def entropy(shares):
    return -sum(p * np.log(p) for p in shares if p > 0)


def information_twin(posterior, table, candidate):
    """Entropy now, minus what is expected of the entropy after Bayes' rule has been applied to each outcome."""
    expected = 0.0
    for outcome in range(table.shape[2]):
        joint = [p * row[candidate, outcome] for p, row in zip(posterior, table, strict=True)]
        if sum(joint) > 0:
            expected += sum(joint) * entropy([x / sum(joint) for x in joint])
    return entropy(posterior) - expected


tables = st.integers(0, 10_000).map(
    lambda seed: (
        np.random.default_rng(seed).dirichlet(np.full(4, 0.5)),
        np.random.default_rng(seed + 1).dirichlet(np.full(3, 0.3), size=(4, 5)),
    )
)


@settings(max_examples=25)
@given(tables)
def test_information_is_the_expected_fall_of_entropy(pair):
    posterior, table = pair
    expected = [information_twin(posterior, table, c) for c in range(table.shape[1])]
    np.testing.assert_allclose(information(posterior, table), expected, atol=1e-9)
    assert (information(posterior, table) >= -1e-9).all()


@settings(max_examples=25)
@given(tables)
def test_the_first_look_is_at_the_most_telling_candidate_and_none_comes_twice(pair):
    _, table = pair
    outcome = np.zeros(table.shape[1], int)
    looked = look_at_most_telling(table, outcome, 5)
    prior = np.full(4, 0.25)
    gains = [information_twin(prior, table, c) for c in range(table.shape[1])]
    assert gains[looked.order[0]] == pytest.approx(max(gains))
    assert sorted(looked.order) == list(range(5))
    np.testing.assert_allclose(
        looked.posterior[-1], look_in_order(table, outcome, np.arange(5)).posterior[-1], atol=1e-6
    )


def test_looks_are_counted_until_the_truth_is_known():
    table = np.array([[[0.9, 0.1], [0.5, 0.5]], [[0.1, 0.9], [0.5, 0.5]]])
    looked = look_in_order(table, np.array([0, 0]), np.array([1, 0]))
    first, second = np.array([True, False]), np.array([False, True])
    assert looks_needed(looked, first, 0.85) == 2
    assert looks_needed(looked, second, 0.85) is None
    assert looks_needed(looked, first | second, 0.85) == 0
    assert look_at_most_telling(table, np.array([0, 0]), 1).order == (0,)


def test_hypotheses_that_no_candidate_tells_apart_are_alike():
    table = np.array([[[0.9, 0.1], [0.5, 0.5]], [[0.8, 0.2], [0.6, 0.4]], [[0.9, 0.1], [0.1, 0.9]]])
    assert alike(table, 0).tolist() == [True, True, False]


@pytest.fixture(scope="module")
def candidates():
    return draw_candidates(WORLD, hypotheses_of(WORLD), WORLD.draw(named_key(0), 16, "blue-door"), named_key(1))


def test_probabilities_are_of_outcomes_that_can_happen(candidates):
    np.testing.assert_allclose(candidates.table.sum(-1), 1.0, atol=1e-4)
    absent = ~np.asarray(candidates.levels.present)
    assert (candidates.table[:, :, :-1][:, absent] < 1e-6).all()
    names = [h.name for h in hypotheses_of(WORLD)]
    door, red = (candidates.table[names.index(name)] for name in ("door", "red"))
    # From a start where both can be had, who is after the door takes it, and who is after red takes the red ball.
    assert door[:, 0].mean() > 0.5 > red[:, 0].mean()
    assert red[:, 1].mean() > 0.5 > door[:, 1].mean()


def test_what_is_touched_first_agrees_with_pushing_mass_forward(candidates):
    levels = candidates.levels
    mdp, _ = level_tables(WORLD, levels)
    rng = np.random.default_rng(0)
    policy = rng.dirichlet(np.ones(4), size=(levels.count, mdp.states)).astype(np.float32)
    found = np.asarray(touched_first(levels, mdp, policy))
    enters = np.asarray(entering(levels, mdp), np.float64)
    successor, terminal = np.asarray(mdp.successor[..., 0]), np.asarray(mdp.terminal)
    for level in range(0, levels.count, 4):
        mass, touched = np.asarray(mdp.initial[level], np.float64), np.zeros(3)
        for _ in range(horizon_of(mdp)):
            moved = mass[:, None] * policy[level]
            touched += np.einsum("sa,sao->o", moved, enters[level])
            mass = np.bincount(successor[level].ravel(), moved.ravel(), mdp.states) * ~terminal[level]
        np.testing.assert_allclose(found[level], [*touched, mass.sum()], atol=1e-4)
