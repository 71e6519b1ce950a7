"""Mazes of every size: connected, loops as asked."""

import functools

import jax
import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.worlds.grids.maze import check_size, draw_mazes
from tests.worlds import twins

COUNT = 40
draw_some = functools.partial(jax.jit(draw_mazes, static_argnums=(1, 2, 4)), jax.random.key(5), COUNT)


def open_walls(walls):
    """How many walls between two rooms are open, of each maze."""
    between = np.add.outer(np.arange(walls.shape[1]), np.arange(walls.shape[2])) % 2 == 1
    return (~walls & between).sum((1, 2))


@pytest.mark.parametrize("size", range(5, 26, 2))
def test_every_maze_is_connected_and_a_tree_without_openings(size):
    rooms = ((size - 1) // 2) ** 2
    for openings in (0.0, 0.25):
        walls = np.asarray(draw_some(size, openings))
        assert walls.shape == (COUNT, size - 2, size - 2)
        assert all(twins.flood(maze) == (~maze).sum() for maze in walls)
        assert not walls[:, ::2, ::2].any(), "a room is walled up"
        assert walls[:, 1::2, 1::2].all(), "a pillar is missing"
        if openings == 0:
            assert (open_walls(walls) == rooms - 1).all(), "a tree joins n rooms by n - 1 openings"


@pytest.mark.parametrize("size", [5, 9, 13, 25])
def test_mazes_are_those_of_a_slow_twin(size):
    across = (size - 1) // 2
    keys = jax.random.split(jax.random.key(5))
    weights, opened = (np.asarray(jax.random.uniform(key, (COUNT, 2 * across * (across - 1)))) for key in keys)
    for openings in (0.0, 0.25):
        expected = [twins.kruskal(*level, across) for level in zip(weights, [openings] * COUNT, opened, strict=True)]
        np.testing.assert_array_equal(np.asarray(draw_some(size, openings)), expected)


def test_loops_increase_with_openings():
    found = [open_walls(np.asarray(draw_some(9, openings))).mean() for openings in (0.0, 0.1, 0.25, 0.6, 1.0)]
    assert found == sorted(found)
    assert len(set(found)) == len(found)
    rooms, every = 16, 24
    assert found[0] == rooms - 1
    assert found[-1] == every
    expected = rooms - 1 + 0.25 * (every - rooms + 1)
    assert abs(found[2] - expected) < 1.0


def test_the_same_key_gives_the_same_mazes_and_another_key_others():
    draw = jax.jit(draw_mazes, static_argnums=(1, 2))
    first, again = (np.asarray(draw(jax.random.key(5), COUNT, 9, 0.25)) for _ in range(2))
    other = np.asarray(draw(jax.random.key(6), COUNT, 9, 0.25))
    assert (first == again).all()
    assert (first != other).any()
    assert len({maze.tobytes() for maze in first}) > COUNT * 0.9, "levels of one batch repeat each other"


@pytest.mark.parametrize(("size", "length"), [(6, 6), (8, 8), (8, 11), (7, 10), (16, 16)])
def test_a_maze_of_even_size_is_an_odd_one_with_a_line_of_walls_twice(size, length):
    """Without openings it is a tree as well: as many steps between free cells as there are cells, less one."""
    walls = np.asarray(draw_some(size, 0.0, length))
    assert walls.shape == (COUNT, size - 2, length - 2)
    lines = [range(1, side - 3, 2) if side % 2 == 0 else [None] for side in (size, length)]
    met = set()
    for maze in walls:
        assert twins.flood(maze) == (~maze).sum()
        assert (~maze[1:] & ~maze[:-1]).sum() + (~maze[:, 1:] & ~maze[:, :-1]).sum() == (~maze).sum() - 1
        found = [(row, column) for row in lines[0] for column in lines[1] if is_one_with_lines_twice(maze, row, column)]
        assert found
        met |= set(found)
    assert [set(each) for each in zip(*met, strict=True)] == [set(each) for each in lines], "a line is never the one"


def is_one_with_lines_twice(maze, row, column):
    """Whether this row and this column (None for neither) are as the next ones, and without them rooms alternate with walls."""
    for axis, line in enumerate((row, column)):
        if line is not None:
            if (np.take(maze, line, axis) != np.take(maze, line + 1, axis)).any():
                return False
            maze = np.delete(maze, line, axis)
    return not maze[::2, ::2].any() and maze[1::2, 1::2].all()


@pytest.mark.parametrize("size", [-9, 0, 3, 4, 26, 27])
def test_a_size_that_no_maze_has_is_named(size):
    with pytest.raises(UsageError, match=rf"size {size}\b.*a size from 5 to 25"):
        check_size(size)
