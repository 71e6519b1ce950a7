"""Patches against loops over cells."""

import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mesascope.instruments.interventions.patches import chebyshev, moved, sources, within

SHAPE = (4, 5)
CELLS = st.integers(0, SHAPE[0] * SHAPE[1] - 1)


def position(cell):
    return divmod(cell, SHAPE[1])


def distance(cell, other):
    (r, c), (r2, c2) = position(cell), position(other)
    return max(abs(r - r2), abs(c - c2))


@given(st.lists(CELLS, min_size=2, max_size=2), st.integers(0, 3))
def test_a_patch_is_every_cell_within_the_radius_of_a_center(centers, radius):
    found = np.asarray(within(jnp.array([centers]), radius, SHAPE))[0].ravel()
    expected = [min(distance(cell, c) for c in centers) <= radius for cell in range(found.size)]
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(
        np.asarray(chebyshev(jnp.array([centers]), SHAPE))[0, 0].ravel(),
        [distance(cell, centers[0]) for cell in range(found.size)],
    )


@given(st.lists(CELLS, min_size=2, max_size=2), st.lists(CELLS, min_size=2, max_size=2))
def test_pasted_cells_come_from_the_same_place_around_the_donors_center(from_, to):
    found = np.asarray(sources(jnp.array([from_]), jnp.array([to]), SHAPE))[0].ravel()
    for cell in range(found.size):
        nearest = int(np.argmin([distance(cell, c) for c in to]))
        (r, c), (r0, c0), (r1, c1) = position(cell), position(from_[nearest]), position(to[nearest])
        row, column = np.clip(r + r0 - r1, 0, SHAPE[0] - 1), np.clip(c + c0 - c1, 0, SHAPE[1] - 1)
        assert found[cell] == row * SHAPE[1] + column


def test_moved_takes_values_from_their_source_cells_in_one_map_and_in_many():
    rng = np.random.default_rng(0)
    series = rng.normal(size=(3, 2, *SHAPE, 2)).astype(np.float32)
    source = rng.integers(SHAPE[0] * SHAPE[1], size=(2, *SHAPE))
    found = np.asarray(moved(jnp.asarray(series), jnp.asarray(source)))
    for level in range(2):
        for cell in range(SHAPE[0] * SHAPE[1]):
            at, origin = position(cell), position(source[level][position(cell)])
            np.testing.assert_array_equal(found[:, level, *at], series[:, level, *origin])
    np.testing.assert_array_equal(np.asarray(moved(jnp.asarray(series[1]), jnp.asarray(source))), found[1])
