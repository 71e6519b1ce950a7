"""What an agent sees of a maze: the map with itself in it, or a square window around or ahead of it.

All are cut from the map of the world without the agent, one for each set of objects that may be gone.
"""

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from mesascope.worlds.grids.grid import MOVES
from mesascope.worlds.grids.habits import RIGHT_OF
from mesascope.worlds.views import States

StageMaps = Float[Array, "level stage height width channel"]
"""The map of each level for each set of objects that may be gone."""


class Standing(NamedTuple):
    """Where an agent is in each state, which way it looks (0 where there are no headings), and what is gone."""

    stage: Int[Array, "level state"]
    heading: Int[Array, "level state"]
    cell: Int[Array, "level state"]


def standing(states: States, cells: int, headings: int) -> Standing:
    """State numbers taken apart: (stage * headings + heading) * cells + cell, with `headings` 1 where there are none."""
    number = jnp.asarray(states)
    return Standing(number // (cells * headings), number // cells % headings, number % cells)


def full_view(maps: StageMaps, states: States, headings: int) -> Float[Array, "level state height width seen"]:
    """The map with a channel more that is 1 where the agent is; where there are headings, a channel for each."""
    height, width = maps.shape[2:4]
    at = standing(states, height * width, headings)
    shown = jax.vmap(lambda of_level, number: of_level[number])(maps, at.stage)
    agent = jax.nn.one_hot(at.heading * height * width + at.cell, headings * height * width)
    planes = jnp.moveaxis(agent.reshape(*at.cell.shape, headings, height, width), 2, -1)
    return jnp.concatenate([shown, planes], -1)


@lru_cache
def window_cells(height: int, width: int, size: int, headings: int) -> Int[np.ndarray, "heading cell row column"]:
    """The cell that lies in each place of each window; height * width where a place lies outside.

    Without headings the agent stands in the middle and nothing is turned. With headings it stands in the middle of the last
    row and looks up, as in MiniGrid: what is ahead of it lies above.

    Args:
        height: rows of the interior.
        width: columns of the interior.
        size: rows and columns of a window, odd.
        headings: 4, or 1 where there are none.
    """
    row, column = np.divmod(np.arange(height * width), width)
    place = np.arange(size)
    ahead = (size - 1 if headings > 1 else size // 2) - place[:, None]
    aside = place[None, :] - size // 2
    tables = []
    for heading in range(headings):
        forward, right = MOVES[heading], MOVES[RIGHT_OF[heading]]
        r = row[:, None, None] + ahead * forward[0] + aside * right[0]
        c = column[:, None, None] + ahead * forward[1] + aside * right[1]
        inside = (r >= 0) & (r < height) & (c >= 0) & (c < width)
        tables.append(np.where(inside, r * width + c, height * width))
    return np.stack(tables).astype(np.int32)


def egocentric_view(
    maps: StageMaps, states: States, headings: int, size: int, everywhere: int
) -> Float[Array, "level state row row channel"]:
    """A square window of the map around the agent, or ahead of it where it has a heading.

    Args:
        maps: maps whose first channel is the wall.
        states: state numbers.
        headings: 4, or 1 where there are none.
        size: rows and columns of the window.
        everywhere: how many of the last channels hold one value in all cells of a map, which outside of it is the same.

    Returns:
        The channels of the map in the places of `window_cells`. Nothing is hidden by walls; outside of the maze is wall.
    """
    levels, stages, height, width, channels = maps.shape
    cells = height * width
    at = standing(states, cells, headings)
    of_cells = maps.reshape(levels, stages, cells, channels)
    wall = jnp.arange(channels) == 0
    kept = jnp.where(jnp.arange(channels) >= channels - everywhere, of_cells[:, :, :1], 0.0)
    outside = jnp.where(wall, 1.0, kept)
    padded = jnp.concatenate([of_cells, outside], 2).reshape(levels, stages * (cells + 1), channels)
    places = jnp.asarray(window_cells(height, width, size, headings))[at.heading, at.cell]
    return jax.vmap(lambda of_level, number: of_level[number])(padded, places + at.stage[..., None, None] * (cells + 1))
