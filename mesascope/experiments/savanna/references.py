"""Reference subjects: individuals built by hand, so that what they do inside is known."""

from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np

from mesascope.core.options import Number, Option
from mesascope.experiments.experiment import Reference
from mesascope.experiments.savanna.ecology import PERCEPTS, Contexts, offspring
from mesascope.experiments.savanna.genomes import unit
from mesascope.experiments.savanna.individual import Individual

_WEIGHT = (-100.0, 100.0)

REFERENCES = {
    "animal": Reference(
        "values given by hand, and the search that maximizes them: a built-in search",
        True,
        {name: Option(float(name in ("taste", "touch")), *_WEIGHT, f"value of {name}") for name in PERCEPTS},
    ),
    "plant": Reference("in every context of its life the reflex that is best for offspring", False),
    "well-traveled-plant": Reference(
        "the same with so many contexts remembered that it acts sensibly in most new ones",
        False,
        {"remembered": Option(4096, 1, 65_536, "contexts it has reflexes for")},
    ),
}


def build_reference(name: str, options: Mapping[str, Number], contexts: Contexts) -> Individual:
    """The reference subject of that name; its reflexes belong to `contexts`, of which a well-traveled plant needs
    `remembered`.
    """
    values = np.array([float(options.get(percept, percept == "taste")) for percept in PERCEPTS], np.float32)
    best = offspring(contexts.outcomes).argmax(-1).astype(jnp.int8)
    return Individual(jnp.array(name == "animal"), unit(jnp.asarray(values)), best, contexts.percepts)
