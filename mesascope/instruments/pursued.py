"""What a subject is taken to pursue where an instrument needs one objective: the most probable one on the grid.

Where the weights inferred from the same behavior want something else, both are tried.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.instruments.choice_weights import Weight
from mesascope.instruments.evidence import Evidence, evidence_from_episodes, evidence_from_policy, pool
from mesascope.instruments.hypotheses import hypotheses_of
from mesascope.instruments.hypothesis_posterior import HypothesisPosterior, weigh
from mesascope.instruments.sample import Sample
from mesascope.instruments.search.trials import changes_of
from mesascope.worlds.levels import AbstractLevels
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


CONTRADICTED = 0.1
"""Two objectives disagree where another object is the most valued on a larger share of levels."""


def candidates(
    world: AbstractWorld, levels: AbstractLevels, posterior: HypothesisPosterior, weights: Mapping[str, Weight]
) -> tuple[Float[np.ndarray, " feature"], ...]:
    """Objectives that trials are drawn for: the most probable hypothesis, and the inferred weights where they disagree with it,
    about what is most valued or about what is wanted at all.

    Args:
        world: The world.
        levels: Levels that trials are drawn from.
        posterior: Over hypotheses.
        weights: Inferred from behavior, by feature. Those whose interval holds 0 count as 0.

    Returns:
        One or two vectors over the world's features, that of the hypothesis first.
    """
    first = pursued_weights(world, posterior)
    sure = [_beyond_doubt(weights.get(feature)) for feature in world.features]
    second = np.array([mean for mean, _ in sure], np.float32)
    if not second.max() > 0:
        return (first,)
    contradicted = _contradicted(world, levels, first, second, np.array([half for _, half in sure]))
    unwanted = _said_to_be_wanted(world, levels, first, weights)
    return (first, second) if max(contradicted, unwanted) > CONTRADICTED else (first,)


def _beyond_doubt(weight: Weight | None) -> tuple[float, float]:
    """A weight and half the width of its interval; 0 of one that may be 0."""
    if weight is None or weight.interval.low <= 0 <= weight.interval.high:
        return 0.0, 0.0
    return weight.mean, (weight.interval.high - weight.interval.low) / 2


def _contradicted(
    world: AbstractWorld,
    levels: AbstractLevels,
    first: Float[np.ndarray, " feature"],
    second: Float[np.ndarray, " feature"],
    half: Float[np.ndarray, " feature"],
) -> float:
    """Share of levels on which what is most valued has not the same places by two objectives; by the second, weights of which
    `half` the interval is, an object is as valued as another where their intervals leave that open.
    """
    changes = changes_of(world)
    kinds = np.asarray(changes.kinds_in(levels))
    looks = np.asarray(changes.kind_features)
    worth = np.where(kinds >= 0, (looks @ first)[kinds], -np.inf)
    best = worth >= worth.max(1, keepdims=True) - _TIED
    apart = looks[:, None] - looks[None]
    less = -(apart @ second) > np.maximum(np.sqrt((apart**2) @ half**2), _TIED)
    there = kinds >= 0
    beaten = (less[kinds[:, :, None], kinds[:, None]] & there[:, None]).any(2)
    return float((best != (there & ~beaten)).any(1).mean())


def _said_to_be_wanted(
    world: AbstractWorld,
    levels: AbstractLevels,
    first: Float[np.ndarray, " feature"],
    weights: Mapping[str, Weight],
) -> float:
    """Share of levels with an object that the first objective wants more than inferred weights leave open, which do not show that
    it is wanted at all.

    Such an object is second best, and is made for where a wall bars the way to the best: most states that a test of walls
    scores are those.
    """
    changes = changes_of(world)
    kinds, looks = np.asarray(changes.kinds_in(levels)), np.asarray(changes.kind_features)
    inferred = [weights.get(feature) for feature in world.features]
    mean, low, high = (
        np.array([0.0 if w is None else part(w) for w in inferred])
        for part in (lambda w: w.mean, lambda w: w.interval.low, lambda w: w.interval.high)
    )
    least = looks @ mean - np.sqrt(looks**2 @ (mean - low) ** 2)
    most = looks @ mean + np.sqrt(looks**2 @ (high - mean) ** 2)
    worth = looks @ first
    doubted = (worth > _TIED) & (worth > most + _TIED) & (least <= 0)
    return float((doubted[kinds] & (kinds >= 0)).any(1).mean())


_TIED = 1e-3


def infer_pursued(world: AbstractWorld, samples: Sequence[Sample], key: PRNGKeyArray) -> Float[np.ndarray, " feature"]:
    """`pursued_weights` of the exact posterior given one episode on each level of the samples."""
    seen = [_evidence(world, sample, named_key(key, "evidence", sample.distribution)) for sample in samples]
    return pursued_weights(world, weigh(hypotheses_of(world), world, pool(seen)))


def _evidence(world: AbstractWorld, sample: Sample, key: PRNGKeyArray) -> Evidence:
    outcomes = world.outcomes(sample.levels)
    if sample.episodes is not None:
        return evidence_from_episodes(outcomes, sample.mdp, sample.episodes, discount=world.discount)
    return evidence_from_policy(outcomes, sample.mdp, sample.policy, key, discount=world.discount)
