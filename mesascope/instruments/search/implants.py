"""Objects that exist nowhere but inside: patched into a subject's state of a level that holds none."""

import dataclasses
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.subject import AbstractSubject
from mesascope.instruments.interventions.patches import within
from mesascope.instruments.interventions.place import Place
from mesascope.instruments.interventions.recorded import donor_content, edited_policy, record
from mesascope.worlds.grids.counterfactuals import without_objects
from mesascope.worlds.grids.grid import ABSENT, COLORS, SHAPES, GridLevels
from mesascope.worlds.world import AbstractWorld

CLASSES = tuple((shape, color) for shape in range(len(SHAPES)) for color in range(len(COLORS)))
"""Every shape in every color, as indices."""


def class_name(index: int) -> str:
    """`red door`, `blue ball`, ..."""
    shape, color = CLASSES[index]
    return f"{COLORS[color]} {SHAPES[shape]}"


class Implanted(NamedTuple):
    """Plans after objects were written inside: the level the subject is made to believe in, and its policy there.

    `readable` are cells outside every patch: only there does the policy come from the plan and not from the patch.
    """

    believed: GridLevels
    policy: Float[Array, "level state action"]
    readable: Bool[Array, "level state"]


def _classes(index: Int[Array, "level slot"]) -> tuple[Int[Array, "level slot"], Int[Array, "level slot"]]:
    shape, color = (jnp.array([c[i] for c in CLASSES], jnp.int32) for i in (0, 1))
    return shape[index], color[index]


@eqx.filter_jit
def believed_levels(mazes: GridLevels, classes: Int[Array, "level slot"]) -> GridLevels:
    """The mazes with objects of the given classes in their first slots and nothing else (-1: no object)."""
    shape, color = _classes(classes)
    empty = without_objects(mazes)
    slots = classes.shape[1]
    return dataclasses.replace(
        empty,
        shape=empty.shape.at[:, :slots].set(jnp.where(classes >= 0, shape, ABSENT)),
        color=empty.color.at[:, :slots].set(jnp.where(classes >= 0, color, ABSENT)),
    )


def implant(
    world: AbstractWorld,
    subject: AbstractSubject,
    mazes: GridLevels,
    classes: Int[Array, "level slot"],
    place: Place,
) -> Implanted:
    """Write objects into the state of the empty mazes, each from a donor run on a level with that object alone.

    No run ever saw two of the objects together; the subject's choice between them is made from its state.
    """
    believed = believed_levels(mazes, classes)
    base = record(world, subject, without_objects(mazes)).states
    donors, centers = [], []
    for slot in range(classes.shape[1]):
        alone = jnp.where(jnp.arange(classes.shape[1]) == slot, classes, -1)
        donors.append(record(world, subject, believed_levels(mazes, alone)).states)
        centers.append(mazes.cell[:, slot : slot + 1])
    at = tuple(centers)
    content = donor_content(base, tuple(donors), at, at, jnp.array(place.radius))
    policy = edited_policy(world, subject, without_objects(mazes), base, content, place)
    near = within(jnp.concatenate(centers, 1), max(place.radius, 1), mazes.interior)
    readable = ~near.reshape(mazes.count, -1) & ~mazes.walls.reshape(mazes.count, -1)
    return Implanted(believed, policy, readable)
