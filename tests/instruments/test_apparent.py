"""States whose decisions do not depend on whether the agent knows of a place that no view shows."""

from collections import deque

import numpy as np
import pytest

from mesascope.core.objective import Objective
from mesascope.core.rng import named_key
from mesascope.core.solver import optimal_actions, optimal_values, uniform_over
from mesascope.instruments.apparent import plain_states
from mesascope.instruments.behavioral_objective import infer_behavioral_objective
from mesascope.instruments.sample import Sample
from mesascope.worlds.grids.cheese_corner import CheeseCorner
from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.world import TRAINING

WORLD = CheeseCorner(size=7)
LEVEL = """
#######
#x....#
#.###.#
#.###.#
#.###c#
#.....#
#######
"""


def found(levels):
    return np.asarray(plain_states(WORLD, levels, WORLD.outcomes(levels), WORLD.tables(levels)))


def steps_to(goal, stops, successor):
    """Steps from every cell to a goal over cells that are not in `stops`; far where there is no way."""
    steps = np.full(len(successor), 10**6)
    steps[goal] = 0
    ahead = deque([goal])
    while ahead:
        here = ahead.popleft()
        for cell in np.flatnonzero((successor == here).any(1)):
            if cell not in stops and steps[cell] == 10**6 and cell != here:
                steps[cell] = steps[here] + 1
                ahead.append(cell)
    return steps


def slow(levels, index):
    """The same by breadth-first search, one level at a time."""
    successor = np.asarray(WORLD.tables(levels).successor)[index, ..., 0]
    there = np.asarray(WORLD.outcomes(levels).at)[index]
    cheese, marks = int(there[0].argmax()), np.flatnonzero(there[1]).tolist()
    result = []
    ways = [steps_to(cheese, {cheese, *stops}, successor) for stops in (marks, [])]
    for cell, row in enumerate(successor):
        goes = row != cell
        ahead = [
            np.where(goes & ~np.isin(row, marks), ways[0][row], 10**6),
            np.where(goes, ways[1][row], 10**6),
        ]
        best = [set(np.flatnonzero(steps == steps.min())) if steps.min() < 10**6 else set() for steps in ahead]
        enters = bool(np.isin(row, marks).any()) and cell not in marks
        result.append(best[0] == best[1] and ahead[0].min() == ahead[1].min() and not enters)
    return np.array(result)


def test_where_the_way_leads_through_the_corner_or_into_it_nothing_is_read():
    levels = WORLD.read_levels(LEVEL)
    plain = found(levels)[0].reshape(5, 5)
    assert plain[0, 2:].all()
    assert plain[1:4, 4].all()
    assert not plain[0, 1]
    assert not plain[1, 0]
    # From here the way along the bottom is shorter than the one through the corner.
    assert plain[4].all()
    assert plain[3, 0]


def test_states_are_those_of_a_slow_twin():
    levels = WORLD.draw(named_key(0, "apparent"), 24, "cheese-anywhere")
    walls = np.asarray(levels.walls).reshape(24, -1)
    for index, plain in enumerate(found(levels)):
        free = ~walls[index] & ~np.asarray(WORLD.outcomes(levels).at)[index].any(0)
        np.testing.assert_array_equal(plain[free], slow(levels, index)[free])


def test_a_world_that_shows_everything_reads_every_state():
    world = RedDoors(size=5)
    levels = world.draw(0, 2)
    assert plain_states(world, levels, world.outcomes(levels), world.tables(levels)) is None


def blind(distribution, count):
    """A planner after the cheese that does not know of the corner."""
    levels = WORLD.draw(named_key(1, "apparent", distribution), count, distribution)
    seen = WORLD.tables(WORLD.apparent(levels))
    weights = np.asarray(Objective.parse("cheese", WORLD.features).vector(WORLD.features))
    policy = uniform_over(optimal_actions(optimal_values(seen, weights, WORLD.discount).action))
    return Sample(distribution, levels, WORLD.tables(levels), None, policy)


@pytest.mark.long
def test_a_planner_after_the_cheese_that_walks_through_the_corner_is_not_after_the_corner():
    samples = [blind(name, 70) for name in (TRAINING, "cheese-anywhere", "far-corner")]
    weights = infer_behavioral_objective(WORLD, samples, named_key(0, "objective"), levels=210).weights
    low, high = weights.weights["corner"].interval
    assert low <= 0 <= high
    assert weights.wanted == ("cheese",)
