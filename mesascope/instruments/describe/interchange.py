"""Which algorithm a subject runs, if any in a small library: interchange interventions through linear maps (T6)."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate
from mesascope.core.subject import AbstractSubject, State
from mesascope.instruments.card import Card
from mesascope.instruments.describe.alignment_map import Whitened, exchange_matrix, whiten
from mesascope.instruments.describe.pursued import pursue
from mesascope.instruments.describe.recording import channels, follow, resume
from mesascope.instruments.interventions.counts import Count, beyond, compare
from mesascope.instruments.sample import Sample
from mesascope.worlds.strategies import Algorithm, AlgorithmLibrary, run_on
from mesascope.worlds.world import AbstractWorld

LEAST = 0.5
"""An algorithm is named only if it foretells more than this, with its interval; chance is 0."""

PACES = (1, 2)
"""Steps of an algorithm to a tick of the subject."""

SHARED = 0.1
"""Least share of variance between state and variables for a direction to be exchanged."""

PARTNERS = 16
"""Levels that each base level is tried with."""

NONE = "none"

CARD = Card(
    name="algorithm",
    measures=(
        "Which algorithm of a small library foretells what a subject does when part of its state is taken over from a run on "
        "another level: value iteration, latched breadth-first, compass, lookup, and what else the world knows."
    ),
    estimator=(
        "Interchange intervention (restricted causal abstraction): the best linear map from a cell's state to an algorithm's "
        "variables is fitted on one half of the levels; on the other its row space is exchanged, in half of the cells and at "
        "one tick, between two runs, and the subject runs on. Foretold: probability of the actions that the algorithm takes "
        "under the same exchange, beyond chance (0) up to 1. Scored are cells where some algorithm takes none of the actions "
        "that copying would give. Tick and pace are chosen on the first half. Named is the algorithm farthest beyond the "
        "highest of its nulls, if that difference is above 0 and it foretells above 0.5, with their intervals; bootstrap "
        "over levels."
    ),
    assumptions="Variables are held by cell, and linearly. Objectives as by behavior. Both goals lie in the exchanged half.",
    controls=(
        "Content from a third level whose goal also lies in that half; the untrained network with its own map, tick and "
        "pace; the whole state exchanged is shown beside. Maps are linear and cell by cell: unrestricted ones fit anything."
    ),
    blind_spots=(
        "Decides nothing. It compares a few algorithms; the true one may not be among them, and none is a common answer.",
        "A subject that reads the level again at every tick undoes the exchange: a recall planner comes out as none.",
        "A breadth-first search that has finished holds answers cell by cell, as a lookup table does: rivals then.",
        "A feed-forward net that unrolls value iteration is named so.",
        "A table keyed by its own state would foretell as the algorithm that filled it.",
        "An untrained network answers nearly evenly, so that it agrees with nothing: a weak null.",
        "The rule for pairs and cells was settled while looking at planner, lookup, compass and one trained net.",
    ),
    cost="some 60 short runs of the subject on at most 128 levels",
    references=(
        "Geiger et al. 2021, Causal abstractions of neural networks, arXiv 2106.02997; Geiger et al. 2024, arXiv 2303.02536",
        "Sutter et al. 2025, arXiv 2507.08802 (non-linear maps make causal abstraction vacuous)",
        "Knutson et al. 2024, arXiv 2410.03020 (a maze network that filled dead ends)",
    ),
)


class Arm(NamedTuple):
    """How an algorithm is aligned: the subject's state, and the algorithm's steps to a tick."""

    tick: int
    pace: int


class Score(NamedTuple):
    """How well an algorithm foretells the subject under interchange, its nulls, and what is beyond the highest of them."""

    algorithm: str
    arm: Arm
    foretold: Estimate
    shuffled: Estimate
    untrained: Estimate | None
    beyond: Estimate
    whole_state: Estimate


class Identified(NamedTuple):
    """The algorithm that foretells best, or `none`; those that are not told apart from it; every score."""

    name: str
    rivals: tuple[str, ...]
    scores: tuple[Score, ...]
    cells: int
    pairs: int


class _Foretold(NamedTuple):
    """Answers of an algorithm on base and source, and under interchange; its aligned variables before that."""

    base: Bool[Array, "level height width action"]
    source: Bool[Array, "level height width action"]
    exchanged: Bool[Array, "level height width action"]
    aligned: Float[Array, "level height width variable"]


class Pairs(NamedTuple):
    """For each level as base: the level to take over from, another one for a control, and the region that is taken over.

    Only `fit` pairs count: there both goals lie in the region, so that the exchanged level has one, as in training.
    """

    source: Int[np.ndarray, " level"]
    other: Int[np.ndarray, " level"]
    region: Bool[np.ndarray, "level height width"]
    fit: Bool[np.ndarray, " level"]


class _Bench(NamedTuple):
    """What all algorithms and networks share: pairs, regions, predictions by algorithm, tick and pace, cells by tick."""

    pairs: Pairs
    foretold: dict[tuple[str, int, int], _Foretold]
    variables: dict[tuple[str, int, int], Whitened]
    cells: dict[int, Bool[np.ndarray, "level height width"]]
    choosing: Bool[np.ndarray, " level"]
    library: AlgorithmLibrary


def library_of(world: AbstractWorld) -> AlgorithmLibrary:
    """The algorithms to compare with. `UsageError` for a world that names none."""
    if world.algorithms is None:
        raise UsageError(f"{world.name} names no algorithms to compare a subject with")
    return world.algorithms


def identify_algorithm(
    world: AbstractWorld,
    subject: AbstractSubject,
    untrained: AbstractSubject | None,
    sample: Sample,
    weights: Float[np.ndarray, " feature"],
    key: PRNGKeyArray,
) -> Identified:
    """Compare a subject that is after `weights` with each algorithm of the library. Describes and decides nothing."""
    bench = _prepare(world, subject, sample, weights, key)
    own = _Network(subject, sample)
    twin = None if untrained is None else _Network(untrained, sample)
    tried = [_score(bench, algorithm, own, twin) for algorithm in bench.library.algorithms]
    scores = tuple(score for score, _ in tried)
    named = [i for i, s in enumerate(scores) if s.beyond.interval.low > 0 and s.foretold.interval.low > LEAST]
    cells = bench.cells[min(bench.cells)][~bench.choosing]
    size = int(cells.sum()), int(cells.any((1, 2)).sum())
    if not named:
        return Identified(NONE, (), scores, *size)
    best = max(named, key=lambda i: scores[i].beyond.value)
    rivals = [i for i in named if i != best and not _ahead(tried[best][1], tried[i][1]).interval.low > 0]
    return Identified(scores[best].algorithm, tuple(scores[i].algorithm for i in rivals), scores, *size)


def exchange_ticks(ticks: int, reads_until: int) -> tuple[int, ...]:
    """States to exchange in: a quarter and a half of the way, and not before a glance is over."""
    seen = reads_until if reads_until < ticks else 1
    return tuple(sorted({max(min(max(ticks // part, seen), ticks - 1), 0) for part in (4, 2)}))


@eqx.filter_jit
def _foretell(algorithm: Algorithm, base: Any, source: Any, region, before: Array, after: Array) -> _Foretold:
    own, other = (run_on(algorithm, algorithm.begin(level), before) for level in (base, source))
    mixed = jnp.where(region[..., None], other, own)
    before_it, beside, exchanged = (algorithm.answer(run_on(algorithm, v, after)) for v in (own, other, mixed))
    return _Foretold(before_it, beside, exchanged, algorithm.aligned(own))


def _prepare(world: AbstractWorld, subject: AbstractSubject, sample: Sample, weights, key: PRNGKeyArray) -> _Bench:
    library = library_of(world)
    level = _problem(world, library, sample, weights)
    count, (height, width) = len(sample.levels), level.worth.shape[1:]
    choosing = np.arange(count) % 2 == 0
    pairs = draw_pairs(level.worth, named_key(key, "pairs"))
    source, region = pairs.source, pairs.region
    partner = jax.tree.map(lambda x: x[source], level)
    foretold = {}
    cells = {}
    for tick in exchange_ticks(subject.ticks, subject.reads_until):
        novel = np.zeros((count, height, width), bool)
        for algorithm in library.algorithms:
            for pace in PACES if algorithm.moves else PACES[:1]:
                steps = jnp.array(pace * tick), jnp.array(pace * (subject.ticks - tick))
                found = _foretell(algorithm, level, partner, jnp.asarray(region), *steps)
                foretold[algorithm.name, tick, pace] = jax.tree.map(np.asarray, found)
                if pace == PACES[0]:
                    copied = jnp.where(jnp.asarray(region)[..., None], found.source, found.base)
                    novel |= np.asarray(~(found.exchanged & copied).any(-1))
        taken = np.asarray(jnp.where(region, partner.closed, level.closed)) > 0
        reached = ~foretold[library.algorithms[0].name, tick, PACES[-1]].exchanged.all(-1)
        cells[tick] = novel & ~taken & reached & pairs.fit[:, None, None]
    variables = {}
    for arm, found in foretold.items():
        rows = np.asarray(found.aligned)[choosing].astype(np.float64)
        variables[arm] = whiten(rows.reshape(-1, rows.shape[-1]))
    return _Bench(pairs, foretold, variables, cells, choosing, library)


def _problem(
    world: AbstractWorld, library: AlgorithmLibrary, sample: Sample, weights: Float[np.ndarray, " feature"]
) -> Any:
    wanted = jnp.asarray(weights) / max(float(np.abs(weights).max()), 1e-9)
    pursued = pursue(world, sample.levels, sample.mdp, wanted, jnp.asarray(world.discount))
    return library.problem(sample.levels, wanted, pursued.optimal | ~pursued.cells[..., None])


def draw_pairs(worth: Float[Array, "level height width"], key: PRNGKeyArray) -> Pairs:
    """Pair each level with one of the next `PARTNERS` of its half (even or odd), in a random half of its cells."""
    values = np.asarray(worth)
    count, height, width = values.shape
    row, column = np.mgrid[:height, :width]
    halves = np.stack([row < height // 2, row > height // 2, column < width // 2, column > width // 2])
    goal = (values > 1e-6) & (values >= values.max((1, 2), keepdims=True) - 1e-6)
    inside = (goal[:, None] <= halves).all((2, 3)) & goal.any((1, 2))[:, None]
    # Partners stay within their half: what is scored has never been seen.
    partners = (np.arange(count)[:, None] + 2 * np.arange(1, PARTNERS + 1)) % (count - count % 2 or count)
    both = inside[:, None] & inside[partners]
    noise = np.asarray(jax.random.uniform(key, both.shape)) + both
    best = noise.reshape(count, -1).argsort(1)[:, ::-1]
    partner, region = np.divmod(best[:, 0], len(halves))
    fit = np.take_along_axis(both.reshape(count, -1), best[:, :1], 1)[:, 0]
    level = np.arange(count)
    source = partners[level, partner]
    # The control's content comes from a level that is as fit: a goal in the same region, and another one.
    usable = inside[partners, region[:, None]] & (partners != source[:, None])
    other = partners[level, (usable + 1e-6 * np.arange(PARTNERS)).argmax(1)]
    return Pairs(source, other, halves[region], fit)


class _Network:
    """A network with all of its states on the sample, and its answers when some of a state comes from elsewhere."""

    def __init__(self, subject: AbstractSubject, sample: Sample):
        self._subject, self._observation = subject, sample.observation
        self._states = follow(subject, sample.observation).states
        self._sizes = {site: value.shape[-1] for site, value in sorted(self._states.items())}
        self._flat = channels(self._states)
        self._held: dict[int, Whitened] = {}

    def held(self, tick: int, levels: Bool[np.ndarray, " level"]) -> Whitened:
        """What the cells of the levels that choose hold; worked out once for each tick."""
        if tick not in self._held:
            flat = np.asarray(self._flat[tick])[levels].astype(np.float64)
            self._held[tick] = whiten(flat.reshape(-1, flat.shape[-1]))
        return self._held[tick]

    def exchanged(
        self, tick: int, matrix: np.ndarray | None, bench: _Bench, levels: np.ndarray, source: np.ndarray
    ) -> Float[np.ndarray, "level height width action"]:
        """The policy on `levels` after the exchange along a matrix (None: of everything) in each level's region."""
        at = np.flatnonzero(levels)
        own, other = self._flat[tick][at], self._flat[tick][source[at]]
        region = jnp.asarray(bench.pairs.region[at])[..., None]
        if matrix is not None:
            other = own + (other - own) @ jnp.asarray(matrix, jnp.float32)
        new = jnp.where(region, other, own)
        ends = np.cumsum(list(self._sizes.values()))[:-1]
        state: State = dict(zip(self._sizes, jnp.split(new, ends, -1), strict=True))
        policy = np.asarray(resume(self._subject, state, self._observation[at], jnp.array(tick)))
        return policy.reshape(*bench.pairs.region[at].shape, -1)


