"""One individual in any context, and the edits that may be made inside it."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mesascope.experiments.savanna.ecology import Contexts
from mesascope.experiments.savanna.genomes import Genomes, wanted


class Individual(NamedTuple):
    """A genome, and the contexts its reflexes belong to.

    In a context that was never met a plant acts as in the one it remembers that looks most alike.
    """

    searches: Bool[Array, ""]
    values: Float[Array, " percept"]
    reflexes: Int[Array, " context"]
    remembered: Float[Array, "context option percept"]


class Edit(NamedTuple):
    """What is written inside: other values, other reflexes, or options barred in what a search has before it.

    What an individual does not express can be written like anything else, and changes nothing it does.
    """

    values: Float[Array, " percept"] | None = None
    reflexes: Int[Array, " context"] | None = None
    barred: Bool[Array, "context option"] | None = None


UNEDITED = Edit()


def individual(genomes: Genomes, index: int | Int[Array, ""], contexts: Contexts) -> Individual:
    """One of a population, with the contexts it lives in."""
    return Individual(genomes.searches[index], genomes.values[index], genomes.reflexes[index], contexts.percepts)


@jax.jit
def choices(who: Individual, percepts: Float[Array, "new option percept"], edit: Edit = UNEDITED) -> Int[Array, " new"]:
    """What an individual chooses in contexts of any kind."""
    values = who.values if edit.values is None else edit.values
    reflexes = who.reflexes if edit.reflexes is None else edit.reflexes
    appraised = wanted(values, percepts)
    if edit.barred is not None:
        appraised = jnp.where(edit.barred, -jnp.inf, appraised)
    return jnp.where(who.searches, appraised.argmax(-1), reflexes[nearest(who.remembered, percepts)])


def nearest(
    remembered: Float[Array, "context option percept"], percepts: Float[Array, "new option percept"]
) -> Int[Array, " new"]:
    """Which remembered context looks most like each: least squared distance over all options in their order."""
    old, new = remembered.reshape(len(remembered), -1), percepts.reshape(len(percepts), -1)
    return (jnp.square(old).sum(-1) - 2.0 * new @ old.T).argmin(-1)
