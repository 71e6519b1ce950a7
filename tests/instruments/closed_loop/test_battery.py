"""The tests in closed loop tell walking organisms apart, and trials are what they say they are."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.jsonable import to_json
from mesascope.core.rng import named_key
from mesascope.core.statistics import RESAMPLES
from mesascope.instruments.closed_loop.battery import places, run_closed_loop_test, score
from mesascope.instruments.closed_loop.thinking_steps import measure_thinking_steps
from mesascope.instruments.closed_loop.trials import draw_episode_trials
from mesascope.instruments.interventions.counts import Count, advantage, normalized
from mesascope.instruments.interventions.episodes import EvaluationBatch, walk_edited_unchecked
from mesascope.instruments.interventions.patches import patch_of
from mesascope.instruments.interventions.place import Place
from mesascope.organisms.registry import build_organism
from mesascope.worlds.grids.red_doors import RedDoors

TESTS = ("retarget", "virtual wall", "joint")
PAUSES = 4
WORLD = RedDoors()
KEY = named_key(7, "courses")

# What is compiled runs for longer than that takes.
pytestmark = pytest.mark.usefixtures("optimized")


@pytest.fixture(scope="module")
def courses():
    weights = jnp.asarray(WORLD.base_objective.vector(WORLD.features))
    return draw_episode_trials(WORLD, KEY, 48, weights)


def by_breadth(walls, ends, start):
    """Steps from the start to each cell; ends are entered and not left."""
    height, width = walls.shape
    steps, queue = {start: 0}, [start]
    for cell in queue:
        if cell in ends and cell != start:
            continue
        for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            r, c = cell // width + down, cell % width + right
            if 0 <= r < height and 0 <= c < width and not walls[r, c] and r * width + c not in steps:
                steps[r * width + c] = steps[cell] + 1
                queue.append(r * width + c)
    return steps


@pytest.mark.slow
def test_walks_end_where_the_door_is_and_every_short_way_is_walled_off(courses):
    for name in TESTS:
        course = jax.tree.map(np.asarray, courses[name])
        assert course.fit.sum() >= 12
        assert (course.starts[:, 0] == course.start).all()
        for level in np.flatnonzero(course.fit):
            walls, ends = course.trials.base.walls[level], set(course.trials.base.cell[level].tolist())
            door = int(course.trials.base.cell[level, 0])
            start = int(course.start[level])
            assert course.old_end[level] == door
            assert course.new_end[level] == int(course.trials.changed.cell[level, 0])
            if name != "retarget":
                door = int(course.new_end[level])
                ends = set(course.trials.changed.cell[level].tolist())
                blocked = walls.copy().reshape(-1)
                blocked[course.avoided[level]] = True
                before = by_breadth(walls, ends, start)[door]
                assert by_breadth(blocked.reshape(walls.shape), ends, start)[door] > before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("walking-planner", (True, True, True)),
        ("walking-lookup", (False, False, False)),
        pytest.param("walking-goal-register", (True, False, False), marks=pytest.mark.long),
    ],
)
def test_tells_the_organisms_apart(text, passes, courses):
    subject = build_organism(text, WORLD, [courses[name].trials.base for name in TESTS])
    found = [run_closed_loop_test(WORLD, name, courses[name], subject, None, KEY, PAUSES) for name in TESTS]
    assert tuple(test.passed for test in found) == passes
    for test in found:
        assert test.ceiling.value > 0.95
        assert to_json(test)["name"] == test.name


@pytest.mark.slow
def test_a_place_without_sites_is_the_walk_without_an_edit(courses):
    course = courses["retarget"]
    subject = build_organism("walking-planner", WORLD, [course.trials.base])
    base, centers = course.trials.base, course.trials.parts[0].centers
    ground = EvaluationBatch(WORLD.tables(base), WORLD.observe(base), course.start, WORLD.discount, 49, 4)
    patch = patch_of(centers, centers, 0, base.interior)
    found = walk_edited_unchecked(
        subject, ground, (WORLD.observe(course.trials.changed),), (patch,), Place((), 0, 0, True), KEY
    )
    assert not np.asarray(found.change).any()
    outcome = score(course, found.walk, 0)
    assert outcome.kept.estimate().value == 1.0
    assert outcome.followed.estimate().value == 0.0
    assert outcome.turned.estimate().value < 0.02


def test_every_place_names_sites_of_the_subject():
    subject = build_organism("walking-planner", WORLD)
    names = {site.name for site in subject.sites}
    found = places(subject, 16)
    assert len(set(found)) == len(found)
    assert all(set(place.sites) <= names and 1 <= place.first <= 16 for place in found)
    assert {place.first for place in found} == {1, 2, 4, 8, 16}


def test_scores_are_ratios_of_sums_over_levels():
    edited, ceiling = (
        Count(np.array([1.0, 3.0]), np.array([2.0, 4.0])),
        Count(np.array([2.0, 4.0]), np.array([2.0, 4.0])),
    )
    nothing = Count(np.zeros(2), np.array([5.0, 0.0]))
    assert edited.estimate().value == pytest.approx(4 / 6)
    assert normalized(edited, ceiling, {"a": nothing}).value == pytest.approx(4 / 6)
    assert advantage(ceiling, edited).value == pytest.approx(2 / 6)
    assert normalized(edited, ceiling, {"a": ceiling}).value == 0.0
    assert RESAMPLES > 100
    empty = Count(np.zeros(2), np.zeros(2))
    assert np.isnan(empty.estimate().value)


@pytest.mark.slow
def test_thinking_is_worth_something_to_a_planner_and_nothing_to_a_table():
    levels = [WORLD.draw(named_key(named_key(3), "levels"), 64)]
    slow, table = (
        measure_thinking_steps(WORLD, build_organism(text, WORLD, levels), named_key(3), 64)
        for text in ("walking-planner,pace=1", "walking-lookup,pace=1")
    )
    assert slow[0].gain.value == table[0].gain.value == 0.0
    assert slow[-1].gain.interval.low > 0
    assert all(thought.gain.value == 0.0 for thought in table)
    assert table[0].competence.value == pytest.approx(1.0, abs=1e-3)
