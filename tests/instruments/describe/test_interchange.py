"""Interchange: a tiny case by hand, slow twins of the maps and algorithms, and agents whose algorithm is known."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.instruments.describe.alignment_map import exchange_matrix, whiten
from mesascope.instruments.describe.interchange import agreement, draw_pairs, exchange_ticks, identify_algorithm
from mesascope.worlds.grids.algorithms import Problem, library
from mesascope.worlds.strategies import run_on

BY_NAME = {algorithm.name: algorithm for algorithm in library(0.97).algorithms}
UP, DOWN, LEFT, RIGHT = np.eye(4, dtype=bool)
ALL = np.ones(4, bool)


def corridor(text, optimal=None):
    """A level one row high: `#` wall, `.` free, `G` an object worth 1, `x` one worth nothing."""
    row = np.array(list(text))[None, None]
    sets = np.ones((1, 1, len(text), 4), bool) if optimal is None else optimal[None, None]
    maps = (row == "#", np.isin(row, ["G", "x"]), row == "G")
    return Problem(*(jnp.asarray(m, jnp.float32) for m in maps), jnp.asarray(sets))


def exchanged(name, base, source, region, before, after):
    algorithm = BY_NAME[name]
    own, other = (run_on(algorithm, algorithm.begin(level), before) for level in (base, source))
    mixed = jnp.where(jnp.asarray(region)[None, None, :, None], other, own)
    return np.asarray(algorithm.answer(run_on(algorithm, mixed, after)))[0, 0]


def test_a_goal_taken_over_turns_a_planner_round_and_leaves_a_finished_flood_as_it_was():
    base, source = corridor("G....."), corridor(".....G")
    right_half = np.arange(6) >= 3
    # Base and source, half and half: a goal at either end, and what was known of each in between.
    assert (exchanged("value iteration", base, source, right_half, 10, 20)[1:5] == [LEFT, LEFT, RIGHT, RIGHT]).all()
    assert (
        exchanged("latched breadth-first", base, source, right_half, 10, 20)[1:5] == [LEFT, LEFT, RIGHT, RIGHT]
    ).all()
    # The goal gone from the left end, without anything taking its place but on the right.
    gone = corridor("......"), corridor(".....G")
    assert (exchanged("value iteration", gone[0], gone[1], right_half, 10, 20)[:5] == RIGHT).all()
    moved = exchanged("latched breadth-first", base, corridor("....G."), np.arange(6) < 1, 10, 20)
    assert (moved[1:5] == LEFT).all(), "what is latched stays, though its goal has gone"
    assert (exchanged("value iteration", base, corridor("....G."), np.arange(6) < 1, 10, 400)[1:5] == ALL).all()


def test_a_lookup_answers_cell_by_cell_and_a_compass_through_walls():
    left, right = np.tile(LEFT, (6, 1)), np.tile(RIGHT, (6, 1))
    found = exchanged("lookup", corridor("G.....", left), corridor(".....G", right), np.arange(6) >= 3, 3, 3)
    assert (found == [*[LEFT] * 3, *[RIGHT] * 3]).all()
    walled = corridor("..#..G")
    assert (exchanged("compass", walled, walled, np.zeros(6, bool), 1, 1)[:2] == RIGHT).all()
    assert (exchanged("value iteration", walled, walled, np.zeros(6, bool), 9, 9)[:2] == ALL).all()
    assert (exchanged("wall follower", walled, walled, np.zeros(6, bool), 1, 1)[0] == RIGHT).all()


def test_dead_ends_fill_toward_the_goal():
    found = exchanged("dead-end filling", corridor("...G.."), corridor("...G.."), np.zeros(6, bool), 9, 9)
    assert (found[[0, 1, 2]] == RIGHT).all()
    assert (found[[4, 5]] == LEFT).all()


def test_the_exchange_moves_the_variables_and_nothing_else():
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(500, 5)) * [1.0, 3.0, 0.5, 1.0, 2.0]
    mixing = rng.normal(size=(5, 5))
    held, variables = hidden @ mixing, hidden[:, :2]
    matrix = exchange_matrix(whiten(held), whiten(variables), 0.1)
    own, other = rng.normal(size=(2, 5))
    unmix = np.linalg.inv(mixing)
    new = own + (other - own) @ matrix
    assert (new @ unmix)[:2] == pytest.approx((other @ unmix)[:2], abs=1e-6)
    assert matrix @ matrix == pytest.approx(matrix, abs=1e-6)
    assert np.linalg.matrix_rank(matrix) == 2
    assert not exchange_matrix(whiten(held), whiten(rng.normal(size=(500, 2))), 0.1).any()
    assert not exchange_matrix(whiten(np.ones((500, 5))), whiten(variables), 0.1).any()


def test_agreement_is_chance_corrected_and_no_answer_earns_nothing():
    even, sure = np.full(4, 0.25), np.array([1.0, 0.0, 0.0, 0.0])
    sets = np.stack([UP, UP, LEFT, UP | LEFT, ALL])
    found = agreement(np.stack([sure, even, sure, sure, sure]), sets)
    assert found == pytest.approx([1.0, 0.0, -1 / 3, 1.0, 0.0])


def test_pairs_stay_in_their_half_and_share_a_region_for_both_goals(known):
    levels = known.make("compass").sample.levels
    worth = np.zeros((levels.count, 49), np.float32)
    worth[np.arange(levels.count), np.asarray(levels.cell[:, 0])] = 1.0
    pairs = draw_pairs(jnp.asarray(worth.reshape(-1, 7, 7)), known.key)
    level = np.arange(levels.count)
    assert ((pairs.source - level) % 2 == 0).all()
    assert ((pairs.other - level) % 2 == 0).all()
    assert (pairs.source != pairs.other).all()
    assert (pairs.source != level).all()
    assert pairs.fit.mean() > 0.7
    goals = np.asarray(levels.cell[:, 0])
    flat = pairs.region.reshape(levels.count, -1)
    for partner in (level, pairs.source, pairs.other):
        assert flat[level, goals[partner]][pairs.fit].all()


def test_ticks_of_exchange_come_after_a_glance_and_before_the_end():
    assert [exchange_ticks(*t) for t in ((16, 2), (16, 16), (65, 1), (4, 1), (2, 1), (1, 1))] == [
        (4, 8),
        (4, 8),
        (16, 32),
        (1, 2),
        (1,),
        (0,),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "algorithms"),
    [
        ("planner,ticks=32", {"value iteration"}),
        ("compass", {"compass"}),
        ("lookup", {"lookup", "latched breadth-first"}),
        ("goal-register", {"none"}),
        ("planner,memory=recall,ticks=32", {"none"}),
        ("untrained 0", {"none"}),
    ],
)
def test_known_algorithms_are_named(known, name, algorithms):
    agent = known.make(name)
    twin = known.make("untrained 1").subject if name.startswith("untrained") else None
    found = identify_algorithm(known.world, agent.subject, twin, agent.sample, known.weights, known.key)
    assert {found.name, *found.rivals} <= algorithms
    assert found.name in algorithms - {"latched breadth-first"}
    if found.name in ("value iteration", "compass"):
        score = next(s for s in found.scores if s.algorithm == found.name)
        assert score.foretold.value > 0.99
        assert score.beyond.interval.low > 0.2


def test_an_agent_after_nothing_runs_none(known):
    agent = known.make("compass")
    found = identify_algorithm(known.world, agent.subject, None, agent.sample, np.zeros_like(known.weights), known.key)
    assert (found.name, found.cells, found.pairs) == ("none", 0, 0)


def test_values_are_discounted_as_the_world_discounts():
    level, steps = corridor("....G."), 9
    for discount in (0.5, 0.97):
        iterated = library(discount).algorithms[0]
        values = np.asarray(run_on(iterated, iterated.begin(level), steps))[0, 0, :, 3]
        np.testing.assert_allclose(values[:4], [discount**k for k in (3, 2, 1, 0)], rtol=1e-5)
