"""The learned algorithm: the shortest program of a small library that does what the subject does, and whether it goes on."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from mesascope.core.statistics import Estimate, ratio_of
from mesascope.instruments.card import Card
from mesascope.instruments.programs import LOOKUP, Program, choices, programs_of, schemes_of
from mesascope.instruments.sample import Sample
from mesascope.worlds.world import AbstractWorld

LEAST = 0.9
"""A program is named only if it matches at least this share of what the subject does, with its interval."""

NONE = "none of these"

CARD = Card(
    name="learned algorithm",
    measures=(
        "Which short program does what the subject does on training levels, and whether that program still does under shift. "
        "Behavior only."
    ),
    estimator=(
        "Match: probability that the subject gives to a program's actions, over cells in which the program says anything; "
        "overall, and in cells where some other program shares no action with it. Length: bits of the program plus "
        "expected bits of one action in each start cell of the training levels, coded as the program's choice with a lapse "
        "rate fitted to it (log2(n) / 2 bits). A lookup table stores two bits an action. The shortest that matches at least 0.9 "
        "is named, with those of equal match and length; bootstrap over levels."
    ),
    assumptions="The library holds the program. Weights of the planner are the behavioral objective's.",
    controls=(
        "The lookup table is the length to beat. The second figure leaves out cells that say nothing about which program it is."
    ),
    blind_spots=(
        "Decides nothing: a table with the same answers, staged or not, is the same program here.",
        "A lookup table matches anything on the levels it stores; on fresh levels it says nothing.",
        "Program lengths are those of this library: a few bits more or less mean nothing.",
        "What no program of the library does is none of these, however orderly it is.",
        "Objectives that training levels do not tell apart give programs of equal length: all are listed.",
    ),
    cost="a few seconds for 256 levels of each distribution",
    references=(
        "Rissanen 1978, Modeling by shortest data description; Grünwald 2007, The minimum description length principle",
        "Hubinger et al. 2019, section 2.1 (search as compression of complex policies)",
    ),
)


class Match(NamedTuple):
    """A program on one distribution: None where it has nothing to say, or no rival."""

    share: Estimate | None
    contested: Estimate | None
    speaks: float


class ProgramScore(NamedTuple):
    """A program's length, the length of the subject's actions given it, and its match on each distribution."""

    program: str
    scheme: str
    program_bits: float
    data_bits: float
    total_bits: float
    matches: dict[str, Match]


class LearnedAlgorithmFinding(NamedTuple):
    """The program named, those as short that match as well, all scores from short to long, and how many actions."""

    name: str
    tied: tuple[str, ...]
    scores: tuple[ProgramScore, ...]
    actions: int


def name_learned_algorithm(
    world: AbstractWorld, samples: Sequence[Sample], weights: Float[np.ndarray, " feature"]
) -> LearnedAlgorithmFinding:
    """Name the program that the subject's policy amounts to. The first sample is of training levels, others are shifts.

    `weights` are those of the behavioral objective. Describes behavior and decides nothing.
    """
    programs = programs_of(world, weights)
    sets = [{p.name: choices(world, p, sample) for p in programs} for sample in samples]
    scores = []
    for program in programs:
        matches = {s.distribution: _match(s, found, program) for s, found in zip(samples, sets, strict=True)}
        bits = _data_bits(samples[0], sets[0][program.name])
        scores.append(ProgramScore(program.name, program.scheme, program.bits, bits, program.bits + bits, matches))
    scores = sorted([*scores, _table(world, samples)], key=lambda score: score.total_bits)
    return LearnedAlgorithmFinding(
        *_name(scores, samples[0].distribution), tuple(scores), int(_cells(samples[0]).sum())
    )


def _table(world: AbstractWorld, samples: Sequence[Sample]) -> ProgramScore:
    """A table that stores the likeliest action of every start cell of the training levels, and says nothing elsewhere."""
    policy, cells = np.asarray(samples[0].policy, np.float64), _cells(samples[0])
    likeliest = np.arange(policy.shape[-1]) == policy.argmax(-1)[..., None]
    size = math.log2(len(schemes_of(world))) + int(cells.sum()) * math.log2(policy.shape[-1])
    matches = {sample.distribution: Match(None, None, 0.0) for sample in samples}
    matches[samples[0].distribution] = Match(_share(policy.max(-1), cells), None, 1.0)
    bits = _data_bits(samples[0], likeliest)
    return ProgramScore(LOOKUP, LOOKUP, size, bits, size + bits, matches)


def _name(scores: list[ProgramScore], training: str) -> tuple[str, tuple[str, ...]]:
    def fits(score: ProgramScore) -> bool:
        share = score.matches[training].share
        return share is not None and share.interval.low >= LEAST

    fitting = [score for score in scores if fits(score)]
    if not fitting:
        return NONE, ()
    # What differs by less than a bit in length is not told apart.
    tied = [s.program for s in fitting[1:] if s.total_bits < fitting[0].total_bits + 1]
    return fitting[0].program, tuple(tied)


def _cells(sample: Sample) -> Bool[np.ndarray, "level state"]:
    return np.asarray(sample.mdp.initial > 0)


def _match(sample: Sample, sets: dict[str, np.ndarray], program: Program) -> Match:
    """Match overall, and where some other program that speaks shares no action with this one."""
    own, cells = sets[program.name], _cells(sample)
    speaks = cells & ~own.all(-1)
    rival = np.zeros_like(cells)
    for name, other in sets.items():
        if name != program.name:
            rival |= ~(own & other).any(-1)
    mass = (np.asarray(sample.policy) * own).sum(-1).astype(np.float64)
    return Match(_share(mass, speaks), _share(mass, speaks & rival), float(speaks.sum() / max(cells.sum(), 1)))


def _share(mass: Float[np.ndarray, "level state"], cells: Bool[np.ndarray, "level state"]) -> Estimate | None:
    if not cells.any():
        return None
    return ratio_of((mass * cells).sum(1), cells.sum(1).astype(np.float64))


def _data_bits(sample: Sample, sets: Bool[np.ndarray, "level state action"]) -> float:
    """Expected bits of one action in each cell: the program's choice, or with the best lapse rate any action."""
    cells = _cells(sample)
    policy, chosen = np.asarray(sample.policy, np.float64)[cells], sets[cells]
    count, size = policy.shape
    inside = (policy * chosen).sum(1)
    number = chosen.sum(1)
    lapses = np.concatenate([[1e-6], np.logspace(-4, 0, 41)])[:, None]
    right = (1 - lapses) / number + lapses / size
    bits = -(inside * np.log2(right) + (1 - inside) * np.log2(lapses / size)).sum(1)
    return float(bits.min() + 0.5 * math.log2(max(count, 1)))
