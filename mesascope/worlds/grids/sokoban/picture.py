"""Small pictures of Sokoban as agents see them: one tile of 8 by 8 pixels a cell, border included."""

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, UInt8

from mesascope.worlds.grids.sokoban.levels import HUES
from mesascope.worlds.grids.tiles import TILE, floor_wall_and_agents
from mesascope.worlds.grids.windows import StageMaps, standing
from mesascope.worlds.views import States

_FILLS = ((222, 184, 20), (214, 48, 49), (41, 98, 214))
"""Pixels of each of `HUES`."""
_KINDS = len(HUES) + 1
_WALL = _KINDS * _KINDS
"""Number of the wall's tile; before it come those of each box (none first) on each target (none first)."""


@lru_cache
def _tiles(headings: int) -> tuple[UInt8[np.ndarray, "tile 8 8 3"], UInt8[np.ndarray, "heading 8 8 3"]]:
    """Tiles of the board, and of the player by heading, in which black is what is behind it."""
    floor, wall, players = floor_wall_and_agents(headings)
    edge = np.ones((TILE, TILE), bool)
    edge[2:-2, 2:-2] = False
    middle = np.zeros((TILE, TILE), bool)
    middle[3:-3, 3:-3] = True
    pictures = []
    for box in range(_KINDS):
        for target in range(_KINDS):
            tile = floor.copy()
            if target:
                tile[middle] = _FILLS[target - 1]
            if box:
                tile[edge] = _FILLS[box - 1]
            pictures.append(tile)
    return np.stack([*pictures, wall]), np.where(players == floor, 0, players).astype(np.uint8)


def pictures(maps: StageMaps, states: States, headings: int) -> UInt8[Array, "level state row column 3"]:
    """Pictures of the board with its border and the player: boxes are frames, targets are squares, also within a frame.

    Args:
        maps: maps with the channels wall, boxes by color, targets by color.
        states: state numbers.
        headings: 4, or 1 where there are none.

    Returns:
        Pixels from 0 to 255, `TILE` rows and columns to a cell.
    """
    tiles, players = _tiles(headings)
    hues, (height, width) = len(HUES), maps.shape[2:4]
    at = standing(states, height * width, headings)
    box, target = (
        jnp.where(seen.any(-1), seen.argmax(-1) + 1, 0)
        for seen in (maps[..., 1 : 1 + hues] > 0, maps[..., 1 + hues : 1 + 2 * hues] > 0)
    )
    number = jnp.where(maps[..., 0] > 0, _WALL, box * _KINDS + target)
    board = jax.vmap(lambda of_level, arrangement: of_level[arrangement])(number, at.stage)
    board = jnp.pad(board, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=_WALL)
    here = jnp.arange(height * width).reshape(height, width) == at.cell[..., None, None]
    here = jnp.pad(here, ((0, 0), (0, 0), (1, 1), (1, 1)))[..., None, None, None]
    player = jnp.asarray(players)[at.heading][:, :, None, None]
    pixels = jnp.asarray(tiles)[board]
    pixels = jnp.where(here & (player > 0), player, pixels)
    shape = (*at.cell.shape, (height + 2) * TILE, (width + 2) * TILE, 3)
    return jnp.moveaxis(pixels, 4, 3).reshape(shape)
