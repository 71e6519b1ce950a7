"""An agent that a report can carry: small networks as plain arrays, with what is needed to run them where no Python is."""

import base64
from collections.abc import Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Bool, Int

from mesascope.core.subject import AbstractSubject
from mesascope.instruments.sample import Sample
from mesascope.learned.feed_forward import FeedForwardNet
from mesascope.learned.reflex import ReflexNet
from mesascope.learned.registry import config_of
from mesascope.learned.thinking import ThinkingNet
from mesascope.worlds.painting import Painting
from mesascope.worlds.world import AbstractWorld

MOST_NUMBERS = 60_000
"""Largest network that is carried: 60,000 numbers are 320 kB of text."""

_KINDS: dict[type[AbstractSubject], str] = {
    ThinkingNet: "thinking",
    FeedForwardNet: "feed-forward",
    ReflexNet: "reflex",
}
"""Classes that `web/src/agents` has as well, by the name they go by there."""


class Kin(NamedTuple):
    """What the levels of a distribution, as far as they were looked at, have in common. `walls` is `#` where every level has a
    wall, `.` where none has, `?` elsewhere, row by row; `things` are the letters that some level holds together.
    """

    name: str
    levels: int
    height: int
    width: int
    walls: str
    things: tuple[str, ...]
    free: tuple[int, int]
    connected: bool


class Portable(NamedTuple):
    """What `portable` in the audit document holds."""

    agent: dict[str, Any]
    world: Painting
    kin: tuple[Kin, ...]


def portable(world: AbstractWorld, subject: AbstractSubject, samples: Sequence[Sample]) -> Portable | None:
    """A subject as a document can carry it.

    Args:
        world: The world that it is audited in.
        subject: The subject.
        samples: Levels of each distribution.

    Returns:
        None where its class has no twin in the page, it is larger than `MOST_NUMBERS`, levels of its world cannot be painted, or
        agents turn there, so that a cell has several states.
    """
    agent, painting = packed(subject), world.painting
    if (
        agent is None
        or painting is None
        or painting.headings
        or world.view_for(subject.view) != next(iter(world.views))
    ):
        return None
    return Portable(agent, painting, tuple(kin_of(sample, painting) for sample in samples))


def packed(subject: AbstractSubject) -> dict[str, Any] | None:
    """Kind, config and arrays (32-bit floats in base64, little end first) of a subject; None where none can be carried."""
    kind = _KINDS.get(type(subject))
    leaves = jax.tree.leaves(eqx.filter(subject, eqx.is_array))
    if kind is None or sum(leaf.size for leaf in leaves) > MOST_NUMBERS:
        return None
    arrays = {name: value for name, value in vars(subject).items() if eqx.is_array(value)}
    return {
        "kind": kind,
        "config": config_of(subject).config,
        "arrays": {
            name: {
                "shape": list(value.shape),
                "data": base64.b64encode(np.asarray(value, "<f4").tobytes()).decode("ascii"),
            }
            for name, value in arrays.items()
        },
    }


def kin_of(sample: Sample, painting: Painting) -> Kin:
    """What the levels of a sample have in common, read from their texts."""
    solid = painting.brushes[0].letter
    plain = {brush.letter for brush in painting.brushes[:2]}
    levels = jax.device_get(sample.levels)
    texts = [levels.text(index) for index in range(len(levels))]
    boards = [np.array([list(line) for line in text.splitlines()])[1:-1, 1:-1] for text in texts]
    walls = np.stack([board == solid for board in boards])
    every, some = walls.all(0).ravel(), walls.any(0).ravel()
    free = (~walls).sum((1, 2))
    together = {"".join(sorted(letter for letter in board.ravel().tolist() if letter not in plain)) for board in boards}
    return Kin(
        sample.distribution,
        len(boards),
        walls.shape[1],
        walls.shape[2],
        "".join("#" if a else "?" if s else "." for a, s in zip(every, some, strict=True)),
        tuple(sorted(together)),
        (int(free.min()), int(free.max())),
        all(_connected(~board) for board in walls),
    )


def _connected(free: Bool[np.ndarray, "height width"]) -> bool:
    """Whether the free cells hang together."""
    from scipy.ndimage import label

    found: tuple[Int[np.ndarray, "height width"], int] = label(free)
    return found[1] <= 1
