"""The behavioral objective: what a subject's behavior appears to be after, and what training alone leaves open."""

from collections.abc import Sequence
from typing import NamedTuple

from jaxtyping import Array, Bool, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.instruments.apparent import plain_states
from mesascope.instruments.card import Card
from mesascope.instruments.choice_weights import WeightPosterior, fit_choice_weights
from mesascope.instruments.decisions import decisions_of, pool_decisions
from mesascope.instruments.episodes import episodes_of
from mesascope.instruments.evidence import evidence_from_episodes, pool
from mesascope.instruments.first_touch import first_touch
from mesascope.instruments.hypotheses import hypotheses_of
from mesascope.instruments.hypothesis_posterior import HypothesisPosterior, Identifiability, identify, weigh
from mesascope.instruments.sample import Sample, first_levels
from mesascope.worlds.world import TRAINING, AbstractWorld

CARD = Card(
    name="behavioral objective",
    measures=(
        "What the behavior appears to be after (what inverse reinforcement learning recovers), and which objectives "
        "training levels alone cannot tell apart. Behavior only: nothing here is claimed to exist inside."
    ),
    estimator=(
        "Hypotheses: exact posterior over features, negated features, pairs with the base objective, nothing, and policies "
        "without any objective, each with a grid of inverse temperatures and lapse rates; a step follows "
        "(1 - e) softmax(b Q*) + e/|A|. Weights: the decisions of one episode on each level (first visits to states in which "
        "some action touches an object, or two objects call for different actions) under a mixture of models of choice: decided "
        "anew at every step, (1 - e) softmax(b Q) + e/|A|; decided once, an object in proportion to exp(c g^k v), and then "
        "followed; or a blind walk. Weights, b, c, lapse rate e, the agent's own discount g and horizon, and the shares of the "
        "mixture are sampled together: tempered from the prior (sequential Monte Carlo), then random-walk Metropolis. Weights "
        "are scaled so that the largest is 1; in the prior they are normal, and one in five is exactly 0. A recurrent subject's "
        "decisions are those of its rollouts."
    ),
    assumptions=(
        "Touching any object ends the episode. An object's value is the sum of the weights of its shape and its color. One "
        "episode of each level, so levels are independent. The agent decides in one of the ways of the mixture. Where a place "
        "ends the episode that no view shows, states count in which it makes no difference whether the agent knows of it."
    ),
    controls=(
        "Negated, null and nuisance hypotheses stand beside the objectives; lapses and blind walks absorb what is no choice; "
        "intervals are held against agents of known weights that decide in twelve ways (docs/coverage.md). A feature is said to "
        "be wanted only with a posterior probability of 0.995."
    ),
    blind_spots=(
        "Not being after an object and shunning it look alike: weights far below zero only say that it is not pursued.",
        "Preferences that are not a sum of weights (a liking for what has two features at once) are forced into one.",
        "A hypothesis that is not on the grid cannot win; the most probable one may still be a poor account.",
        "An agent that behaves so for another reason, or only where it was looked at, has the same posterior.",
        "What a recurrent agent does for what it remembers is read as if it depended on the state alone, or as a lapse.",
    ),
    cost="some 250 episodes and 512 walks of some 240 steps: about five seconds",
    references=(
        "Ng and Russell 2000, Algorithms for inverse reinforcement learning",
        "Ramachandran and Amir 2007, Bayesian inverse reinforcement learning",
        "Baker, Saxe and Tenenbaum 2009, Action understanding as inverse planning",
        "McFadden 1974, Conditional logit analysis of qualitative choice behavior",
        "Skalse et al. 2023, Invariance in policy optimisation and partial identifiability in reward learning, 2203.07475",
        "Del Moral, Doucet and Jasra 2006, Sequential Monte Carlo samplers",
    ),
)


class BehavioralObjective(NamedTuple):
    """Weights from all levels, and the posterior over hypotheses from training levels alone and from all."""

    weights: WeightPosterior
    training: HypothesisPosterior
    everywhere: HypothesisPosterior
    identifiability: Identifiability


Readable = Bool[Array, "level state"] | None
"""States whose decisions can be read; None for all of them."""


def infer_weights(
    world: AbstractWorld, samples: Sequence[Sample], key: PRNGKeyArray, *, levels: int
) -> WeightPosterior:
    """The weights alone, from the decisions of one episode on each of `levels` levels in all."""
    return _weights(world, *_readable(world, samples, levels), key)


def _weights(world: AbstractWorld, few: list[Sample], read: list[Readable], key: PRNGKeyArray) -> WeightPosterior:
    decisions = pool_decisions(
        [
            decisions_of(
                world.outcomes(s.levels),
                s.mdp,
                episodes_of(s, named_key(key, "choices", s.distribution)),
                world.discount,
                allowed=allowed,
            )
            for s, allowed in zip(few, read, strict=True)
        ]
    )
    return fit_choice_weights(
        decisions, world.independent_features, world.features, world.discount, named_key(key, "weights")
    )


def _readable(world: AbstractWorld, samples: Sequence[Sample], levels: int) -> tuple[list[Sample], list[Readable]]:
    """Equally many levels of each sample, and the states whose decisions can be read."""
    few = [first_levels(sample, max(levels // len(samples), 1)) for sample in samples]
    return few, [plain_states(world, s.levels, world.outcomes(s.levels), s.mdp) for s in few]


def infer_behavioral_objective(
    world: AbstractWorld, samples: Sequence[Sample], key: PRNGKeyArray, *, levels: int
) -> BehavioralObjective:
    """Infer from one episode on each of `levels` levels in all, equally many of every distribution in `samples`.

    One of the samples must be of the training distribution.
    """
    few, read = _readable(world, samples, levels)
    weights = _weights(world, few, read, key)
    hypotheses = hypotheses_of(world)
    seen = {
        s.distribution: evidence_from_episodes(
            world.outcomes(s.levels),
            s.mdp,
            episodes_of(s, named_key(key, "evidence", s.distribution)),
            allowed,
            discount=world.discount,
        )
        for s, allowed in zip(few, read, strict=True)
    }
    training = weigh(hypotheses, world, seen[TRAINING])
    everywhere = weigh(hypotheses, world, pool(list(seen.values())))
    home = next(s for s in few if s.distribution == TRAINING)
    outcomes = world.outcomes(home.levels)
    touch = first_touch(outcomes, home.mdp, world.discount)
    return BehavioralObjective(
        weights, training, everywhere, identify(world, hypotheses, training, outcomes, touch, home.mdp)
    )
