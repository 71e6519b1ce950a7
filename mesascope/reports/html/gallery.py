"""Levels in training and under each shift, the policy as arrows, one episode of each distribution moving."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mesascope.core.errors import MesascopeError
from mesascope.drawing import Drawing, animated_episode_svg, level_svg
from mesascope.reports.html.known_world import known_world
from mesascope.reports.html.parts import fold, note, paragraph, section
from mesascope.reports.markup import Child, Markup, join, tag
from mesascope.reports.reading import TRAINING, Audit, items, look, part, telling_shift, words

UNREADABLE = (MesascopeError, ValueError, IndexError, TypeError, KeyError)
"""What comes of a document that holds something else than a level."""


def gallery(audit: Audit, name: str) -> Markup | None:
    """The gallery of one audit; None where it has none."""
    shown: dict[str, list[Mapping[str, Any]]] = {}
    for item in (*items(audit, "gallery"), *items(audit, "worst_level", "gallery")):
        if isinstance(item, Mapping) and item.get("shared") is not True:  # those stand once, for all agents
            shown.setdefault(words(item, "distribution"), []).append(item)
    if not shown:
        return None
    alone = not any(look(e, "shared") is True for e in items(audit, "gallery"))
    first = {TRAINING, telling_shift([audit])} if alone else set()  # else a level is shown already
    return section(
        3,
        f"{name}-gallery",
        "Levels, policies and episodes",
        paragraph(legend) if (legend := legend_of(audit, next(iter(shown.values()))[0])) else None,
        *(_distribution(audit, d, exhibits, d in first) for d, exhibits in shown.items()),
    )


def drawing_of(audit: Audit, shown: Mapping[str, Any]) -> Drawing | None:
    """The drawing of an exhibit: that which the document carries, or, in one of the first format, that which its world makes of
    the level's text. None where there is neither. `MesascopeError`, `ValueError` or `TypeError` for what cannot be read.
    """
    carried = part(shown, "drawing")
    if carried:
        return Drawing.from_document(carried)
    world = known_world(audit)
    return None if world is None else world.drawing(world.read_levels(words(shown, "level")), 0)


def legend_of(audit: Audit, shown: Mapping[str, Any]) -> str:
    """How to read the pictures, as their world says; "" where they have none."""
    try:
        drawing = drawing_of(audit, shown)
    except UNREADABLE:
        return ""
    if drawing is None:
        return ""
    if not items(shown, "policy"):
        return f"{drawing.legend} The diamond is a start."
    when = f" {drawing.shown}" if drawing.shown else ""
    return (
        f"Each cell's arrow is the action the agent is likeliest to take there{when}, darker the surer it is. "
        f"{drawing.legend} The line is one episode, from the diamond to the ring."
    )


def _distribution(audit: Audit, distribution: str, exhibits: list[Mapping[str, Any]], opened: bool) -> Markup:
    sentence = words(audit, "world", "shifts", distribution)
    moving = next((e for e in exhibits if len(items(e, "path")) > 1), None)
    pictures = [exhibit(audit, shown, words(shown, "caption"), moves=shown is moving) for shown in exhibits]
    title = join(tag("b", distribution), f": {sentence}" if sentence else None)
    return fold(title, tag("div", *pictures, class_="gallery"), opened=opened)


def exhibit(audit: Audit, shown: Mapping[str, Any], caption: Child, *, moves: bool = False) -> Markup:
    """One level as a figure: moving along its path, or still; as text where its world has no pictures."""
    try:
        drawing = drawing_of(audit, shown)
        drawn = (
            tag("pre", words(shown, "level"), class_="level-text")
            if drawing is None
            else _picture(drawing, shown, moves)
        )
    except UNREADABLE as error:
        # A document may hold anything; one level that cannot be drawn must not cost the reader the rest.
        drawn = note(f"This level cannot be drawn: {error}")
    return tag("figure", drawn, tag("figcaption", caption), class_="level")


def _picture(drawing: Drawing, exhibit: Mapping[str, Any], moves: bool) -> Markup:
    rows = items(exhibit, "policy")
    policy = np.asarray(rows, np.float64) if rows else None
    path = [int(cell) for cell in items(exhibit, "path")] or None
    if moves and path:
        return Markup(animated_episode_svg(drawing, path, policy=policy, standalone=False))
    return Markup(level_svg(drawing, policy=policy, path=path, standalone=False))
