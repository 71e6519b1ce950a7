import jax.numpy as jnp
import numpy as np

from mesascope.learned.reflex import window
from mesascope.learned.stencil import neighborhood


def looked_up(field: np.ndarray, level: int, row: int, column: int) -> np.ndarray:
    inside = 0 <= row < field.shape[1] and 0 <= column < field.shape[2]
    return field[level, row, column] if inside else np.zeros(field.shape[3], field.dtype)


def test_neighborhood_is_self_up_down_left_right():
    field = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype(np.float32)
    steps = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))
    expected = np.zeros((2, 3, 4, 25), np.float32)
    for level, row, column in np.ndindex(2, 3, 4):
        expected[level, row, column] = np.concatenate([looked_up(field, level, row + r, column + c) for r, c in steps])
    np.testing.assert_array_equal(neighborhood(jnp.asarray(field)), expected)


def test_window_is_the_square_around():
    field = np.random.default_rng(1).normal(size=(2, 4, 3, 2)).astype(np.float32)
    steps = [(r, c) for r in range(-2, 3) for c in range(-2, 3)]
    expected = np.zeros((2, 4, 3, 50), np.float32)
    for level, row, column in np.ndindex(2, 4, 3):
        expected[level, row, column] = np.concatenate([looked_up(field, level, row + r, column + c) for r, c in steps])
    np.testing.assert_array_equal(window(jnp.asarray(field), 2), expected)
