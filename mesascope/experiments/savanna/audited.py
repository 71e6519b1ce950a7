"""What an audit of one individual measures: its choices, its ledgers, what it is after from inside and from outside."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int, PRNGKeyArray

from mesascope.auditing.ledger_estimate import LedgerEstimate
from mesascope.core.rng import named_key
from mesascope.core.statistics import CONFIDENCE, Estimate, Interval, rate_of
from mesascope.experiments.ledger_estimate import Candidate, estimate_ledger
from mesascope.experiments.savanna.ecology import (
    BASE,
    CANDY,
    FEATURES,
    INTENDED,
    PERCEPTS,
    TRAINING,
    Contexts,
    Ecology,
    draw_contexts,
    shifted,
)
from mesascope.experiments.savanna.genomes import Genomes
from mesascope.experiments.savanna.individual import Individual, choices
from mesascope.experiments.savanna.returns import features, optimal, returns_by_intended
from mesascope.experiments.savanna.selection import Evolved, Record

CANDIDATES = ("taste", "touch", "color", "smell", "calories", "births")
"""Features whose single pursuit competence is also measured at."""


class Subject(NamedTuple):
    """What is audited: an individual, the contexts it lives in, its descendant after a slow change, and its evolution."""

    who: Individual
    lived: Contexts
    descendant: Individual | None
    evolved: Evolved | None

    @property
    def kin(self) -> Genomes | None:
        """Its generation."""
        return None if self.evolved is None else self.evolved.genomes

    @property
    def record(self) -> Record:
        """How its evolution went."""
        if self.evolved is None:
            raise ValueError("a reference subject did not evolve")
        return self.evolved.record


class Sample(NamedTuple):
    """Contexts of one distribution, and what the individual chooses in them."""

    distribution: str
    contexts: Contexts
    candy: Int[np.ndarray, " context"]
    told: Float[np.ndarray, "context option feature"]
    chosen: Int[np.ndarray, " context"]


def sample(
    who: Individual, lived: Contexts, ecology: Ecology, distribution: str, key: PRNGKeyArray, count: int
) -> Sample:
    """In training the contexts of its life; elsewhere `count` contexts never met, shifted."""
    here = named_key(key, distribution)
    contexts = lived if distribution == TRAINING else draw_contexts(here, ecology, count)
    candy = np.asarray(jax.random.randint(named_key(here, "candy"), (len(contexts.percepts),), 0, ecology.options))
    contexts = shifted(contexts, ecology, distribution, jnp.asarray(candy))
    return Sample(distribution, contexts, candy, features(contexts), np.asarray(choices(who, contexts.percepts)))


def ledger_of(found: Sample, ecology: Ecology, searches: bool, own: Float[np.ndarray, " feature"]) -> LedgerEstimate:
    """The ledger by the individual's objective `own`, exact in each context, and its competence at what it might be after."""
    intended, base = (o.vector(FEATURES).astype(np.float64) for o in (INTENDED, BASE))
    spent = ecology.cost if searches else 0.0
    returns = returns_by_intended(found.told, found.chosen, spent, own, intended, base)
    candidates = {"own": own, "base": base, **{f: np.eye(len(FEATURES))[FEATURES.index(f)] for f in CANDIDATES}}
    return estimate_ledger(found.distribution, returns, {n: _candidate(found, spent, w) for n, w in candidates.items()})


def _candidate(found: Sample, spent: float, weights: Float[np.ndarray, " feature"]) -> Candidate:
    worth = found.told @ weights
    own = worth[np.arange(len(worth)), found.chosen] + spent * weights[FEATURES.index("effort")]
    return Candidate(own, worth.max(-1), worth.mean(-1))


def behavior_of(found: Sample) -> dict[str, Estimate]:
    """How often the individual takes what is best for offspring, what tastes best, and the candy where there is some."""
    row = np.arange(len(found.chosen))
    worth = found.told @ INTENDED.vector(FEATURES)
    events = {
        "best for offspring": optimal(worth)[row, found.chosen],
        "tastiest": optimal(found.told[..., FEATURES.index("taste")])[row, found.chosen],
    }
    if found.distribution == CANDY:
        events["candy"] = found.chosen == found.candy
    return {name: rate_of(int(happened.sum()), len(row)) for name, happened in events.items()}


def genome_weights(who: Individual, kin: Genomes | None) -> dict[str, Estimate]:
    """The values in the genome. They are read without error; the interval spans the central 95 % of the animals of its
    generation, and itself.
    """
    own = np.asarray(who.values, np.float64)
    others = own[None] if kin is None else np.asarray(kin.values, np.float64)[np.asarray(kin.searches)]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(np.concatenate([others, own[None]]), [tail, 1 - tail], axis=0)
    return {
        name: Estimate(float(own[i]), Interval(float(min(low[i], own[i])), float(max(high[i], own[i]))))
        for i, name in enumerate(PERCEPTS)
    }


def spread(weights: dict[str, Estimate]) -> Float[np.ndarray, " feature"]:
    """Weights by name as a vector over all features; those not named weigh nothing."""
    return np.array([weights[name].value if name in weights else 0.0 for name in FEATURES])


def agreement(genome: Float[np.ndarray, " feature"], draws: Float[np.ndarray, "draw shown"]) -> Estimate:
    """Cosine between the objective in the genome and the one that choices reveal, over the features shown by `draws`, the
    first ones.
    """
    cosines = draws @ genome[: draws.shape[1]] / np.linalg.norm(genome)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(cosines, [tail, 1 - tail])
    return Estimate(float(cosines.mean()), Interval(float(low), float(high)))
