"""Rules of thumb for mazes, against slow twins."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.rng import named_key
from mesascope.worlds.grids.grid import MOVES
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors(size=7)
COUNT = 24


@pytest.fixture(scope="module")
def levels():
    drawn = WORLD.draw(named_key(0, "heuristics"), COUNT)
    return WORLD.counterfactuals.aim(drawn, jnp.asarray(WORLD.base_objective.vector(WORLD.features)))[0]


@pytest.fixture(scope="module")
def found(levels):
    return {name: np.asarray(moves) for name, moves in jax.jit(WORLD.counterfactuals.heuristics)(levels).items()}


def maps(levels, number):
    """Open cells without an object, and the goal, of one level."""
    walls = np.asarray(levels.walls)[number]
    there, cell = np.asarray(levels.present)[number], np.asarray(levels.cell)[number]
    taken = {int(c) for c, p in zip(cell, there, strict=True) if p}
    free = {(r, c) for r, c in np.ndindex(*walls.shape) if not walls[r, c] and r * walls.shape[1] + c not in taken}
    return free, divmod(int(cell[0]), walls.shape[1])


def ahead(place, action):
    return place[0] + MOVES[action][0], place[1] + MOVES[action][1]


def each(levels):
    for number in range(COUNT):
        free, goal = maps(levels, number)
        for place in free:
            yield number, free, goal, place, place[0] * levels.interior[1] + place[1]


def crow(a, b):
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def test_a_compass_goes_where_it_gets_nearer_and_a_goal_beside_is_taken(levels, found):
    for number, free, goal, place, state in each(levels):
        open_ = [a for a in range(4) if ahead(place, a) in free | {goal}]
        onto = [a for a in open_ if ahead(place, a) == goal]
        nearer = [a for a in open_ if crow(ahead(place, a), goal) < crow(place, goal)]
        assert list(np.flatnonzero(found["compass"][number, state])) == (onto or nearer)


def test_dead_ends_are_filled_one_by_one_and_point_out(levels, found):
    for number in range(COUNT):
        free, goal = maps(levels, number)
        core, pointers = set(free), {}
        while True:
            ends = {p for p in core if sum(ahead(p, a) in core | {goal} for a in range(4)) <= 1}
            if not ends:
                break
            pointers |= {p: [a for a in range(4) if ahead(p, a) in core | {goal}] for p in ends}
            core -= ends
        for place in free:
            said = list(np.flatnonzero(found["dead ends"][number, place[0] * levels.interior[1] + place[1]]))
            onto = [a for a in range(4) if ahead(place, a) == goal]
            assert said == (onto or pointers.get(place, []))


@pytest.mark.parametrize("sweeps", [1, 2, 3])
def test_lookahead_is_a_search_of_few_steps_that_ends_in_a_guess(levels, found, sweeps):
    def cost(place, depth, free, goal):
        if place == goal:
            return 0.0
        on = [ahead(place, a) for a in range(4) if ahead(place, a) in free | {goal}]
        if depth == 0:
            return float(crow(place, goal))
        return 1.0 + min((cost(p, depth - 1, free, goal) for p in on), default=1e6)

    for number, free, goal, place, state in list(each(levels))[::7]:
        costs = {a: cost(ahead(place, a), sweeps, free, goal) for a in range(4) if ahead(place, a) in free | {goal}}
        best = [a for a, c in costs.items() if c == min(costs.values())]
        assert list(np.flatnonzero(found[f"lookahead of {sweeps}"][number, state])) == best


def test_a_goal_in_sight_has_nothing_between(levels, found):
    for number, free, goal, place, state in each(levels):
        seen = []
        for action in range(4):
            at = ahead(place, action)
            while at in free:
                at = ahead(at, action)
            if at == goal:
                seen.append(action)
        onto = [a for a in range(4) if ahead(place, a) == goal]
        assert list(np.flatnonzero(found["goal in sight"][number, state])) == (onto or seen)


def test_nothing_walks_into_a_wall_or_speaks_where_nobody_stands(levels, found):
    standing = np.zeros((COUNT, np.prod(levels.interior)), bool)
    for number, free, goal, place, state in each(levels):
        standing[number, state] = True
        blocked = [a for a in range(4) if ahead(place, a) not in free | {goal}]
        for moves in found.values():
            assert not moves[number, state, blocked].any()
    for moves in found.values():
        assert not moves[~standing].any()
