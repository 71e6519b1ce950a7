"""Small pictures of ten glyphs, drawn here."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from mesascope.core.rng import named_key

SIDE = 8
"""Height and width of a picture."""

_SHAPES = """
.###.  ..#..  ####.  ####.  #...#  #####  .###.  #####  .###.  #.#.#
#...#  .##..  ....#  ....#  #...#  #....  #....  ....#  #...#  .#.#.
#...#  ..#..  .###.  .###.  #####  ####.  ####.  ...#.  .###.  #.#.#
#...#  ..#..  #....  ....#  ....#  ....#  #...#  ..#..  #...#  .#.#.
.###.  .###.  #####  ####.  ....#  ####.  .###.  .#...  .###.  #.#.#
"""
_ROWS = [line.split() for line in _SHAPES.strip().splitlines()]

GLYPHS: Float[np.ndarray, "action 5 5"] = np.array(
    [[[c == "#" for c in row[index]] for row in _ROWS] for index in range(len(_ROWS[0]))], np.float32
)
"""Ink of every glyph; a glyph's place here is its name."""

CLASSES = len(GLYPHS)


class Drawn(NamedTuple):
    """Pictures with the names of their glyphs."""

    picture: Float[Array, "level 64"]
    name: Int[Array, " level"]


@partial(jax.jit, static_argnames=("count", "worn", "inverted"))
def draw(
    key: PRNGKeyArray,
    count: int,
    noise: float | Array,
    worn: float = 0.0,
    inverted: bool = False,
    named: int | Array | None = None,
) -> Drawn:
    """`count` pictures: a glyph at a random place and contrast, with normal noise of that standard deviation.

    `worn` is the chance that a pixel of ink is missing; `inverted` swaps ink and paper; `named` is the one glyph that is shown.
    """
    name = jax.random.randint(named_key(key, "name"), (count,), 0, CLASSES)
    name = name if named is None else jnp.full_like(name, named)
    row, column = jax.random.randint(named_key(key, "place"), (2, count), 0, SIDE - 5 + 1)
    contrast = jax.random.uniform(named_key(key, "contrast"), (count, 1, 1), minval=0.6, maxval=1.0)
    ink = jnp.asarray(GLYPHS)[name] * contrast
    kept = jax.random.uniform(named_key(key, "worn"), ink.shape) >= worn
    paper = jnp.zeros((count, SIDE, SIDE))
    placed = jax.vmap(lambda p, i, r, c: jax.lax.dynamic_update_slice(p, i, (r, c)))(paper, ink * kept, row, column)
    shown = 1 - placed if inverted else placed
    picture = shown + noise * jax.random.normal(named_key(key, "noise"), shown.shape)
    return Drawn(picture.reshape(count, -1), name)
