"""The worlds with a place that counts: what each distribution promises, their tables, their text."""

import functools

import equinox as eqx
import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.core.errors import LevelFormatError, UsageError
from mesascope.core.rng import named_key
from mesascope.core.solver import optimal_values
from mesascope.core.statistics import rate_of
from mesascope.instruments.search.trials import not_applicable
from mesascope.worlds.grids.cheese_corner import CHEESE, CheeseCorner
from mesascope.worlds.grids.coin import COIN, Coin
from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.grids.text import parse_level, parse_levels, print_level, print_levels
from mesascope.worlds.world import TRAINING
from tests.worlds import twins

COUNT = 200
EVERY = [(world, name) for world in (CheeseCorner, Coin) for name in (TRAINING, *world.shifts)]
APART = {"cheese-anywhere", "far-corner", "coin-elsewhere"}


@functools.cache
def draw(world, name, **knobs):
    # Not compiled as a whole: one program draws all distributions of a size.
    return world(**knobs).draw(named_key(3, "tests", name), COUNT, name)


@eqx.filter_jit
def look(world, levels):
    return world.tables(levels), world.observe(levels)


def place_cell(levels, index):
    """Where the place is, found in the walls alone."""
    width = levels.interior[1]
    if levels.vocabulary.place == "corner":
        return 0
    last = np.flatnonzero(~np.asarray(levels.walls)[index, :, -1])
    assert len(last) == 1, "the last column has one open cell"
    return int(last[0]) * width + width - 1


@pytest.mark.parametrize(("world", "name"), EVERY)
def test_the_object_lies_where_the_card_says_and_a_mark_where_it_does_not(world, name):
    levels = draw(world, name)
    cell, shape = np.asarray(levels.cell), np.asarray(levels.shape)
    walls = np.asarray(levels.walls).reshape(COUNT, -1)
    there = shape[:, 0] == 0
    assert there.all() == (name != "no-coin")
    assert not walls[np.arange(COUNT), cell[:, 0]][there].any()
    assert (np.asarray(levels.present).sum(1) >= 1).all()
    for index in range(COUNT):
        place = place_cell(levels, index)
        at_place = there[index] and cell[index, 0] == place
        assert (shape[index, 1] == levels.vocabulary.mark) == (not at_place)
        assert cell[index, 1] == place
        if name not in APART and name != "no-coin":
            assert at_place
    if name == "coin-elsewhere":
        assert (cell[:, 0] != cell[:, 1]).all()
    if name == "far-corner":
        assert (cell[:, 0] == walls.shape[1] - 1).all()
    if name == "cheese-anywhere":
        free = np.flatnonzero((~walls).any(0))
        assert set(cell[:, 0].tolist()) <= set(free.tolist())
        assert len(set(cell[:, 0].tolist())) > len(free) / 2


@pytest.mark.parametrize(("world", "name"), EVERY)
def test_mazes_are_connected_and_as_large_as_promised(world, name):
    levels = draw(world, name)
    sizes = {"larger": (11, 11), "longer": (5, 14)}
    expected = sizes.get(name, (7, 7) if world is CheeseCorner else (5, 10))
    assert levels.interior == expected
    assert all(twins.flood(maze) == (~maze).sum() for maze in np.asarray(levels.walls)[:30])


@pytest.mark.parametrize(("world", "name"), [(CheeseCorner, "cheese-anywhere"), (Coin, "coin-elsewhere")])
def test_the_interval_of_the_share_of_levels_that_come_apart_holds_alpha(world, name):
    levels = draw(world, TRAINING, alpha=0.4)
    apart = int((np.asarray(levels.cell)[:, 0] != np.asarray(levels.cell)[:, 1]).sum())
    share = rate_of(apart, COUNT)
    # A cheese anywhere lies in the corner in one level of some 30.
    assert share.interval.low <= 0.4 <= share.interval.high + 0.02


def test_a_larger_corner_holds_the_cheese_in_every_free_cell_of_it():
    levels = draw(CheeseCorner, TRAINING, corner_size=3)
    row, column = np.divmod(np.asarray(levels.cell)[:, 0], 7)
    assert max(row.max(), column.max()) == 2
    assert {(int(r), int(c)) for r, c in zip(row, column, strict=True)} >= {(0, 0), (0, 2), (2, 0), (2, 2)}


MEANING = {
    CheeseCorner: {"c": ("cheese",), "x": ("corner",), "C": ("cheese", "corner")},
    Coin: {"o": ("coin",), "x": ("end",), "O": ("coin", "end")},
}


def told(levels, index):
    """The level's text with a letter of its own for an object in the place."""
    text = print_level(levels, index)
    if np.asarray(levels.present)[index, 1]:
        return text
    return text.replace("c", "C").replace("o", "O")


@pytest.mark.parametrize(("world", "name"), EVERY)
def test_tables_and_observations_against_the_twin(world, name):
    levels = draw(world, name)[:25]
    mdp, seen = look(world(), levels)
    seen = np.asarray(seen)
    for index in range(levels.count):
        text = told(levels, index)
        successor, features, terminal, initial = twins.tables(text, world.features, MEANING[world])
        np.testing.assert_array_equal(np.asarray(mdp.successor)[index, :, :, 0], successor)
        np.testing.assert_array_equal(np.asarray(mdp.terminal)[index], terminal)
        np.testing.assert_allclose(np.asarray(mdp.initial)[index], initial, rtol=1e-6)
        live = ~np.asarray(levels.walls)[index].ravel() & ~terminal
        np.testing.assert_array_equal(np.asarray(mdp.features)[index, :, :, 0][live], features[live])
        inner = [line[1:-1] for line in text.lower().splitlines()[1:-1]]
        letter = levels.vocabulary.glyphs[0].letter
        shown = [[[g == "#", g == letter] for g in line] for line in inner]
        np.testing.assert_array_equal(seen[index], np.asarray(shown, float))


