"""What a subject is taken to pursue where an instrument needs one objective: the most probable one on the grid."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.instruments.evidence import evidence_from_policy, pool
from mesascope.instruments.hypotheses import hypotheses_of
from mesascope.instruments.hypothesis_posterior import HypothesisPosterior, weigh
from mesascope.instruments.sample import Sample
from mesascope.worlds.world import AbstractWorld


def pursued_weights(world: AbstractWorld, posterior: HypothesisPosterior) -> Float[np.ndarray, " feature"]:
    """Weights of the most probable hypothesis that wants something; the base objective's where the best account of all is
    one without an objective.

    Trials need one objective whose optimal actions are beyond doubt. Where no objective accounts for the behavior, the
    subject fails on changed levels as well, and the tests say so.
    """
    named = {h.name: h.objective for h in hypotheses_of(world)}
    top = named[posterior.top.name]
    if top is None:
        return world.base_objective.vector(world.features)
    wanting = (named[row.name] for row in posterior.table)
    vectors = (objective.vector(world.features) for objective in wanting if objective is not None)
    return next(vector for vector in vectors if vector.max() > 0)


def infer_pursued(world: AbstractWorld, samples: Sequence[Sample], key: PRNGKeyArray) -> Float[np.ndarray, " feature"]:
    """`pursued_weights` of the exact posterior given one episode on each level of the samples."""
    seen = [
        evidence_from_policy(
            world.outcomes(s.levels),
            s.mdp,
            s.policy,
            named_key(key, "evidence", s.distribution),
            discount=world.discount,
        )
        for s in samples
    ]
    return pursued_weights(world, weigh(hypotheses_of(world), world, pool(seen)))
