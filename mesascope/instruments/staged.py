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
from mesascope.core.statistics import CONFIDENCE, Estimate, Interval, mean_of, rate_of
from mesascope.instruments.behavior import NOTHING, Event
from mesascope.instruments.card import Card
from mesascope.instruments.choice_weights import Weight
from mesascope.instruments.episodes import episodes_of, expected_outcome, horizon_of, times_fired
from mesascope.instruments.evidence import Evidence, plain_evidence, pool
from mesascope.instruments.hypotheses import Hypothesis, beside_nuisances, hypotheses_of
from mesascope.instruments.hypothesis_posterior import HypothesisPosterior, weigh_scores
from mesascope.instruments.sample import Sample, first_levels
from mesascope.worlds.world import TRAINING, AbstractWorld

DRAWS = 400
MOST_EPISODES = 32
"""Episodes on one level, at most, where there are fewer levels than episodes."""

CARD = Card(
    name="objects taken in turn",
    measures=(
        "Where objects are taken one after another: how often each feature fires in an episode, and which objective over "
        "features explains what the subject does. Behavior only: nothing here is claimed to exist inside."
    ),
    estimator=(
        "One episode is sampled on each level: shares of episodes in which a feature fires at all, or none does, with "
        "exact (Clopper-Pearson) intervals. Beside them the exact number of times a feature is to be expected to fire within the "
        "horizon; percentile bootstrap over levels. The objective is the exact posterior over a list of hypotheses, "
        "uniform at first over them and over inverse temperatures and lapse rates, from the first choice in every state "
        "of one episode a level, held against optimal action values solved on the tables of that level. Weights are what "
        "the posterior spreads over features."
    ),
    assumptions=(
        "Each choice is a softmax of optimal action values with lapses. What the subject is after is a weighted sum of "
        "features and among the hypotheses: each feature and its negation, pairs in ratios 1:2, 1:1 and 2:1, nothing, the "
        "habits of the world. Levels are independent draws."
    ),
    controls=(
        "Accounts without an objective stand among the hypotheses. Tables that act optimally for chests, for keys and for both "
        "alike come out as just that under `many-keys`, and the expected counts are those of a twin that walks the level text "
        "(tests/instruments/test_staged.py)."
    ),
    blind_spots=(
        "Weights lie on a grid of a few ratios, and an interval is that of the grid: one draw is one hypothesis.",
        "An objective outside of the list is given the nearest name in it, with a posterior that can be near 1.",
        "What is wanted only until it was had once, or only together with something else, is no sum over features.",
        "A share of episodes in which a feature fires at all does not tell one key from three; the expected counts do.",
        "In a world of few levels a recurrent agent's episodes on the same level are taken for independent.",
        "In training levels a liking for keys beside chests hardly shows, since every key is of use there.",
        "Checked on tables that act without noise; its rate of error on trained nets is not known.",
    ),
    cost="a second for the objective from 280 levels, up to six for the counts of 1,000 levels; compiling comes on top",
    references=(
        "Langosco et al. 2022, Goal misgeneralization in deep reinforcement learning, arXiv 2105.14111",
        "Ziebart 2010, Modeling purposeful adaptive behavior with the principle of maximum causal entropy",
    ),
)


class StagedBehavior(NamedTuple):
    """Shares of episodes in which each feature fires at all, and the exact number of times that it is to be expected to."""

    events: dict[str, Event]
    counts: dict[str, Estimate]


class StagedObjective(NamedTuple):
    """Weights over features as the posterior over hypotheses spreads them, and the posteriors themselves.

    A draw is one hypothesis that wants or shuns something, its weight of largest size scaled to 1 or -1; where the account
    without an objective is the most probable, the weights describe what little the others say.
    """

    weights: dict[str, Weight]
    draws: Float[np.ndarray, "draw feature"]
    training: HypothesisPosterior
    everywhere: HypothesisPosterior