def _score(
    bench: _Bench, algorithm: Algorithm, own: _Network, twin: _Network | None
) -> tuple[Score, tuple[Count, ...]]:
    arm, matrix = _align(bench, algorithm, own)
    scoring = ~bench.choosing
    told = _count(bench, algorithm, arm, own, matrix, scoring, bench.pairs.source)
    nulls = [_count(bench, algorithm, arm, own, matrix, scoring, bench.pairs.other)]
    if twin is not None:
        its_arm, its_matrix = _align(bench, algorithm, twin)
        nulls.append(_count(bench, algorithm, its_arm, twin, its_matrix, scoring, bench.pairs.source))
    whole = _count(bench, algorithm, arm, own, None, scoring, bench.pairs.source)
    estimates = [null.estimate() for null in nulls]
    arms = (told, *nulls)
    return Score(
        algorithm.name,
        arm,
        told.estimate(),
        estimates[0],
        estimates[1] if twin is not None else None,
        compare(arms, beyond),
        whole.estimate(),
    ), arms


def _align(bench: _Bench, algorithm: Algorithm, network: _Network) -> tuple[Arm, np.ndarray]:
    """The alignment that foretells best on the half that chooses; the map itself is fitted there too."""
    best: tuple[float, Arm, np.ndarray] | None = None
    for name, tick, pace in bench.foretold:
        if name != algorithm.name:
            continue
        arm = Arm(tick, pace)
        matrix = exchange_matrix(network.held(tick, bench.choosing), bench.variables[name, tick, pace], SHARED)
        share = np.nan_to_num(_count(bench, algorithm, arm, network, matrix, bench.choosing, bench.pairs.source).share)
        if best is None or share > best[0]:
            best = share, arm, matrix
    assert best is not None
    return best[1], best[2]


