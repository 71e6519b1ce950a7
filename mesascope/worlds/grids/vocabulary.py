"""What the levels of a world may hold: shapes and colors, a place that counts, and the characters that stand for them."""

from typing import NamedTuple

from mesascope.drawing.drawing import ARCH, DISC

SHAPES = ("door", "ball")
COLORS = ("red", "blue", "green", "yellow")

ABSENT = -1
"""Shape and color of an object slot that is not in use."""


class Glyph(NamedTuple):
    """One kind of object: its character in text, its shape and color by name, and what a picture fills it with."""

    letter: str
    shape: str
    color: str = ""
    fill: str = "yellow"

    @property
    def name(self) -> str:
        """`red door`, `cheese`, ..."""
        return f"{self.color} {self.shape}".strip()

    @property
    def outline(self) -> str:
        """What a picture draws: an arch for a door, a disc for everything else."""
        return ARCH if self.shape == "door" else DISC


class Vocabulary(NamedTuple):
    """Kinds of object, in order. Features are the shapes, the colors, and the place if there is one.

    A `place` is a cell that counts by where it is and is not seen: entering it fires the feature of this name, also where
    an object lies there. Where none does, a mark holds a slot in its stead, so that it ends an episode as objects do.
    """

    shapes: tuple[str, ...]
    colors: tuple[str, ...]
    glyphs: tuple[Glyph, ...]
    most: tuple[int, ...]
    """Most objects of each shape to a level."""
    place: str = ""

    @property
    def visible(self) -> tuple[str, ...]:
        """Features that are seen, each a channel of the observation."""
        return (*self.shapes, *self.colors)

    @property
    def features(self) -> tuple[str, ...]:
        """Features of touching something."""
        return (*self.visible, *((self.place,) if self.place else ()))

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels of an observation."""
        return ("wall", *self.visible)

    @property
    def mark(self) -> int:
        """The shape number of a mark, one above those of the shapes."""
        return len(self.shapes)

    @property
    def legend(self) -> str:
        """What a picture shows, in a sentence."""
        if "door" in self.shapes:
            return "Doors are arches with capital letters, balls are round, and the letter names the color."
        named = [f"{glyph.letter} is a {glyph.name}" for glyph in self.glyphs]
        mark = [f"x is the {self.place}, which the agent does not see"] if self.place else []
        return f"{'; '.join([*named, *mark])}."

    @property
    def slots(self) -> int:
        """Object slots of a level as it is read from text: those of the objects, and one for a mark."""
        return sum(self.most) + bool(self.place)

    def glyph(self, shape: int, color: int) -> Glyph:
        """What stands for an object, or for a mark."""
        if shape == self.mark:
            return Glyph("x", self.place, fill="green")
        named = (self.shapes[shape], self.colors[color] if self.colors else "")
        return next(glyph for glyph in self.glyphs if (glyph.shape, glyph.color) == named)


DOORS = Vocabulary(
    SHAPES,
    COLORS,
    tuple(
        Glyph(color[0].upper() if shape == "door" else color[0], shape, color, color)
        for shape in SHAPES
        for color in COLORS
    ),
    most=(1, 2),
)
"""Doors and balls in four colors."""
