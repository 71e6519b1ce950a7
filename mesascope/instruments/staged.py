"""What is measured where objects are taken one after another: how often each feature fires, and which objective explains it.

The instruments for worlds in which one touch ends the episode do not apply there; these look at the tables alone.
"""

from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from mesascope.core.mdp import FiniteMDP
from mesascope.core.rng import named_key
from mesascope.core.solver import Discount, optimal_values
from mesascope.core.statistics import Estimate, mean_of, rate_of
from mesascope.instruments.behavior import NOTHING, Event
from mesascope.instruments.card import Card
from mesascope.instruments.choice_weights import features_undecided
from mesascope.instruments.episodes import episodes_of, expected_outcome, horizon_of, times_fired
from mesascope.instruments.evidence import Evidence, plain_evidence, pool
from mesascope.instruments.grid_weights import EXPONENTS, MOST, GridWeights, WeightGrid, spread_over_grid, weight_grid
from mesascope.instruments.hypotheses import Hypothesis, beside_nuisances, hypotheses_of
from mesascope.instruments.hypothesis_posterior import HypothesisPosterior, log_likelihoods_by_unit, weigh_scores
from mesascope.instruments.sample import Sample, first_levels
from mesascope.worlds.world import TRAINING, AbstractWorld

MOST_STATES, MOST_SOLVED = 100_000, 30_000_000
"""States of the levels of one distribution that are read, at most; then states of all levels times objectives and discounts
that they are solved for, as far as the fewest objectives of a grid allow.
"""

FEWEST_LEVELS = 16
"""Levels from which on they are the independent unit; below, states of all levels are."""
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
        "horizon; percentile bootstrap over levels. Hypotheses: the exact posterior over a list, uniform at first over them and "
        "over inverse temperatures and lapse rates, from the first choice in every state of one episode a level, held against "
        "optimal action values solved on the tables of that level. Weights: the same over a grid of objectives and of the "
        "agent's own discounts, averaged over levels drawn again (Dirichlet weights); an interval reaches to the ends of the "
        "cells of the grid. From training levels alone and from all."
    ),
    assumptions=(
        "Each choice is a softmax of optimal action values with lapses, and what the subject is after a weighted sum of "
        "features; where levels disagree under that, intervals are wider. Levels are independent draws."
    ),
    controls=(
        "Accounts without an objective stand among the hypotheses. Agents of known objectives that act optimally, or take one "
        "step in ten at random, in every world: docs/organism_weights.md. Expected counts are those of a twin that walks the "
        "level text (tests/instruments/test_staged.py). A feature is said to be wanted only with a probability of 0.995."
    ),
    blind_spots=(
        "Weights lie on a grid: what differs by less than a cell of it is not told apart.",
        "An objective outside of the list is given the nearest name in it, with a posterior that can be near 1.",
        "What is wanted only until it was had once, or only together with something else, is no sum over features.",
        "A share of episodes in which a feature fires at all does not tell one key from three; the expected counts do.",
        "In a world of few levels states are taken for independent, and a recurrent agent's episodes on the same level too.",
        "In training levels a liking for keys beside chests hardly shows, since every key is of use there.",
        "Checked on tables and organisms; its rate of error on trained nets is not known.",
    ),
    cost="one to twenty seconds for the objective from 280 levels, up to six for the counts of 1,000; compiling comes on top",
    references=(
        "Langosco et al. 2022, Goal misgeneralization in deep reinforcement learning, arXiv 2105.14111",
        "Ziebart 2010, Modeling purposeful adaptive behavior with the principle of maximum causal entropy",
        "Rubin 1981, The Bayesian bootstrap, Annals of Statistics 9",
        "Huggins and Miller 2023, Reproducible model selection using bagged posteriors, Bayesian Analysis 18",
    ),
)


class StagedBehavior(NamedTuple):
    """Shares of episodes in which each feature fires at all, and the exact number of times that it is to be expected to."""

    events: dict[str, Event]
    counts: dict[str, Estimate]


class StagedObjective(NamedTuple):
    """Weights over the independent features from all levels and from training levels alone, and posteriors over hypotheses."""

    weights: GridWeights
    in_training: GridWeights
    training: HypothesisPosterior
    everywhere: HypothesisPosterior

    @property
    def unidentified(self) -> tuple[str, ...]:
        """Features of which training levels alone do not tell whether they are wanted."""
        return features_undecided(self.in_training.weights)


