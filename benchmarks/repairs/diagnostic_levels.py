"""Which levels tell most about what a subject is after: those whose outcome is expected to teach most (Lindley 1956).

A candidate is a level with a start, its outcome the object that is touched first, or none. The information that it is
expected to give is the mutual information between the hypothesis and the outcome, under the posterior so far.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from benchmarks.repairs.touched import touched_first
from mesascope.core.rng import named_key
from mesascope.core.rollouts import draw_starts
from mesascope.instruments.card import Card
from mesascope.instruments.evidence import Evidence
from mesascope.instruments.first_touch import first_touch
from mesascope.instruments.hypotheses import Hypothesis, scores
from mesascope.instruments.sample import level_tables
from mesascope.worlds.grids.grid import GridLevels, object_features
from mesascope.worlds.world import AbstractWorld

INVERSE_TEMPERATURES = (30.0, 300.0)
LAPSES = (0.01, 0.1)
"""Noise that hypotheses are read under: the outcome's probability is averaged over all pairs of these."""

TOLD = 0.25
"""Total variation between outcomes from which on a candidate tells two hypotheses apart."""

CARD = Card(
    name="diagnostic levels",
    measures="Which of many levels to look at next, to learn most about what a subject is after from as few as possible.",
    estimator=(
        "For every hypothesis and every candidate, a level with a start, the exact probability of what is touched first, "
        "averaged over a few noise levels. The candidate of largest mutual information between hypothesis and outcome is "
        "looked at, the posterior updated, and so on."
    ),
    assumptions=(
        "What the subject is after is among the hypotheses, which are equally probable at first. Outcomes of different "
        "levels are independent given the hypothesis; noise is averaged within each level and not learned across them."
    ),
    controls="Levels taken at random from the same candidates, and from training levels only.",
    blind_spots=(
        "Hypotheses that no candidate tells apart are one: in small mazes a door weighed twice as much as red is just a door.",
        "Where training levels cannot tell two objectives apart, no choice among training levels can.",
        "A subject that is after something outside of the hypotheses is told as the nearest of them.",
        "Only what is touched first counts: the way there, which tells more, is not used.",
        "Greedy: two levels that tell much only together are not found.",
    ),
    cost="seconds for a hundred candidates and some forty hypotheses",
    references=("Lindley 1956, On a measure of the information provided by an experiment, Ann. Math. Statist. 27",),
)


class Candidates(NamedTuple):
    """Levels with a start each, and the probability of each outcome under each hypothesis; the last outcome is nothing."""

    levels: GridLevels
    start: Float[Array, "candidate state"]
    table: Float[np.ndarray, "hypothesis candidate outcome"]


class Looked(NamedTuple):
    """The candidates looked at in turn, and the posterior after each; the first row is the prior."""

    order: tuple[int, ...]
    posterior: Float[np.ndarray, "step hypothesis"]


def draw_candidates(
    world: AbstractWorld, hypotheses: tuple[Hypothesis, ...], levels: GridLevels, key: PRNGKeyArray
) -> Candidates:
    """The levels with a random start each, where they have one, and what each hypothesis makes of them."""
    mdp, _ = level_tables(world, levels)
    start = jax.nn.one_hot(draw_starts(mdp.initial, named_key(key, "start")), mdp.states)
    return Candidates(levels, start, np.asarray(_table(world, hypotheses, levels, start), np.float64))