def _count(
    bench: _Bench,
    algorithm: Algorithm,
    arm: Arm,
    network: _Network,
    matrix: np.ndarray | None,
    levels: Bool[np.ndarray, " level"],
    source: Int[np.ndarray, " level"],
) -> Count:
    """Compare the subject's answers, with `source` exchanged, with what is foretold for the true partner."""
    policy = network.exchanged(arm.tick, matrix, bench, levels, source)
    sets = np.asarray(bench.foretold[algorithm.name, arm.tick, arm.pace].exchanged)[levels]
    cells = bench.cells[arm.tick][levels]
    return Count((agreement(policy, sets) * cells).sum((1, 2)), cells.sum((1, 2)).astype(np.float64))


def agreement(
    policy: Float[np.ndarray, "*cells action"], sets: Bool[np.ndarray, "*cells action"]
) -> Float[np.ndarray, "*cells"]:
    """Probability of the foretold actions beyond chance: 1 if all is on them, 0 if as much as their share of actions.

    0 where all actions are foretold, which is no answer.
    """
    chance = sets.mean(-1)
    room = np.where(chance < 1, 1 - chance, 1.0)
    return np.where(chance < 1, ((policy * sets).sum(-1) - chance) / room, 0.0)


def _ahead(first: tuple[Count, ...], second: tuple[Count, ...]) -> Estimate:
    """By how much one algorithm is farther beyond its nulls than another; paired by level."""
    arms = len(first)
    return compare([*first, *second], lambda shares: beyond(shares[:, :arms]) - beyond(shares[:, arms:]))