class _Seen(NamedTuple):
    """Choices in one distribution, and what each hypothesis and each objective of the grid makes of them."""

    evidence: Evidence
    named: Float[np.ndarray, "objective _ action"]
    grid: Float[np.ndarray, "exponent objective _ action"]


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
    few = [_affordable(sample, max(levels // len(samples), 1)) for sample in samples]
    solved = len(EXPONENTS) * sum(sample.mdp.levels * sample.mdp.states for sample in few)
    grid = weight_grid(len(world.independent_features), min(MOST, MOST_SOLVED // solved))
    columns = [world.features.index(feature) for feature in world.independent_features]
    spread = np.zeros((len(grid.weights), len(world.features)), np.float32)
    spread[:, columns] = grid.weights
    objectives = jnp.asarray(np.concatenate([np.stack(wanted), spread]))
    # Arrays, so that one program solves for every discount.
    discounts = [jnp.asarray(world.discount**power) for power in EXPONENTS]
    seen = {}
    for sample in few:
        has_few = world.distinct_levels(sample.distribution) is not None
        times = min(max(levels // len(samples) // sample.mdp.levels, 1), MOST_EPISODES) if has_few else 1
        episodes = episodes_of(sample, named_key(key, "evidence", sample.distribution), times)
        evidence, level, state = plain_evidence(sample.mdp, episodes)
        values = [np.asarray(_values(sample.mdp, objectives, power))[:, level, state] for power in discounts]
        own = np.stack([each[len(wanted) :] for each in values])
        seen[sample.distribution] = _Seen(evidence, values[EXPONENTS.index(1.0)][: len(wanted)], own)
    home, everywhere = [seen[TRAINING]], list(seen.values())
    rng = np.random.default_rng(np.asarray(jax.random.bits(named_key(key, "levels drawn again"), (4,))))
    return StagedObjective(
        _weighted(world, grid, everywhere, rng),
        _weighted(world, grid, home, rng),
        _weighed(world, hypotheses, home),
        _weighed(world, hypotheses, everywhere),
    )


@eqx.filter_jit
def _values(
    mdp: FiniteMDP, wanted: Float[Array, "objective feature"], discount: Discount
) -> Float[Array, "objective level state action"]:
    return jax.lax.map(lambda weights: optimal_values(mdp, weights, discount).action, wanted)


def _weighed(world: AbstractWorld, hypotheses: tuple[Hypothesis, ...], seen: Sequence[_Seen]) -> HypothesisPosterior:
    evidence, padded = _pooled([part.evidence for part in seen], [part.named for part in seen])
    return weigh_scores(hypotheses, beside_nuisances(hypotheses, world, list(padded), evidence.blocked), evidence)


def _weighted(world: AbstractWorld, grid: WeightGrid, seen: Sequence[_Seen], rng: np.random.Generator) -> GridWeights:
    logs = []
    for power in range(len(EXPONENTS)):
        evidence, padded = _pooled([part.evidence for part in seen], [part.grid[power] for part in seen])
        unit, units = _units(evidence)
        found = np.asarray(log_likelihoods_by_unit(padded, evidence, unit, units), np.float64)
        logs.append(found.reshape(len(grid.weights), -1, units)[..., : int(unit.max()) + 1])
    return spread_over_grid(grid, np.stack(logs, 1), world.independent_features, rng)


def _affordable(sample: Sample, levels: int) -> Sample:
    """So many levels of a sample; fewer where a level has very many states."""
    return first_levels(sample, min(levels, max(MOST_STATES // sample.mdp.states, FEWEST_LEVELS)))


def _pooled(
    parts: Sequence[Evidence], values: Sequence[Float[np.ndarray, "objective _ action"]]
) -> tuple[Evidence, Float[Array, "objective row action"]]:
    evidence, joined = pool(parts), np.concatenate(values, 1)
    fill = len(evidence.action) - joined.shape[1]
    return evidence, jnp.asarray(np.pad(joined, [(0, 0), (0, fill), (0, 0)]))


def _units(evidence: Evidence) -> tuple[Int[Array, " row"], int]:
    """The independent unit of each choice, its level, and how many there are at most; in a world of few levels its state."""
    real = np.asarray(evidence.counts)
    level = np.unique(np.where(real, np.asarray(evidence.level), 0), return_inverse=True)[1]
    if level.max() + 1 >= FEWEST_LEVELS:
        return jnp.asarray(level), -(-(int(level.max()) + 1) // 64) * 64
    return jnp.arange(len(real)) % 256, 256
