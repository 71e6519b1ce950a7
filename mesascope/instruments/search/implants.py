"""Objects that exist nowhere but inside: patched into a subject's state of a level that holds none."""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.subject import AbstractSubject
from mesascope.instruments.interventions.patches import within
from mesascope.instruments.interventions.place import Place
from mesascope.instruments.interventions.recorded import donor_content, edited_policy, record
from mesascope.instruments.search.trials import changes_of
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld


class Implanted(NamedTuple):
    """Plans after objects were written inside: the level the subject is made to believe in, and its policy there.

    `readable` are cells outside every patch: only there does the policy come from the plan and not from the patch.
    """

    believed: AbstractLevels
    policy: Float[Array, "level state action"]
    readable: Bool[Array, "level state"]


def implant(
    world: AbstractWorld,
    subject: AbstractSubject,
    levels: AbstractLevels,
    classes: Int[Array, "level slot"],
    place: Place,
) -> Implanted:
    """Write objects into the state of the emptied levels, each from a donor run on a level with that object alone.

    `classes` are numbers of `kinds` of the world. No run ever saw two of the objects together; the subject's choice between
    them is made from its state.
    """
    changes = changes_of(world)
    believed, empty = believed_levels(world, levels, classes), believed_levels(world, levels, classes[:, :0])
    base = record(world, subject, empty).states
    donors, centers = [], []
    for slot in range(classes.shape[1]):
        alone = jnp.where(jnp.arange(classes.shape[1]) == slot, classes, -1)
        donors.append(record(world, subject, believed_levels(world, levels, alone)).states)
        centers.append(changes.cells(levels)[:, slot : slot + 1])
    at = tuple(centers)
    content = donor_content(base, tuple(donors), at, at, jnp.array(place.radius))
    policy = edited_policy(world, subject, empty, base, content, place)
    near = within(jnp.concatenate(centers, 1), max(place.radius, 1), world.map_shape(levels))
    readable = ~near.reshape(len(levels), -1) & world.active(empty)
    return Implanted(believed, policy, readable)


@eqx.filter_jit
def believed_levels(world: AbstractWorld, levels: AbstractLevels, kinds: Int[Array, "level slot"]) -> AbstractLevels:
    """The levels with outcomes of the given kinds in their first slots and no others (-1: none)."""
    return changes_of(world).with_kinds(levels, kinds)
