"""Edits of levels: each changes what it names and nothing else."""

import jax.numpy as jnp
import numpy as np

from mesascope.worlds.grids.counterfactuals import add_wall, swap_objects, with_object, without_objects
from mesascope.worlds.grids.grid import COLORS, SHAPES
from mesascope.worlds.grids.text import parse_level, parse_levels, print_level

TEXT = "#######\n#R.#.b#\n#.....#\n#g....#\n#######"


def test_swapped_objects_trade_places():
    assert print_level(swap_objects(parse_level(TEXT), 0, 1), 0) == TEXT.replace("R", "?").replace("b", "R").replace(
        "?", "b"
    )


def test_swapping_twice_changes_nothing(drawn):
    levels = drawn("blue-door")[:100]
    twice = swap_objects(swap_objects(levels, 0, 1), 0, 1)
    assert (np.asarray(twice.cell) == np.asarray(levels.cell)).all()
    once = np.asarray(swap_objects(levels, 0, 1).cell)
    assert (once[:, :2] == np.asarray(levels.cell)[:, 1::-1]).all()
    assert (once[:, 2] == np.asarray(levels.cell)[:, 2]).all()


def test_a_wall_goes_up_in_each_level_at_its_own_cell():
    levels = parse_levels(f"{TEXT}\n\n{TEXT}")
    walled = add_wall(levels, jnp.array([1, 7]))
    assert print_level(walled, 0) == TEXT.replace("R.#", "R##")
    assert print_level(walled, 1) == TEXT.replace("#.....#", "#..#..#")


def test_no_object_is_left():
    gone = without_objects(parse_level(TEXT))
    assert print_level(gone, 0) == "".join("." if c in "Rbg" else c for c in TEXT)
    assert not np.asarray(gone.present).any()


def test_an_object_takes_a_shape_and_color_and_keeps_its_cell():
    levels = with_object(parse_level(TEXT), 1, SHAPES.index("ball"), COLORS.index("yellow"))
    assert print_level(levels, 0) == TEXT.replace("b", "y")
    batch = parse_levels(f"{TEXT}\n\n{TEXT}")
    colored = with_object(batch, 0, SHAPES.index("door"), jnp.array([COLORS.index("green"), COLORS.index("blue")]))
    assert [print_level(colored, i)[9] for i in (0, 1)] == ["G", "B"]
