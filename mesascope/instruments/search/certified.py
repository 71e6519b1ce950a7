"""Bits that a subject shows it can compute, edited and unedited, against the bits that it could have stored.

Answers on fresh levels cannot have been stored beyond the subject's own size, whoever chose what to store and whatever
they knew of the levels to come. What a subject gets right beyond what its surroundings give away, added up over enough
levels, therefore rules a table out; a table of the subject's own states is ruled out by the same sum over edited runs.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.statistics import UNKNOWN, Estimate, bootstrap_mean
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.interventions.place import Place
from mesascope.instruments.search.capacity import BITS, Description, describe_size, has_weights, rounded
from mesascope.instruments.search.fresh import BLOCK, run_fresh
from mesascope.instruments.search.information import Answers, bits_per_level
from mesascope.worlds.world import AbstractWorld

ROUNDING_KEEPS = 0.75
"""Weights are rounded only as far as this share of the bits that the subject shows as it is remains."""

MOST = 64 * 1024
"""Levels after which certifying is given up."""


class Certified(NamedTuple):
    """Bits a level shown beyond what the surroundings give away, and what they are held against.

    `enough` says that both sums exceed the size of the subject with their lower bounds. `needed` is how many levels that
    takes, infinite where nothing is shown.
    """

    size: Description
    unedited: Estimate
    edited: Estimate
    levels: int
    needed: float
    enough: bool

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
) -> Certified:
    """Run fresh levels, edited at `place` by joint edits never used before, until the sums exceed the subject's size.

    How far the weights are rounded is chosen on levels of its own. Stops after one block where `most` could not suffice.
    """
    precision = _choose_precision(world, subject, place, weights, named_key(key, "precision"))
    small = subject if precision is None else rounded(subject, precision)
    size = _size(world, small, precision)
    plain: list[Answers] = []
    edited: list[Answers] = []
    needed = float("inf")
    shown = (UNKNOWN, UNKNOWN)
    ahead = 1
    while ahead > 0:
        for _ in range(ahead):
            base, changed = run_fresh(world, small, place, weights, named_key(key, "block", len(plain)))
            plain.append(base)
            edited.append(changed)
        shown = shown_per_level(plain), shown_per_level(edited)
        needed = _needed(size, shown)
        # A little more than the estimate, since a lower bound moves; nothing more where that is out of reach.
        ahead = 0 if needed > most else -(-int(needed * 1.05 - len(plain) * BLOCK) // BLOCK)
        if needed <= len(plain) * BLOCK:
            break
    done = len(plain) * BLOCK
    return Certified(size, *shown, done, needed, needed <= done)


def shown_per_level(blocks: list[Answers]) -> Estimate:
    """Bits a level with their interval. Resampled are groups with one level of each block: many blocks cost no more than
    one.
    """
    return bootstrap_mean(bits_per_level(blocks).reshape(len(blocks), -1).mean(0))


def _needed(size: Description, shown: tuple[Estimate, Estimate]) -> float:
    least = min(estimate.interval.low for estimate in shown)
    return size.total / least if least > 0 else float("inf")


def _size(world: AbstractWorld, subject: AbstractSubject, precision: int | None) -> Description:
    """Of levels as large as those of training, which contested ones are; what they hold makes no difference."""
    seen = jax.eval_shape(lambda: world.observe(world.draw(named_key(0, "shape"), 4)))
    return describe_size(subject, jnp.zeros(seen.shape, seen.dtype), precision)


def _choose_precision(
    world: AbstractWorld,
    subject: AbstractSubject,
    place: Place,
    weights: Float[Array, " feature"],
    key: PRNGKeyArray,
) -> int | None:
    """Bits of rounding that need the fewest levels, of those that keep most of what the subject shows as it is."""

    def shown(candidate: AbstractSubject) -> tuple[Estimate, Estimate]:
        base, changed = run_fresh(world, candidate, place, weights, key)
        return shown_per_level([base]), shown_per_level([changed])

    if not has_weights(subject):
        return None
    whole = shown(subject)
    choices: list[tuple[float, int | None]] = [(_needed(_size(world, subject, None), whole), None)]
    most = min(estimate.interval.high for estimate in whole)
    for bits in BITS:
        candidate = rounded(subject, bits)
        size = _size(world, candidate, bits)
        # Finer still, and no better even if it showed all that there is to show.
        if size.total >= most * min(needed for needed, _ in choices):
            break
        found = shown(candidate)
        if all(f.value >= ROUNDING_KEEPS * w.value for f, w in zip(found, whole, strict=True)):
            choices.append((_needed(size, found), bits))
    return min(choices, key=lambda choice: choice[0])[1]
