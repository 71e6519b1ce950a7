"""RLO's formula for how much optimization to leave to the learned algorithm (section 2.1), in units of the savanna.

A base optimizer has P of optimization power for N tasks. It may make the learned algorithm optimize by itself with power x
in every task, at a price of f(x), and spend what is left on the tasks one by one:

    x* = argmax over x of (P - f(x)) / N + x,    inside: f'(x*) = N.

Here a task is a context and power is counted in bits: the least information about a context's options with which choices
of a given worth can be made. Nothing of an evolution enters but what this module is told.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import gammaln, ive

from mesascope.experiments.savanna.ecology import PERCEPTS

_DRAWN = 20_000


class Worth(NamedTuple):
    """What bits about the options of a context buy: `offspring` at each of `bits`, both rising, from no bits to all."""

    bits: Float[np.ndarray, " tick"]
    offspring: Float[np.ndarray, " tick"]

    def of(self, bits: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
        """Offspring of a choice that so many bits are known for."""
        return np.interp(bits, self.bits, self.offspring)

    def needed(self, offspring: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
        """Fewest bits for so much offspring; 0 for what chance gives, or less."""
        return np.interp(offspring, self.offspring, self.bits)


@lru_cache(maxsize=4)
def worth_of(options: int) -> Worth:
    """Fewest bits for a mean offspring (rate and distortion: Shannon 1959): softmax choices, from flat to sharp."""
    yields = np.random.default_rng(0).normal(size=(_DRAWN, options))
    rows = [(0.0, 0.0)]
    for sharpness in np.geomspace(0.02, 400, 80):
        scaled = sharpness * (yields - yields.max(1, keepdims=True))
        shares = np.exp(scaled)
        total = shares.sum(1, keepdims=True)
        shares /= total
        bits = np.log2(options) + (shares * (scaled - np.log(total))).sum(1).mean() / np.log(2)
        # Yields have mean 0 but for the draw: what chance gets here is taken off.
        rows.append((float(bits), float((shares * yields).sum(1).mean() - yields.mean())))
    bits, offspring = np.array(rows).T
    return Worth(np.maximum.accumulate(bits), np.maximum.accumulate(offspring))


class Values(NamedTuple):
    """What bits about values buy: `cosine` with the best values at each of `bits`, both rising."""

    bits: Float[np.ndarray, " tick"]
    cosine: Float[np.ndarray, " tick"]


@lru_cache(maxsize=1)
def values_of() -> Values:
    """Fewest bits that make values point at the best ones with a mean cosine: von Mises and Fisher's distribution over
    directions, against all directions alike.
    """
    dimensions = len(PERCEPTS)
    order = dimensions / 2 - 1
    sharp = np.concatenate([[1e-6], np.geomspace(1e-2, 400, 200)])
    scaled = ive(order, sharp)
    cosine = ive(order + 1, sharp) / scaled
    # log of the density's factor, relative to that of all directions alike: (k/2)^order / (Gamma(order + 1) I(k)).
    factor = order * np.log(sharp / 2) - gammaln(order + 1) - np.log(scaled) - sharp
    return Values(np.maximum.accumulate(np.maximum((factor + sharp * cosine) / np.log(2), 0.0)), cosine)


class Tradeoff(NamedTuple):
    """The formula's curve: search of power `bits` in a context takes `price` bits of the base optimizer."""

    bits: Float[np.ndarray, " tick"]
    price: Float[np.ndarray, " tick"]


def tradeoff(options: int, correlation: float, cost: float) -> Tradeoff:
    """X and f(x). A search by values of some cosine is worth that of its choices, less what it costs, and counts as the
    bits that would buy the same.
    """
    worth, values = worth_of(options), values_of()
    offspring = worth.offspring[-1] * correlation * values.cosine - cost
    return Tradeoff(worth.needed(offspring), values.bits)


def best_search(curve: Tradeoff, power: float, contexts: float | int) -> float:
    """x* of the formula: the bits of search that make (P - f(x))/N + x largest, of all that P pays for."""
    paid = curve.price <= power
    gain = np.where(paid, (power - curve.price) / contexts + curve.bits, -np.inf)
    gain = np.append(gain, power / contexts)  # no search at all costs nothing
    at = int(gain.argmax())
    return 0.0 if at == len(curve.bits) else float(curve.bits[at])


def boundary(curve: Tradeoff, power: float) -> float:
    """Contexts from which on power spent on values alone is worth more than the same spent on reflexes alone: P / x, with
    f(x) = P. Infinite where the search is worth nothing.

    It is the formula at its two ends: a genome here expresses reflexes or values and never both, so nothing lies between.
    """
    bits = float(np.interp(power, curve.price, curve.bits))
    return power / bits if bits > 1e-9 else float("inf")
