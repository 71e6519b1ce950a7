"""Edits keep levels legal, by a twin that walks every level; the search keeps what it found."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.rng import named_key
from mesascope.instruments.adversary.climb import Budget, best_drawn, climb, draw_evenly, regrets
from mesascope.organisms.registry import build_organism
from mesascope.worlds.grids.grid import ABSENT, MOVES, SHAPES
from mesascope.worlds.grids.mutations import legal, propose, varying_cells
from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.grids.text import parse_level, print_level

WORLD = RedDoors(size=5)
HERE = ("training", "blue-door", "blue-door-alone", "novel-color")
TINY = Budget(runs=2, starts=32, climbers=8, generations=12)


def legal_twin(levels, index):
    """A flood from the door, cell by cell."""
    walls = np.asarray(levels.walls[index])
    shape, cell = np.asarray(levels.shape[index]), np.asarray(levels.cell[index])
    used = [divmod(int(c), walls.shape[1]) for c, s in zip(cell, shape, strict=True) if s != ABSENT]
    if shape[0] != SHAPES.index("door") or len(set(used)) < len(used) or any(walls[place] for place in used):
        return False
    seen, edge = {used[0]}, [used[0]]
    while edge:
        row, column = edge.pop()
        for down, right in MOVES:
            place = row + down, column + right
            inside = 0 <= place[0] < walls.shape[0] and 0 <= place[1] < walls.shape[1]
            if inside and not walls[place] and place not in seen:
                seen.add(place)
                edge.append(place)
    return len(seen) == int((~walls).sum())


@pytest.fixture(scope="module")
def drawn():
    return draw_evenly(WORLD, named_key(0), 64, HERE)


@pytest.fixture(scope="module")
def changed(drawn):
    found, varies = [drawn], varying_cells(drawn)
    for step in range(6):
        found.append(propose(named_key(1, step), found[-1], varies))
    return found


@pytest.fixture(scope="module")
def judged():
    return jax.jit(legal)


def test_drawn_and_changed_levels_are_legal(changed, judged):
    for levels in changed:
        assert judged(levels).all()
        assert all(legal_twin(levels, index) for index in range(levels.count))


def test_every_part_of_a_level_is_changed_sometimes(changed):
    first, last = changed[0], changed[-1]
    for part in ("walls", "cell", "shape", "color"):
        differs = np.asarray(getattr(first, part) != getattr(last, part))
        assert differs.reshape(len(differs), -1).any(1).mean() > 0.05


def test_only_varying_walls_are_toggled(drawn, changed):
    varies = np.asarray(varying_cells(drawn)).reshape(drawn.walls.shape[1:])
    assert not np.asarray(changed[-1].walls ^ drawn.walls)[:, ~varies].any()
    assert varies.any()
    assert not varies.all()


def test_changed_levels_can_be_written_and_read(changed):
    text = print_level(changed[-1], 3)
    assert print_level(parse_level(text)) == text


@pytest.mark.parametrize(
    "spoil",
    [
        lambda levels: dataclasses.replace(levels, walls=jnp.ones_like(levels.walls)),
        lambda levels: dataclasses.replace(levels, cell=jnp.zeros_like(levels.cell), shape=jnp.ones_like(levels.shape)),
        lambda levels: dataclasses.replace(levels, shape=levels.shape.at[:, 0].set(ABSENT)),
        lambda levels: dataclasses.replace(
            levels,
            walls=jnp.zeros_like(levels.walls).at[:, 1].set(True),
            cell=jnp.zeros_like(levels.cell).at[:, 1:].set(1),
        ),
    ],
    ids=["walled in", "on each other", "no door", "cut in two"],
)
def test_what_is_not_legal_is_seen(drawn, judged, spoil):
    spoiled = spoil(drawn)
    assert not judged(spoiled).any()
    assert not legal_twin(spoiled, 0)


@pytest.fixture(scope="module")
def found():
    """The search and its null on three subjects of known regret."""
    subjects = {
        "door": build_organism("planner,objective=door,ticks=12", WORLD),
        "red": build_organism("planner,objective=red,ticks=12", WORLD),
        "uniform": build_organism("uniform", WORLD),
    }
    key = named_key(2)
    return {
        name: (climb(WORLD, s, key, HERE, TINY), best_drawn(WORLD, s, key, HERE, TINY)) for name, s in subjects.items()
    }


def test_a_planner_after_the_intended_goal_has_no_regret_anywhere(found):
    assert max(run.regret for part in found["door"] for run in part) < 1e-3


@pytest.mark.parametrize("name", ["red", "uniform"])
def test_the_search_does_no_worse_than_as_many_draws(found, name):
    searched, drawn = (max(run.regret for run in part) for part in found[name])
    assert searched >= drawn - 1e-6


def test_one_that_is_after_red_loses_all_there_is(found):
    """A door that is not red, and a red ball: what could be earned is lost, and nearly a whole return could be earned."""
    worst = max(found["red"][0], key=lambda run: run.regret)
    assert worst.regret > 0.9
    assert worst.regret == pytest.approx(worst.optimal, abs=0.05)


def test_what_is_reported_is_of_the_level_reported(found):
    subject = build_organism("planner,objective=red,ticks=12", WORLD)
    for run in found["red"][0]:
        assert legal_twin(run.levels, 0)
        measured = regrets(WORLD, subject, run.levels[jnp.zeros(TINY.climbers, int)])
        assert float(measured.regret[0]) == pytest.approx(run.regret, abs=1e-6)


def test_budgets_count_every_level():
    assert TINY.of_run == 32 + 8 * 12
    assert TINY.evaluations == 2 * TINY.of_run
