"""Bits that a subject shows it can compute, edited and unedited, against the bits that it could have stored.

Answers on fresh levels cannot have been stored beyond the subject's own size, whoever chose what to store and whatever
they knew of the levels to come. What a subject gets right beyond what its surroundings give away, added up over enough
levels, therefore rules a table out; a table of the subject's own states is ruled out by the same sum over edited runs.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from mesascope.core.progress import Stage, silent
from mesascope.core.rng import named_key
from mesascope.core.statistics import UNKNOWN, Estimate, mean_of
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.interventions.place import Place
from mesascope.instruments.search.capacity import VALUES, Description, describe_size, has_weights, rounded
from mesascope.instruments.search.fresh import (
    AT_ONCE,
    BLOCK,
    AtOnce,
    Panel,
    compose_heuristics,
    draw_blocks,
    heuristics_of,
    run_edited,
    run_plain,
)
from mesascope.instruments.search.information import Answers, bits_per_level, perfect_answers
from mesascope.worlds.world import AbstractWorld

ROUNDING_KEEPS = 0.75
"""Weights are rounded only as far as this share of the bits that the subject shows as it is remains."""

MOST = 256 * 1024
"""Levels after which certifying is given up."""

FLOOR = 0.25
"""Share of what perfect answers show beyond a composition of heuristics that a subject's must show, by their lower bound.

Set between what was seen in mazes of 9x9: 0.02 at most for heuristics and their compositions, 0.42 for a trained network.
"""


class Certified(NamedTuple):
    """Bits a level shown beyond what the surroundings and a composition of heuristics give away, and what they are held against.

    Args:
        size: Bits in which the subject can be written down.
        unedited: Bits a level that its answers show.
        edited: Those that its answers show under joint edits.
        levels: Levels that were run.
        needed: Levels that it takes for both sums to exceed the size with their lower bounds; infinite where nothing is shown.
        enough: Whether they do.
        perfect: What perfect answers would show, unedited and edited; None where the world names no heuristics.
        explained: For each heuristic, and for their composition, the share of states in which it would do what the subject does.
    """

    size: Description
    unedited: Estimate
    edited: Estimate
    levels: int
    needed: float
    enough: bool
    perfect: tuple[Estimate, Estimate] | None = None
    explained: Mapping[str, float] = MappingProxyType({})

    @property
    def beyond_heuristics(self) -> float | None:
        """Share of what perfect answers show beyond heuristics that the subject's show at least; None without heuristics."""
        if self.perfect is None:
            return None
        pairs = zip((self.unedited, self.edited), self.perfect, strict=True)
        return min(shown.interval.low / best.value if best.value > _LEAST else 0.0 for shown, best in pairs)

    @property
    def heuristic(self) -> bool:
        """Whether heuristics and their compositions may explain the answers."""
        return self.beyond_heuristics is not None and not self.beyond_heuristics > FLOOR

    @property
    def margin(self) -> float:
        """Bits shown on the levels that were run, by the lower bounds, to each bit that the subject could hold."""
        least = max(min(self.unedited.interval.low, self.edited.interval.low), 0.0)
        return least * self.levels / self.size.total


def certify(
    world: AbstractWorld,
    subject: AbstractSubject,
    place: Place,
    weights: Float[Array, " feature"],
    key: PRNGKeyArray,
    *,
    most: int = MOST,
    panel: Panel | None = None,
    asks: AtOnce = AT_ONCE,
    tell: Stage = silent,
) -> Certified:
    """Run fresh levels, as they are and edited at `place` by joint edits never used before, until each sum exceeds the subject's
    size; levels whose sum does are run no more.

    `asks` is how the subject is asked; fresh levels are the same for all. `tell` hears how many levels are run, of as many as it
    takes by what is known so far.

    How far the weights are rounded is chosen on levels of its own, and a composition of heuristics is fitted to others, unless a
    `panel` is given. Stops after the first look where `most` could not suffice.
    """
    if panel is None:
        tell("capacity bound, composing heuristics")
        panel = compose_heuristics(world, weights)
    precision = _choose_precision(world, subject, place, weights, named_key(key, "precision"), panel, asks, tell)
    small = subject if precision is None else rounded(subject, precision)
    size = _size(world, small, precision, asks)
    plain, edited = _Sum(), _Sum()
    # Where one sum is out of reach, the other decides nothing.
    while any(found.wanted(size, most) for found in (plain, edited)) and not _hopeless((plain, edited), size, most):
        ahead = [range(len(found.blocks), found.wanted(size, most) + len(found.blocks)) for found in (plain, edited)]
        for number in (numbers := sorted(set().union(*ahead))):
            tell("capacity bound, levels", number * BLOCK, (numbers[-1] + 1) * BLOCK)
            blocks = draw_blocks(world, weights, named_key(key, "block", number), panel)
            if number in ahead[0]:
                plain.blocks.append(run_plain(world, small, blocks, panel, asks))
            if number in ahead[1]:
                edited.blocks.append(run_edited(world, small, place, blocks, panel, asks))
        for found, new in zip((plain, edited), ahead, strict=True):
            found.shown = shown_per_level(found.blocks) if new else found.shown
    needed = max(found.needed(size) for found in (plain, edited))
    levels = max(len(found.blocks) for found in (plain, edited)) * BLOCK
    done = all(found.needed(size) <= len(found.blocks) * BLOCK for found in (plain, edited))
    bound = Certified(size, plain.shown, edited.shown, levels, needed, done)
    if panel is None:
        return bound
    seen = [found.blocks[:LOOK] for found in (plain, edited)]
    perfect = [shown_per_level([perfect_answers(answers) for answers in blocks]) for blocks in seen]
    return bound._replace(perfect=(perfect[0], perfect[1]), explained=explained_by(seen[0], heuristics_of(world)))


