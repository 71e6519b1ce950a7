"""Levels in training and under each shift, the policy as arrows, one episode of each distribution moving."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mesascope.core.errors import MesascopeError
from mesascope.reports.html.parts import fold, note, paragraph, section
from mesascope.reports.markup import Child, Markup, join, tag
from mesascope.reports.pictures import animated_episode_svg, level_svg
from mesascope.reports.reading import TRAINING, Audit, items, telling_shift, words
from mesascope.worlds.grids.text import parse_level
from mesascope.worlds.grids.vocabulary import DOORS, Vocabulary
from mesascope.worlds.grids.world import AbstractGridWorld
from mesascope.worlds.registry import WORLDS


def gallery(audit: Audit, name: str) -> Markup | None:
    """The gallery of one audit; None where it has none."""
    shown: dict[str, list[Mapping[str, Any]]] = {}
    for item in (*items(audit, "gallery"), *items(audit, "worst_level", "gallery")):
        if isinstance(item, Mapping):
            shown.setdefault(words(item, "distribution"), []).append(item)
    if not shown:
        return None
    first = {TRAINING, telling_shift([audit])}
    return section(
        3,
        f"{name}-gallery",
        "Levels, policies and episodes",
        paragraph(
            f"Each cell's arrow is the action the agent is likeliest to take there{_when(audit)}, darker the surer it is. "
            f"{_legend(vocabulary_of(audit))} The line is one episode, from the diamond to the ring; the first picture "
            "of each row moves."
        ),
        *(_distribution(audit, d, exhibits, d in first) for d, exhibits in shown.items()),
    )


def _when(audit: Audit) -> str:
    """Where objects are taken one after another, the arrows are those of the first of many policies."""
    world = WORLDS.get(words(audit, "world", "name"))
    return " as long as nothing is taken" if world is not None and not world.single_choice else ""


def vocabulary_of(audit: Audit) -> Vocabulary:
    """What the levels of the audit's world may hold; doors and balls where the world is not known here."""
    world = WORLDS.get(words(audit, "world", "name"))
    return world.vocabulary if world is not None and issubclass(world, AbstractGridWorld) else DOORS


def _legend(vocabulary: Vocabulary) -> str:
    if vocabulary == DOORS:
        return "Doors are arches with capital letters, balls are round, and the letter names the color."
    named = [f"{glyph.letter} is a {glyph.name}" for glyph in vocabulary.glyphs]
    mark = [f"x is the {vocabulary.place}, which the agent does not see"] if vocabulary.place else []
    return f"{'; '.join([*named, *mark])}."


def _distribution(audit: Audit, distribution: str, exhibits: list[Mapping[str, Any]], opened: bool) -> Markup:
    sentence = words(audit, "world", "shifts", distribution)
    moving = next((e for e in exhibits if len(items(e, "path")) > 1), None)
    vocabulary = vocabulary_of(audit)
    pictures = [
        exhibit(shown, words(shown, "caption"), moves=shown is moving, vocabulary=vocabulary) for shown in exhibits
    ]
    title = join(tag("b", distribution), f": {sentence}" if sentence else None)
    return fold(title, tag("div", *pictures, class_="gallery"), opened=opened)


def exhibit(shown: Mapping[str, Any], caption: Child, *, vocabulary: Vocabulary, moves: bool = False) -> Markup:
    """One level as a figure: moving along its path, or still."""
    try:
        drawn = _picture(shown, moves, vocabulary)
    except (MesascopeError, ValueError, IndexError, TypeError) as error:
        # A document may hold anything; one level that cannot be drawn must not cost the reader the rest.
        drawn = note(f"This level cannot be drawn: {error}")
    return tag("figure", drawn, tag("figcaption", caption), class_="level")


def _picture(exhibit: Mapping[str, Any], moves: bool, vocabulary: Vocabulary) -> Markup:
    levels = parse_level(words(exhibit, "level"), door_required=False, vocabulary=vocabulary)
    table = items(exhibit, "policy")
    policy = np.asarray(table, np.float64) if table else None
    path = [int(cell) for cell in items(exhibit, "path")] or None
    if moves and path:
        return Markup(animated_episode_svg(levels, 0, path, policy=policy, standalone=False))
    return Markup(level_svg(levels, 0, policy=policy, path=path, standalone=False))