@eqx.filter_jit
def _table(
    world: AbstractWorld,
    hypotheses: tuple[Hypothesis, ...],
    levels: GridLevels,
    start: Float[Array, "candidate state"],
) -> Float[Array, "hypothesis candidate outcome"]:
    mdp = world.tables(levels)
    touch = first_touch(world.outcomes(levels), mdp, world.discount)
    rows = levels.count * mdp.states
    here = jnp.arange(mdp.states, dtype=mdp.successor.dtype)[:, None]
    everywhere = Evidence(
        action=jnp.zeros(rows, jnp.int32),
        counts=jnp.ones(rows, bool),
        level=jnp.repeat(jnp.arange(levels.count), mdp.states),
        enters=touch.enters.reshape(rows, *touch.enters.shape[2:]),
        reach=touch.reach.reshape(rows, *touch.reach.shape[2:]),
        blocked=(mdp.successor[..., 0] == here).reshape(rows, mdp.actions),
        objects=jnp.repeat(object_features(levels), mdp.states, axis=0),
    )
    worth = scores(hypotheses, world, everywhere).reshape(-1, levels.count, mdp.states, mdp.actions)

    def outcomes(noise: Float[Array, "2"], score: Float[Array, "level state action"]):
        policy = (1.0 - noise[1]) * jax.nn.softmax(noise[0] * score) + noise[1] / mdp.actions
        return touched_first(levels, mdp, policy, start)

    pairs = jnp.array([(b, lapse) for b in INVERSE_TEMPERATURES for lapse in LAPSES])
    return jax.lax.map(lambda score: jax.lax.map(lambda noise: outcomes(noise, score), pairs).mean(0), worth)


def information(
    posterior: Float[np.ndarray, " hypothesis"], table: Float[np.ndarray, "hypothesis candidate outcome"]
) -> Float[np.ndarray, " candidate"]:
    """Expected fall of the posterior's entropy in nats: H(outcome) - E H(outcome | hypothesis)."""
    expected = np.einsum("h,hco->co", posterior, table)
    return _entropy(expected) - np.einsum("h,hc->c", posterior, _entropy(table))


def _entropy(shares: Float[np.ndarray, "*tables outcome"]) -> Float[np.ndarray, "*tables"]:
    safe = np.where(shares > 0, shares, 1.0)
    return -(safe * np.log(safe)).sum(-1)


def look_at_most_telling(
    table: Float[np.ndarray, "hypothesis candidate outcome"], outcome: Int[np.ndarray, " candidate"], most: int
) -> Looked:
    """Look at the most telling candidate, learn its outcome, and go on, `most` times; none is looked at twice."""
    prior = np.full(len(table), 1.0 / len(table))
    order: list[int] = []
    posterior, rows = prior, [prior]
    for _ in range(min(most, len(outcome))):
        gain = information(posterior, table)
        gain[order] = -np.inf
        order.append(int(gain.argmax()))
        posterior = _updated(posterior, table, order[-1], outcome)
        rows.append(posterior)
    return Looked(tuple(order), np.stack(rows))


def look_in_order(
    table: Float[np.ndarray, "hypothesis candidate outcome"],
    outcome: Int[np.ndarray, " candidate"],
    order: Int[np.ndarray, " look"],
) -> Looked:
    """Look at candidates in an order given beforehand."""
    prior = np.full(len(table), 1.0 / len(table))
    rows = [prior]
    for candidate in order:
        rows.append(_updated(rows[-1], table, int(candidate), outcome))
    return Looked(tuple(int(c) for c in order), np.stack(rows))


def _updated(
    posterior: Float[np.ndarray, " hypothesis"],
    table: Float[np.ndarray, "hypothesis candidate outcome"],
    candidate: int,
    outcome: Int[np.ndarray, " candidate"],
) -> Float[np.ndarray, " hypothesis"]:
    weighed = posterior * np.maximum(table[:, candidate, outcome[candidate]], 1e-12)
    return weighed / weighed.sum()


def alike(table: Float[np.ndarray, "hypothesis candidate outcome"], truth: int) -> Bool[np.ndarray, " hypothesis"]:
    """Hypotheses that no candidate tells from a given one: on each, outcomes differ by less than `TOLD` in total variation."""
    return (0.5 * np.abs(table - table[truth]).sum(-1)).max(1) < TOLD


def looks_needed(looked: Looked, true: Bool[np.ndarray, " hypothesis"], sure: float) -> int | None:
    """Looks after which the true hypotheses together have at least the probability `sure` for the first time; None if
    they never have.
    """
    reached = np.flatnonzero(looked.posterior @ true >= sure)
    return int(reached[0]) if len(reached) else None