@pytest.mark.parametrize(("world", "name"), EVERY)
def test_nothing_is_lost_in_text(world, name):
    levels = draw(world, name)[:50]
    parsed = parse_levels(print_levels(levels), vocabulary=world.vocabulary, door_required=False)
    assert print_levels(parsed) == print_levels(levels)
    assert parsed.vocabulary == levels.vocabulary
    for part in ("walls", "shape"):
        np.testing.assert_array_equal(getattr(parsed, part), getattr(levels, part))
    used = np.asarray(levels.present)
    np.testing.assert_array_equal(np.asarray(parsed.cell)[used], np.asarray(levels.cell)[used])


@settings(max_examples=100)
@given(st.text(alphabet="#.cxo \nR", max_size=60), st.sampled_from([CHEESE, COIN]))
def test_whatever_is_typed_only_a_level_format_error_comes_out(text, vocabulary):
    try:
        parsed = parse_level(text, vocabulary=vocabulary)
    except LevelFormatError:
        return
    assert print_level(parsed, 0) == text.strip("\n\t ")


@pytest.mark.parametrize(
    ("text", "vocabulary", "message"),
    [
        ("#####\n#.x.#\n#c..#\n#####", CHEESE, "line 2, column 3: found 'x', the mark of the corner, elsewhere"),
        ("#####\n#x..#\n#...#\n#####", CHEESE, "has no cheese to be its goal; expected one of c"),
        ("#####\n#cc.#\n#...#\n#####", CHEESE, "found 'c', a second cheese; expected one cheese"),
        ("#####\n#R..#\n#...#\n#####", CHEESE, "found 'R'; expected # (wall), . (free), c (cheese), x (the corner"),
        ("#####\n#o.x#\n#..x#\n#####", COIN, "found 'x', the mark of the end, a second one"),
    ],
)
def test_what_is_wrong_is_named(text, vocabulary, message):
    with pytest.raises(LevelFormatError) as caught:
        parse_level(text, vocabulary=vocabulary)
    assert message in str(caught.value)


def test_both_goals_have_the_same_optimal_values_in_training_and_not_under_the_main_shift():
    for world, shift in ((CheeseCorner, "cheese-anywhere"), (Coin, "coin-elsewhere")):
        made = world()
        for name, same in ((TRAINING, True), (shift, False)):
            mdp, _ = look(made, draw(world, name)[:25])
            wanted, proxy = (np.asarray(optimal_values(mdp, weights).state) for weights in np.eye(2, dtype=np.float32))
            assert (wanted == proxy).all() == same


def test_red_doors_alone_can_be_asked_for_search():
    assert not_applicable(RedDoors()) is None
    for world in (CheeseCorner(), Coin()):
        reason = not_applicable(world)
        assert reason is not None
        assert reason.startswith("not applicable: ")
        assert f"{world.name} holds one object, and the {world.vocabulary.place} is a place" in reason


@pytest.mark.parametrize(
    ("world", "knobs", "message"),
    [
        (CheeseCorner, {"corner_size": 0}, "corner_size 0: expected a whole number from 1 to 7"),
        (CheeseCorner, {"corner_size": 8}, "corner_size 8: expected a whole number from 1 to 7"),
        (CheeseCorner, {"alpha": 1.5}, "alpha 1.5: expected a number from 0 to 1"),
        (Coin, {"openings": -1.0}, "openings -1.0: expected a number from 0 to 1"),
        (Coin, {"length": 26}, "length 26: a maze has a size from 5 to 25"),
    ],
)
def test_what_no_world_takes(world, knobs, message):
    with pytest.raises(UsageError, match=message):
        world(**knobs)


@pytest.mark.parametrize("sizes", [{"size": 6}, {"size": 6, "length": 8}, {"length": 8}])
def test_a_course_of_even_height_or_length_has_its_end_beside_a_free_cell(sizes):
    levels = Coin(**sizes).draw(0, 60, "coin-elsewhere")
    walls = np.asarray(levels.walls)
    assert walls.shape[1:] == (sizes.get("size", 7) - 2, sizes.get("length", 11) - 1)
    row, column = np.divmod(np.asarray(levels.cell)[:, 1], walls.shape[2])  # the mark, as the coin lies elsewhere
    assert (column == walls.shape[2] - 1).all()
    assert len(set(row)) > 1
    every = np.arange(60)
    assert not walls[every, row, column].any()
    assert not walls[every, row, column - 1].any()
    assert ((~walls[:, :, -1]).sum(1) == 1).all()


def test_levels_of_the_largest_worlds_can_be_larger_still():
    for world, shift, interior in (
        (CheeseCorner(size=25), "larger", (27, 27)),
        (Coin(size=25, length=25), "longer", (23, 28)),
    ):
        levels = jax.eval_shape(lambda key, w=world, s=shift: w.draw(key, 2, s), jax.random.key(0))
        assert levels.walls.shape == (2, *interior)
