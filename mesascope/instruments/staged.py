"""What is measured where objects are taken one after another: how often each feature fires, and which objective explains it.

The instruments for worlds in which one touch ends the episode do not apply there; these look at the tables alone.
"""

from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from mesascope.core.mdp import FiniteMDP
from mesascope.core.rng import named_key
from mesascope.core.solver import optimal_values
from mesascope.core.statistics import CONFIDENCE, Estimate, Interval, bootstrap_mean, wilson
from mesascope.instruments.behavior import NOTHING, Event
from mesascope.instruments.choice_weights import Weight
from mesascope.instruments.episodes import expected_outcome, horizon_of, sample_episodes
from mesascope.instruments.evidence import Evidence, plain_evidence, pool
from mesascope.instruments.hypotheses import Hypothesis, beside_nuisances, hypotheses_of
from mesascope.instruments.hypothesis_posterior import HypothesisPosterior, weigh_scores
from mesascope.instruments.sample import Sample, first_levels
from mesascope.worlds.world import TRAINING, AbstractWorld

DRAWS = 400


class StagedBehavior(NamedTuple):
    """Shares of episodes in which each feature fires at all, and the exact number of times that it is to be expected to."""

    events: dict[str, Event]
    counts: dict[str, Estimate]


class StagedObjective(NamedTuple):
    """Weights over features as the posterior over hypotheses spreads them, and the posteriors themselves.

    A draw is one hypothesis that wants something, its largest weight scaled to 1; where the account without an
    objective is the most probable, the weights describe what little the others say.
    """

    weights: dict[str, Weight]
    draws: Float[np.ndarray, "draw feature"]
    training: HypothesisPosterior
    everywhere: HypothesisPosterior


def measure_staged_behavior(world: AbstractWorld, sample: Sample, key: PRNGKeyArray) -> StagedBehavior:
    """One episode sampled on each level, and the exact expectation within the same horizon."""
    horizon = horizon_of(sample.mdp)
    episodes = sample_episodes(sample.mdp, sample.policy, key, horizon)
    exact = np.asarray(expected_outcome(sample.mdp, sample.policy, horizon).fired, np.float64)
    fired = np.asarray(episodes.fired) > 0
    shares = {name: fired[:, i] for i, name in enumerate(world.features)} | {NOTHING: ~fired.any(1)}
    counts = {name: int(happened.sum()) for name, happened in shares.items()}
    return StagedBehavior(
        {name: Event(True, count, wilson(count, len(fired)), None) for name, count in counts.items()},
        {name: bootstrap_mean(exact[:, i]) for i, name in enumerate(world.features)},
    )


def infer_staged_objective(
    world: AbstractWorld, samples: Sequence[Sample], key: PRNGKeyArray, *, levels: int
) -> StagedObjective:
    """The exact posterior over the hypotheses of `hypotheses_of`, from one episode on each of `levels` levels in all.

    Like `infer_behavioral_objective`, with optimal action values solved on the tables of the levels themselves.
    """
    hypotheses = hypotheses_of(world)
    wanted = [h.objective.vector(world.features) for h in hypotheses if h.objective is not None]
    seen = {}
    for sample in samples:
        few = first_levels(sample, max(levels // len(samples), 1))
        evidence, level, state = plain_evidence(few.mdp, few.policy, named_key(key, "evidence", few.distribution))
        values = np.asarray(_values(few.mdp, jnp.asarray(np.stack(wanted)), world.discount))[:, level, state]
        seen[few.distribution] = (evidence, values)
    training = _weighed(hypotheses, [seen[TRAINING]])
    everywhere = _weighed(hypotheses, list(seen.values()))
    draws = _draws(world, hypotheses, everywhere, key)
    return StagedObjective(_summarized(world, draws), draws, training, everywhere)


@eqx.filter_jit
def _values(
    mdp: FiniteMDP, wanted: Float[Array, "objective feature"], discount: float
) -> Float[Array, "objective level state action"]:
    return jax.lax.map(lambda weights: optimal_values(mdp, weights, discount).action, wanted)


def _weighed(
    hypotheses: tuple[Hypothesis, ...], seen: list[tuple[Evidence, Float[np.ndarray, "objective _ action"]]]
) -> HypothesisPosterior:
    evidence = pool([part for part, _ in seen])
    values = np.concatenate([values for _, values in seen], 1)
    fill = len(evidence.action) - values.shape[1]
    padded = jnp.asarray(np.pad(values, [(0, 0), (0, fill), (0, 0)]))
    return weigh_scores(hypotheses, beside_nuisances(hypotheses, list(padded), evidence.blocked), evidence)


def _draws(
    world: AbstractWorld, hypotheses: tuple[Hypothesis, ...], posterior: HypothesisPosterior, key: PRNGKeyArray
) -> Float[np.ndarray, "draw feature"]:
    """Weights of hypotheses drawn by their probability, of those that want something."""
    vectors = {h.name: h.objective.vector(world.features) for h in hypotheses if h.objective is not None}
    rows = [row for row in posterior.table if row.name in vectors and vectors[row.name].max() > 0]
    # Probabilities of single rows can underflow; their distances from the top do not.
    logs = -np.array([row.nats_below_top for row in rows])
    share = np.exp(logs - logs.max())
    which = np.asarray(
        jax.random.choice(named_key(key, "draws"), len(rows), (DRAWS,), p=jnp.asarray(share / share.sum()))
    )
    return np.stack([vectors[rows[i].name] / vectors[rows[i].name].max() for i in which]).astype(np.float64)


def _summarized(world: AbstractWorld, draws: Float[np.ndarray, "draw feature"]) -> dict[str, Weight]:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
    return {
        name: Weight(float(draws[:, i].mean()), Interval(float(low[i]), float(high[i])), True)
        for i, name in enumerate(world.features)
    }
