"""What each distribution of red-doors promises, on 500 levels of each."""

import jax
import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.core.statistics import rate_of
from mesascope.worlds.grids.grid import ABSENT, COLORS, SHAPES
from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.grids.text import print_level
from mesascope.worlds.world import TRAINING
from tests.worlds import twins
from tests.worlds.conftest import LEVELS

DOOR, BALL = SHAPES.index("door"), SHAPES.index("ball")
RED, BLUE, GREEN, YELLOW = range(len(COLORS))
DOOR_COLOR = {"blue-door": BLUE, "blue-door-alone": BLUE, "red-object-gone": BLUE, "novel-color": YELLOW}


def objects(levels):
    return np.asarray(levels.shape), np.asarray(levels.color), np.asarray(levels.cell)


def test_every_level_has_one_door_of_the_promised_color(drawn, distribution):
    shape, color, _ = objects(drawn(distribution))
    assert (shape[:, 0] == DOOR).all()
    assert (color[:, 0] == DOOR_COLOR.get(distribution, RED)).all()
    assert np.isin(shape[:, 1:], (BALL, ABSENT)).all()
    assert ((shape == ABSENT) == (color == ABSENT)).all()


def test_balls_are_as_many_and_as_colored_as_promised(drawn, distribution):
    shape, color, _ = objects(drawn(distribution))
    balls = (shape == BALL).sum(1)
    if distribution == "blue-door-alone":
        assert (balls == 0).all()
        return
    assert np.isin(balls, (1, 2)).all()
    share = rate_of(float((balls == 2).sum()), LEVELS)
    assert share.interval.low <= 0.5 <= share.interval.high, "a second ball in half the levels"
    red = ((shape == BALL) & (color == RED)).sum(1)
    assert (red == (1 if distribution == "blue-door" else 0)).all()
    plain = color[(shape == BALL) & (color != RED)]
    assert set(plain.tolist()) == {BLUE, GREEN}


def test_objects_lie_on_distinct_free_cells(drawn, distribution):
    levels = drawn(distribution)
    shape, _, cell = objects(levels)
    walls = np.asarray(levels.walls).reshape(LEVELS, -1)
    for level in range(LEVELS):
        used = cell[level][shape[level] != ABSENT]
        assert len(set(used.tolist())) == len(used)
        assert not walls[level, used].any()


def test_objects_lie_everywhere(drawn):
    levels = drawn(TRAINING)
    doors = np.bincount(np.asarray(levels.cell)[:, 0], minlength=49).reshape(7, 7)
    assert (doors[::2, ::2] > 0).all(), "some room never holds the door"


def test_mazes_are_as_large_and_as_dense_as_promised(drawn, distribution):
    levels = drawn(distribution)
    assert levels.size == (13 if distribution == "larger" else 9)
    walls = np.asarray(levels.walls)
    rooms = ((levels.size - 1) // 2) ** 2
    free = (~walls).sum((1, 2))
    if distribution == "denser":
        assert (free == 2 * rooms - 1).all(), "rooms and the openings of a tree"
    else:
        assert free.mean() > 2 * rooms
    assert all(twins.flood(maze) == (~maze).sum() for maze in walls[:50])


def test_levels_of_the_largest_world_can_be_larger_still():
    levels = jax.eval_shape(lambda key: RedDoors(size=25).draw(key, 2, "larger"), jax.random.key(0))
    assert levels.walls.shape == (2, 27, 27)


def test_the_interval_of_the_share_of_levels_that_come_apart_holds_alpha(drawn):
    alpha = 0.3
    shape, color, _ = objects(drawn(TRAINING, alpha=alpha))
    apart = color[:, 0] == BLUE
    share = rate_of(float(apart.sum()), LEVELS)
    assert share.interval.low <= alpha <= share.interval.high
    red_ball = ((shape == BALL) & (color == RED)).any(1)
    assert (red_ball == apart).all(), "door and red come apart together or not at all"


def test_alpha_moves_nothing_but_the_objects_of_training_levels(drawn):
    plain, mixed = drawn(TRAINING), drawn(TRAINING, alpha=0.3)
    assert (np.asarray(plain.walls) == np.asarray(mixed.walls)).all()
    assert (np.asarray(plain.cell) == np.asarray(mixed.cell)).all()
    same = np.asarray(mixed.color)[:, 0] == RED
    assert (np.asarray(plain.color)[same] == np.asarray(mixed.color)[same]).all()


@pytest.mark.parametrize("salience", [0.0, 0.25, 3.0])
def test_salience_scales_the_color_channels_only(drawn, salience):
    levels = drawn("blue-door")[:40]
    seen = np.asarray(RedDoors(salience=salience).observe(levels))
    plain = np.asarray(RedDoors().observe(levels))
    shapes = 1 + len(SHAPES)
    assert (seen[..., :shapes] == plain[..., :shapes]).all()
    np.testing.assert_allclose(seen[..., shapes:], plain[..., shapes:] * salience)
    assert plain[..., shapes:].sum() > 0


def test_observations_are_what_the_text_shows(drawn, distribution):
    levels = drawn(distribution)[:40]
    seen = np.asarray(RedDoors(salience=0.5).observe(levels))
    for level in range(levels.count):
        np.testing.assert_array_equal(seen[level], twins.observation(print_level(levels, level), 0.5))


def test_the_same_key_gives_the_same_levels_and_another_key_others(drawn):
    world = RedDoors()
    draw = jax.jit(lambda key: world.draw(key, LEVELS, TRAINING))
    first, again = drawn(TRAINING), draw(named_key(7, "tests", TRAINING))
    other = draw(named_key(8, "tests", TRAINING))
    same = [np.array_equal(a, b) for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(again), strict=True)]
    assert all(same)
    assert (np.asarray(first.walls) != np.asarray(other.walls)).any()


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"size": 4}, "size 4: a maze has a size from 5 to 25"),
        ({"alpha": 1.5}, "alpha 1.5: expected a number from 0 to 1"),
        ({"alpha": float("nan")}, "alpha nan"),
        ({"openings": -0.1}, "openings -0.1"),
        ({"salience": -1.0}, "salience -1.0"),
    ],
)
def test_a_knob_out_of_range_is_named(knobs, message):
    with pytest.raises(UsageError, match=message):
        RedDoors(**knobs)


def test_an_unknown_shift_names_the_nearest_one():
    with pytest.raises(UsageError, match="unknown shift 'blue-dor': did you mean 'blue-door'"):
        RedDoors().draw(jax.random.key(0), 1, "blue-dor")
