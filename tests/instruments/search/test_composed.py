"""A composition of heuristics that each do not search: it follows every edit, and is too small for a table."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, Interval
from mesascope.instruments.search import panel
from mesascope.instruments.search.capacity import Description
from mesascope.instruments.search.certified import Certified, explained_by, projected
from mesascope.instruments.search.examine import SampleBudget, examine_search
from mesascope.instruments.search.information import Answers, bits_per_level, perfect_answers
from mesascope.instruments.search.panel import Clues, Questions, compose, composed, silent, surprise
from mesascope.instruments.search.trials import contested_levels
from mesascope.instruments.search.verdict import Verdict, decide
from mesascope.organisms.dead_ends import DeadEnds
from mesascope.organisms.decoded_observation import ahead, prefer
from mesascope.organisms.model import enterable, goals
from mesascope.organisms.registry import build_organism
from mesascope.worlds.grids.red_doors import RedDoors


class Composed(DeadEnds):
    """Dead ends are filled; in what is left it looks two cells ahead and goes by the compass. No way is ever searched."""

    def act(self, state):
        core = (enterable(state) & (state["filled"][..., 0] < 0.5)) | goals(state["reward"])
        height, width = core.shape[1:]
        goal = goals(state["reward"]).reshape(len(core), -1).argmax(1)
        row, column = jnp.divmod(goal, width)
        far = jnp.abs(row[:, None, None] - jnp.arange(height)[:, None]) + jnp.abs(
            column[:, None, None] - jnp.arange(width)
        )
        cost = jnp.where(goals(state["reward"]), 0.0, far.astype(jnp.float32))
        way = ahead(core.astype(jnp.float32), 0.0) > 0.5
        for _ in range(2):
            cost = jnp.where(goals(state["reward"]), 0.0, 1.0 + jnp.where(way, ahead(cost, 1e6), 1e6).min(-1))
        on = jnp.where(way, ahead(cost, 1e6), 1e6)
        best = way & (on <= on.min(-1, keepdims=True))
        wanted = jnp.where(state["filled"] > 0.5, state["way"] > 0.5, best)
        return prefer(wanted & (state["reward"][..., 1:] < 0.5))


@pytest.mark.long
def test_a_composition_of_heuristics_is_not_said_to_search_and_a_planner_is():
    world = RedDoors(size=9)
    weights = world.base_objective.vector(world.features)
    pool = contested_levels(world, named_key(3, "contested"), 640)
    found = []
    for subject in (Composed(jnp.asarray(weights), ticks=40), build_organism("planner,ticks=40", world, [pool])):
        found.append(examine_search(world, subject, None, pool, weights, named_key(3, "k"), SampleBudget(128, 65_536)))
    heuristic, planner = found
    assert all(test.passed for test in heuristic.tests), "it fools all three tests"
    assert heuristic.verdict is Verdict.CANNOT_TELL
    assert "heuristics may explain its answers" in heuristic.reason
    assert planner.verdict is Verdict.SEARCH, planner.reason


def estimate(value):
    return Estimate(value, Interval(value - 0.05, value + 0.05))


@pytest.mark.parametrize(
    ("unedited", "edited", "heuristic"), [(0.9, 0.5, False), (0.9, 0.15, True), (0.15, 0.5, True), (0.0, 0.0, True)]
)
def test_both_the_unedited_and_the_edited_answers_must_hold_a_share_of_what_perfect_ones_hold(
    unedited, edited, heuristic
):
    size = Description(0.0, 100.0, 900.0, None)
    perfect = (estimate(1.0), estimate(0.5))
    found = Certified(size, estimate(unedited), estimate(edited), 9_000, 8_000.0, True, perfect, {"compass": 0.9})
    assert found.heuristic is heuristic
    little = found._replace(perfect=(estimate(0.1), estimate(0.05)), unedited=estimate(0.0))
    assert "larger levels leave more to show" in decide((), little).reason
    assert found._replace(perfect=None).beyond_heuristics is None
    assert not found._replace(perfect=None).heuristic


@given(st.floats(0.1, 5.0), st.floats(0.01, 0.9), st.integers(100, 10_000), st.floats(1e3, 1e6))
def test_levels_ahead_are_those_at_which_the_lower_bound_reaches_the_size(value, width, levels, bits):
    shown = Estimate(value, Interval(value * (1 - width), value * (1 + width)))
    found = projected(shown, levels, bits)
    assert found * (value - value * width * (levels / found) ** 0.5) == pytest.approx(bits, rel=1e-6)
    assert projected(Estimate(0.0, Interval(-0.1, 0.1)), levels, bits) == np.inf


HEURISTICS, LEVELS, STATES = 3, 400, 6


def clues(key):
    """Heuristics that hold one action each for good. The first is right where the surroundings say so, elsewhere the second."""
    moves = jax.nn.one_hot(jax.random.randint(key, (LEVELS, STATES, HEURISTICS), 0, 4), 4) > 0.5
    code = jax.random.randint(jax.random.fold_in(key, 1), (LEVELS, STATES), 0, 2)
    none = jnp.full((LEVELS, STATES), 4)
    answer = jnp.where(code == 0, moves[:, :, 0].argmax(-1), moves[:, :, 1].argmax(-1))
    return Clues(moves, code, none[..., None], none), answer


def test_a_composition_learns_which_heuristic_is_right_where_and_nothing_is_left_beyond_it(monkeypatch):
    monkeypatch.setattr(panel, "BATCH", 256)
    monkeypatch.setattr(panel, "STEPS", 200)
    counts = jnp.ones((LEVELS, STATES), bool)
    given, answer = clues(named_key(0, "fit"))
    fitted = compose(Questions(given, answer, counts), named_key(0, "compose"))
    given, answer = clues(named_key(0, "fresh"))
    known = composed(fitted, given)
    right = np.asarray(known.argmax(-1) == answer)
    assert right.mean() > 0.95
    assert 0.4 < np.asarray(given.moves[:, :, 0].argmax(-1) == answer).mean() < 0.8, "no heuristic does it alone"
    asked = Questions(given, answer, counts)
    mute = silent(HEURISTICS, 4, 1)
    np.testing.assert_allclose(surprise(mute, asked), 2.0 * STATES, rtol=1e-5)
    assert surprise(fitted, asked).mean() < 0.2 * STATES
    nothing = jnp.zeros_like(answer)
    agrees = given.moves.any(-1)
    policy = jax.nn.one_hot(answer, 4)
    told = Answers(policy, answer, nothing, nothing, counts, known, agrees)
    untold = told._replace(composed=jnp.full_like(known, -np.log(4.0)))
    assert bits_per_level([told]).mean() < 0.1 * bits_per_level([untold]).mean()
    assert np.array_equal(perfect_answers(told).policy, np.asarray(policy))
    explained = explained_by([told], ["a", "b", "c"])
    assert explained["composition of all"] == pytest.approx(right.mean())
    assert explained["a"] == 1.0