class _Sum:
    """Information that adds up over blocks of levels, and how many more it takes."""

    def __init__(self) -> None:
        self.blocks: list[Answers] = []
        self.shown: Estimate = UNKNOWN

    def needed(self, size: Description) -> float:
        """Levels that it takes for the sum to exceed a size by its lower bound."""
        return _needed(size, self.shown)

    def wanted(self, size: Description, most: int) -> int:
        """Blocks to run before the next look."""
        done = len(self.blocks) * BLOCK
        if not done:
            return LOOK if most >= LOOK * BLOCK else 1
        ahead = projected(self.shown, done, size.total)
        # A little more than that, since the estimate moves; nothing more where it is out of reach.
        return 0 if self.needed(size) <= done or ahead > most else max(-(-int(ahead * 1.02 - done) // BLOCK), 1)


def projected(shown: Estimate, levels: int, bits: float) -> float:
    """Levels after which a sum should exceed some bits by its lower bound, which comes nearer as levels are run.

    Args:
        shown: Bits a level, estimated from the levels that were run.
        levels: Their number.
        bits: What is to be exceeded.

    Returns:
        The levels in all: n with n (value - spread / sqrt(n)) = bits; infinite where nothing is shown.
    """
    if not shown.value > 0:
        return float("inf")
    spread = (shown.value - shown.interval.low) * levels**0.5
    return ((spread + (spread**2 + 4 * shown.value * bits) ** 0.5) / (2 * shown.value)) ** 2


def _hopeless(sums: Sequence[_Sum], size: Description, most: int) -> bool:
    done = [(found, len(found.blocks) * BLOCK) for found in sums if found.blocks]
    return any(
        found.needed(size) > levels and projected(found.shown, levels, size.total) > most for found, levels in done
    )


LOOK = 8
"""Blocks before the first look: on them it is also measured what perfect answers show, and what heuristics explain."""

_LEAST = 0.01
"""Bits a level that must be left beyond heuristics for anything to be seen there."""


def explained_by(blocks: Sequence[Answers], names: Sequence[str]) -> dict[str, float]:
    """Share of the states that count in which each heuristic, and their composition, would do what the subject does.

    Args:
        blocks: Answers of a subject.
        names: Of the heuristics, in their order.

    Returns:
        Shares by name, the largest first.
    """
    counts = np.concatenate([np.asarray(block.counts) for block in blocks])
    agrees = np.concatenate([np.asarray(block.agrees) for block in blocks])[counts].mean(0)
    does, would = (
        np.concatenate([np.asarray(table).argmax(-1) for table in tables])[counts]
        for tables in ([block.policy for block in blocks], [block.composed for block in blocks])
    )
    found = {**dict(zip(names, map(float, agrees), strict=True)), COMPOSITION: float((does == would).mean())}
    return dict(sorted(found.items(), key=lambda item: -item[1]))


COMPOSITION = "composition of all"
"""Name of the composition of heuristics beside theirs."""


def shown_per_level(blocks: list[Answers]) -> Estimate:
    """Bits a level with their interval. Resampled are groups with one level of each block: many blocks cost no more than
    one.
    """
    return mean_of(bits_per_level(blocks).reshape(len(blocks), -1).mean(0))


def _needed(size: Description, *shown: Estimate) -> float:
    least = min(estimate.interval.low for estimate in shown)
    return size.total / least if least > 0 else float("inf")


def _size(world: AbstractWorld, subject: AbstractSubject, precision: int | None, asks: AtOnce) -> Description:
    """Of levels as large as those of training, which contested ones are; what they hold makes no difference."""
    return describe_size(subject, asks.observation(world), precision)


def _choose_precision(
    world: AbstractWorld,
    subject: AbstractSubject,
    place: Place,
    weights: Float[Array, " feature"],
    key: PRNGKeyArray,
    panel: Panel | None,
    asks: AtOnce,
    tell: Stage,
) -> int | None:
    """Values to round weights to that need the fewest levels, of those that keep most of what the subject shows as it is."""
    if not has_weights(subject):
        return None
    tell("capacity bound, rounding weights", 0, len(VALUES) + 1)
    blocks = draw_blocks(world, weights, key, panel)

    def shown(candidate: AbstractSubject) -> tuple[Estimate, Estimate]:
        plain = run_plain(world, candidate, blocks, panel, asks)
        edited = run_edited(world, candidate, place, blocks, panel, asks)
        return shown_per_level([plain]), shown_per_level([edited])

    whole = shown(subject)
    choices: list[tuple[float, int | None]] = [(_needed(_size(world, subject, None, asks), *whole), None)]
    most = min(estimate.interval.high for estimate in whole)
    for done, values in enumerate(VALUES, 1):
        tell("capacity bound, rounding weights", done, len(VALUES) + 1)
        candidate = rounded(subject, values)
        size = _size(world, candidate, values, asks)
        # Finer still, and no better even if it showed all that there is to show.
        if size.total >= most * min(needed for needed, _ in choices):
            break
        found = shown(candidate)
        if all(f.value >= ROUNDING_KEEPS * w.value for f, w in zip(found, whole, strict=True)):
            choices.append((_needed(size, *found), values))
    return min(choices, key=lambda choice: choice[0])[1]
