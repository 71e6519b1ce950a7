"""Levels of a world: a batch that is also a sequence."""

import html
from collections.abc import Iterator
from operator import index as as_index
from typing import Any, Generic, TypeVar, overload

import equinox as eqx
import jax
import numpy as np

from mesascope.core.jax_settings import check_jax_settings
from mesascope.drawing import Drawing, level_svg

Batch = TypeVar("Batch", bound="AbstractLevels")


class AbstractLevels(eqx.Module):
    """A batch of levels of one world: arrays whose first axis is the level.

    It is a sequence: `len(levels)`, `for level in levels`, and `levels[0]` give a number, single levels and the first of
    them. A slice or an array (of indices or booleans) selects a smaller batch, inside compiled code too.

    Example:
        >>> from mesascope.worlds.grids.red_doors import RedDoors
        >>> levels = RedDoors(size=5).draw(0, 3)
        >>> len(levels), len(levels[1:]), len([level for level in levels])
        (3, 2, 3)
    """

    def __check_init__(self) -> None:
        check_jax_settings()

    @property
    def count(self) -> int:
        """Number of levels."""
        return jax.tree.leaves(self)[0].shape[0]

    def __len__(self) -> int:
        return self.count

    @overload
    def __getitem__(self: Batch, index: int | np.integer) -> "Level[Batch]": ...
    @overload
    def __getitem__(self: Batch, index: Any) -> Batch: ...
    def __getitem__(self: Batch, index: Any) -> "Level[Batch] | Batch":
        """One level by its number, or a batch by a slice or an array. `IndexError` past either end."""
        if isinstance(index, int | np.integer) and not isinstance(index, bool):
            place = as_index(index)
            if not -self.count <= place < self.count:
                raise IndexError(f"level {place} of {self.count}")
            first = place % self.count
            return Level(self[first : first + 1])
        return jax.tree.map(lambda table: table[index], self)

    def __iter__(self: Batch) -> "Iterator[Level[Batch]]":
        return (self[place] for place in range(self.count))

    @property
    def size(self) -> int:
        """How large a level is. Levels of one world and size can be joined to one batch."""
        return sum(leaf.size for leaf in jax.tree.leaves(self)) // max(self.count, 1)

    def _repr_html_(self) -> str:
        """How a notebook shows a batch: its first levels, and how many there are."""
        shown = "".join(f"<div>{self[i]._repr_html_()}</div>" for i in range(min(_MOST_SHOWN, len(self))))
        return f'<div style="display:flex;flex-wrap:wrap;gap:12px">{shown}</div><p>{len(self)} levels</p>'

    def text(self, index: int) -> str:
        """Level number `index` as text. Levels that have a way to be written say it here."""
        return f"level {index} of {self.count} {type(self).__name__}"

    def drawing(self, index: int) -> Drawing | None:
        """Level number `index` as a board to draw; None where levels have no picture."""
        return None

    def name_at(self, index: int, state: int) -> str | None:
        """What lies in a state of level number `index`, such as `red door`; None where there is nothing with a name."""
        return None


_MOST_SHOWN = 8
"""Levels of a batch that a notebook shows."""


class Level(Generic[Batch]):
    """One level, as `levels[0]` gives it.

    `batch` holds it as a batch of one, which is what the functions of a world take.
    """

    def __init__(self, batch: Batch):
        self.batch = batch

    @property
    def text(self) -> str:
        """The level as text."""
        return self.batch.text(0)

    @property
    def drawing(self) -> Drawing | None:
        """The level as a board to draw; None where it has no picture."""
        return self.batch.drawing(0)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Level of {type(self.batch).__name__}>\n{self.text}"

    def _repr_html_(self) -> str:
        """How a notebook shows the level: as SVG where it has a picture, as text otherwise."""
        drawing = self.drawing
        return f"<pre>{html.escape(self.text)}</pre>" if drawing is None else level_svg(drawing)
