"""Small pictures of mazes as agents see them: one tile of 8 x 8 pixels a cell, border included."""

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, UInt8

from mesascope.worlds.grids.grid import MOVES
from mesascope.worlds.grids.vocabulary import Vocabulary
from mesascope.worlds.grids.windows import StageMaps, standing
from mesascope.worlds.views import States

TILE = 8
"""Rows and columns of a tile, in pixels."""

_FLOOR, _WALL, _AGENT, _LADEN, _UNCOLORED = (
    (232, 232, 232),
    (88, 88, 88),
    (112, 48, 160),
    (224, 112, 0),
    (150, 150, 150),
)
_FILLS = {"red": (214, 48, 49), "blue": (41, 98, 214), "green": (34, 139, 64), "yellow": (222, 184, 20)}

_Tile = UInt8[np.ndarray, "8 8 3"]
Pixels = UInt8[np.ndarray, "tile 8 8 3"]


class Tiles(NamedTuple):
    """Tiles of a vocabulary: floor, wall, then each shape without and with each color, then the agents.

    Agents come by heading (one where there are none), first those that carry nothing, then those that do.
    """

    pixels: Pixels
    shapes: int
    colors: int
    agents: int
    """Number of the first agent's tile."""


@lru_cache
def tiles_of(vocabulary: Vocabulary, headings: int) -> Tiles:
    """The tiles of worlds of a vocabulary, for agents with so many headings (1: none)."""
    pictures = [_filled(_FLOOR, _everywhere(), _FLOOR), _filled(_WALL, _everywhere(), _WALL)]
    for shape in vocabulary.shapes:
        mask = _square() if shape == "door" else _disc()
        for color in ("", *vocabulary.colors):
            pictures.append(_filled(_color(vocabulary, shape, color), mask, _FLOOR))
    agents = len(pictures)
    for fill in (_AGENT, _LADEN):
        for heading in range(headings):
            pictures.append(_filled(fill, _arrow(MOVES[heading]) if headings > 1 else _diamond(), _FLOOR))
    return Tiles(np.stack(pictures), len(vocabulary.shapes), len(vocabulary.colors), agents)


def floor_wall_and_agents(headings: int) -> tuple[_Tile, _Tile, Pixels]:
    """The tile of the floor, that of a wall, and those of an agent by heading (1: none)."""
    marks = [_arrow(MOVES[heading]) if headings > 1 else _diamond() for heading in range(headings)]
    floor, wall = (_filled(color, _everywhere(), color) for color in (_FLOOR, _WALL))
    return floor, wall, np.stack([_filled(_AGENT, mark, _FLOOR) for mark in marks])


def rgb_view(
    maps: StageMaps, states: States, headings: int, vocabulary: Vocabulary, carrying: int | None
) -> UInt8[Array, "level state row column 3"]:
    """Pictures of the maze with its border and the agent.

    Args:
        maps: maps with the channels wall, shapes and colors of the vocabulary.
        states: state numbers.
        headings: 4, or 1 where there are none.
        vocabulary: what the channels mean.
        carrying: the channel that is not 0 where the agent carries something; None where agents carry nothing.

    Returns:
        Pixels from 0 to 255, `TILE` rows and columns to a cell. What the map does not show is not in the picture.
    """
    tiles = tiles_of(vocabulary, headings)
    height, width = maps.shape[2:4]
    at = standing(states, height * width, headings)
    first = 1 + tiles.shapes
    shape, color = maps[..., 1:first] > 0, maps[..., first : first + tiles.colors] > 0
    known = color.argmax(-1) + 1 if tiles.colors else 0
    colored = jnp.where(color.any(-1), known, 0)
    thing = 2 + shape.argmax(-1) * (1 + tiles.colors) + colored
    number = jnp.where(maps[..., 0] > 0, 1, jnp.where(shape.any(-1), thing, 0))
    pick = jax.vmap(lambda of_level, stage: of_level[stage])
    board = pick(number, at.stage).reshape(*at.cell.shape, height * width)
    laden = 0 if carrying is None else pick(maps[..., 0, 0, carrying], at.stage) > 0
    agent = tiles.agents + laden * headings + at.heading
    board = jnp.where(jnp.arange(height * width) == at.cell[..., None], agent[..., None], board)
    board = board.reshape(*at.cell.shape, height, width)
    board = jnp.pad(board, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=1)
    pixels = jnp.moveaxis(jnp.asarray(tiles.pixels)[board], 4, 3)
    return pixels.reshape(*at.cell.shape, (height + 2) * TILE, (width + 2) * TILE, 3)


def _color(vocabulary: Vocabulary, shape: str, color: str) -> tuple[int, int, int]:
    """The fill of an object; gray where objects have colors and this one's is not shown."""
    if vocabulary.colors and not color:
        return _UNCOLORED
    fills = [glyph.fill for glyph in vocabulary.glyphs if (glyph.shape, glyph.color) == (shape, color)]
    return _FILLS.get(fills[0] if fills else "", _UNCOLORED)


_Mask = Bool[np.ndarray, "8 8"]


def _filled(color: tuple[int, int, int], mask: _Mask, ground: tuple[int, int, int]) -> UInt8[np.ndarray, "8 8 3"]:
    return np.where(mask[..., None], np.array(color), np.array(ground)).astype(np.uint8)


def _grid() -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of pixels, counted from the middle of a tile."""
    offset = np.arange(TILE) - (TILE - 1) / 2
    return offset[:, None], offset[None, :]


def _everywhere() -> _Mask:
    return np.ones((TILE, TILE), bool)


def _square() -> _Mask:
    down, right = _grid()
    return np.maximum(np.abs(down), np.abs(right)) < TILE / 2 - 0.5


def _disc() -> _Mask:
    down, right = _grid()
    return down**2 + right**2 < (TILE / 2 - 0.5) ** 2


def _diamond() -> _Mask:
    down, right = _grid()
    return np.abs(down) + np.abs(right) < TILE / 2


def _arrow(move: tuple[int, int]) -> _Mask:
    """A triangle that points in the direction of a move."""
    down, right = _grid()
    ahead, aside = down * move[0] + right * move[1], down * move[1] - right * move[0]
    return (ahead > -3) & (2 * np.abs(aside) + ahead < TILE / 2)