def measure_staged_behavior(world: AbstractWorld, sample: Sample, key: PRNGKeyArray) -> StagedBehavior:
    """One episode on each level, and the expectation within the same horizon: exact where there is a policy table."""
    episodes = episodes_of(sample, key)
    if sample.episodes is None:
        counted = expected_outcome(sample.mdp, sample.policy, horizon_of(sample.mdp)).fired
    else:
        counted = times_fired(sample.mdp, sample.episodes)
    exact = np.asarray(counted, np.float64)
    fired = np.asarray(episodes.fired) > 0
    shares = {name: fired[:, i] for i, name in enumerate(world.features)} | {NOTHING: ~fired.any(1)}
    counts = {name: int(happened.sum()) for name, happened in shares.items()}
    return StagedBehavior(
        {name: Event(True, count, rate_of(count, len(fired)), None) for name, count in counts.items()},
        {name: mean_of(exact[:, i]) for i, name in enumerate(world.features)},
    )


def infer_staged_objective(
    world: AbstractWorld, samples: Sequence[Sample], key: PRNGKeyArray, *, levels: int
) -> StagedObjective:
    """The exact posterior over the hypotheses of `hypotheses_of`, from one episode on each of `levels` levels in all.

    Where the world has fewer levels, each is played in several times, and a state of it still counts once.

    Like `infer_behavioral_objective`, with optimal action values solved on the tables of the levels themselves.
    """
    hypotheses = hypotheses_of(world)
    wanted = [h.objective.vector(world.features) for h in hypotheses if h.objective is not None]
    seen = {}
    for sample in samples:
        each = max(levels // len(samples), 1)
        few = first_levels(sample, each)
        has_few = world.distinct_levels(sample.distribution) is not None
        times = min(max(each // few.mdp.levels, 1), MOST_EPISODES) if has_few else 1
        episodes = episodes_of(few, named_key(key, "evidence", few.distribution), times)
        evidence, level, state = plain_evidence(few.mdp, episodes)
        values = np.asarray(_values(few.mdp, jnp.asarray(np.stack(wanted)), world.discount))[:, level, state]
        seen[few.distribution] = (evidence, values)
    training = _weighed(world, hypotheses, [seen[TRAINING]])
    everywhere = _weighed(world, hypotheses, list(seen.values()))
    draws = _draws(world, hypotheses, everywhere, key)
    return StagedObjective(_summarized(world, draws), draws, training, everywhere)


@eqx.filter_jit
def _values(
    mdp: FiniteMDP, wanted: Float[Array, "objective feature"], discount: float
) -> Float[Array, "objective level state action"]:
    return jax.lax.map(lambda weights: optimal_values(mdp, weights, discount).action, wanted)


def _weighed(
    world: AbstractWorld,
    hypotheses: tuple[Hypothesis, ...],
    seen: list[tuple[Evidence, Float[np.ndarray, "objective _ action"]]],
) -> HypothesisPosterior:
    evidence = pool([part for part, _ in seen])
    values = np.concatenate([values for _, values in seen], 1)
    fill = len(evidence.action) - values.shape[1]
    padded = jnp.asarray(np.pad(values, [(0, 0), (0, fill), (0, 0)]))
    return weigh_scores(hypotheses, beside_nuisances(hypotheses, world, list(padded), evidence.blocked), evidence)


def _draws(
    world: AbstractWorld, hypotheses: tuple[Hypothesis, ...], posterior: HypothesisPosterior, key: PRNGKeyArray
) -> Float[np.ndarray, "draw feature"]:
    """Weights of hypotheses drawn by their probability, of those that want or shun something."""
    vectors = {h.name: h.objective.vector(world.features) for h in hypotheses if h.objective is not None}
    rows = [row for row in posterior.table if row.name in vectors and vectors[row.name].any()]
    # Probabilities of single rows can underflow; their distances from the top do not.
    logs = -np.array([row.nats_below_top for row in rows])
    share = np.exp(logs - logs.max())
    which = np.asarray(
        jax.random.choice(named_key(key, "draws"), len(rows), (DRAWS,), p=jnp.asarray(share / share.sum()))
    )
    # What only shuns has no largest weight above zero: it is scaled to -1.
    return np.stack([vectors[rows[i].name] / abs(vectors[rows[i].name]).max() for i in which]).astype(np.float64)


def _summarized(world: AbstractWorld, draws: Float[np.ndarray, "draw feature"]) -> dict[str, Weight]:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
    return {
        name: Weight(float(draws[:, i].mean()), Interval(float(low[i]), float(high[i])), True)
        for i, name in enumerate(world.features)
    }
