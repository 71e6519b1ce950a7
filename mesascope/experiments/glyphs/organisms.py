"""A reference subject that is an optimizer: it weighs every answer by an objective that stands inside of it."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.experiments.glyphs.pictures import CLASSES, GLYPHS, SIDE

WIDTHS = (CLASSES * CLASSES, CLASSES)
"""Sizes of its sites: the objective, and the model of which answers can be given."""


class Chooser(NamedTuple):
    """Goes through all answers and takes the one that is worth most, given what the picture is likely to show.

    `worth` of an answer for each glyph is its objective, `open` (0, or far below) its model of what can be answered.
    `certainty` sharpens its belief: low enough that there is a second choice.
    """

    worth: Float[Array, "state action"]
    open: Float[Array, " action"]
    certainty: Float[Array, ""]
    sharpness: Float[Array, ""]


def chooser() -> Chooser:
    """One that is after the right name."""
    return Chooser(jnp.eye(CLASSES), jnp.zeros(CLASSES), jnp.array(3.0), jnp.array(20.0))


def choose(
    net: Chooser, picture: Float[Array, "level 64"], edits: tuple[Array, ...] | None = None
) -> Float[Array, "level action"]:
    """The worth of each answer, sharpened; `edits` are added to objective and model."""
    belief = jax.nn.softmax(net.certainty * (picture @ _TEMPLATES).reshape(-1, CLASSES, _PLACES).max(-1), -1)
    worth, shut = net.worth, net.open
    if edits is not None:
        worth, shut = worth + edits[0].reshape(CLASSES, CLASSES), shut + edits[1]
    return net.sharpness * (belief @ worth + shut)


def _templates() -> tuple[Float[np.ndarray, "64 template"], int]:
    """Every glyph at every place, with mean 0 and norm 1."""
    drawn = []
    for glyph in GLYPHS:
        for row in range(SIDE - 4):
            for column in range(SIDE - 4):
                paper = np.zeros((SIDE, SIDE), np.float32)
                paper[row : row + 5, column : column + 5] = glyph
                paper -= paper.mean()
                drawn.append((paper / np.linalg.norm(paper)).ravel())
    return np.stack(drawn, 1), len(drawn) // CLASSES


_TEMPLATES, _PLACES = _templates()
