"""Everything that the describing instruments say of one subject."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.describe.compute_depth import ComputeDepth, measure_compute_depth
from mesascope.instruments.describe.interchange import Identified, identify_algorithm
from mesascope.instruments.describe.light_cone import LightCone, measure_light_cone
from mesascope.instruments.describe.probes import Probes, measure_probes
from mesascope.instruments.learned_algorithm import LearnedAlgorithmFinding, name_learned_algorithm
from mesascope.instruments.sample import Sample
from mesascope.worlds.world import AbstractWorld

LEVELS = 256
"""Levels of each distribution that are looked at, at most."""


class Description(NamedTuple):
    """Describes and decides nothing. What needs the inside is None for a black box."""

    compute_depth: ComputeDepth | None
    light_cone: LightCone | None
    probes: Probes | None
    algorithm: Identified | None
    learned_algorithm: LearnedAlgorithmFinding


def describe_subject(
    world: AbstractWorld,
    subject: AbstractSubject,
    untrained: AbstractSubject | None,
    samples: Sequence[Sample],
    pursued_weights: Float[np.ndarray, " feature"],
    key: PRNGKeyArray,
) -> Description:
    """Compute depth, light cone, probes, algorithm by interchange, and the learned algorithm by its behavior.

    `samples` hold the subject's own answers, training levels first, then shifts; `pursued_weights` are what it is after
    by its behavior. `core.jsonable.to_json` takes the result.
    """
    few = [_first(sample, LEVELS) for sample in samples]
    learned = name_learned_algorithm(world, few, pursued_weights)
    if not subject.sites:
        return Description(None, None, None, None, learned)
    shown, key = few[0], named_key(key, "describe")
    return Description(
        measure_compute_depth(world, subject, untrained, shown, pursued_weights),
        measure_light_cone(world, subject, untrained, shown, pursued_weights, key),
        measure_probes(world, subject, untrained, shown, pursued_weights, key),
        identify_algorithm(world, subject, untrained, shown, pursued_weights, key),
        learned,
    )


def _first(sample: Sample, count: int) -> Sample:
    tables = (sample.levels, sample.mdp, sample.observation, sample.policy)
    return Sample(sample.distribution, *jax.tree.map(lambda t: t[:count], tables))
