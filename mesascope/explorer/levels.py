"""Levels to begin from, for audits of agents that have none in their documents."""

import json
from functools import lru_cache
from typing import Any

import numpy as np

from mesascope.auditing.gallery import SHARED_SEED
from mesascope.reports.reading import TRAINING, Audit, look, part, telling_shift, words
from mesascope.worlds.registry import make_world

MOST_DRAWN = 100_000
"""Levels of a distribution that an audit has at the most."""


def levels_to_begin(audit: Audit) -> list[dict[str, Any]]:
    """A level in training and one under the first shift, as the gallery of a document holds levels.

    They are those that audits of agents without a memory show for all agents alike. The agent is not asked.

    Args:
        audit: The document, of a world that is known here.

    Returns:
        The levels, each with its first start; those in which no episode can begin are left out.

    Raises:
        UsageError: The world does not have the distribution.
    """
    found = []
    for distribution in filter(None, (TRAINING, telling_shift([audit]))):
        count = look(audit, "levels", "per_distribution")
        knobs = json.dumps(part(audit, "world", "knobs"), sort_keys=True)
        drawn = min(count, MOST_DRAWN) if isinstance(count, int) and count > 0 else 1
        level = _level(words(audit, "world", "name"), knobs, distribution, drawn)
        found += [] if level is None else [level]
    return found


@lru_cache(64)
def _level(name: str, knobs: str, distribution: str, count: int) -> dict[str, Any] | None:
    """The first of `count` levels: drawn one by one it would be another."""
    world = make_world(name, **json.loads(knobs))
    levels = world.draw(SHARED_SEED, count, distribution)[:1]
    drawing, places = world.drawing(levels, 0), world.locate(levels)
    starts = np.flatnonzero(np.asarray(world.tables(levels).initial)[0] > 0)
    if drawing is None or places is None or not len(starts):
        return None
    return {
        "distribution": distribution,
        "level": levels.text(0),
        "path": [int(np.asarray(places)[0, starts[0]])],
        "caption": f"{distribution}, drawn for all: at its first start",
        "drawing": drawing.as_document(),
        "shared": True,
    }
