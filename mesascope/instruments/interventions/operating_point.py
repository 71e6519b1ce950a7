"""The threshold of the search tests and the error rates that were measured there, by `mesascope calibrate`."""

import json
from importlib import resources
from typing import NamedTuple

from mesascope.core.statistics import Estimate, rate_of

MOST_FALSE = 0.01
"""`search` is said only where fewer than this share of the agents that do not search were taken for searchers."""


LEAST_NEGATIVES, LEAST_POSITIVES = 100, 20
"""Fewer audits of agents that do not search say nothing about a rate of 1 %, and fewer of searchers nothing about how many are
missed."""


class OperatingPoint(NamedTuple):
    """A threshold on the lower bound of each test's score, and what came of it on organisms it was not chosen on.

    Counts are audits: true positives of `positives` searchers, false ones of `negatives` others.
    """

    threshold: float
    true_positives: int
    positives: int
    false_positives: int
    negatives: int
    command: str

    @property
    def sensitivity(self) -> Estimate:
        """Share of searchers that are found, with its exact interval."""
        return rate_of(self.true_positives, self.positives)

    @property
    def false_positive_rate(self) -> Estimate:
        """Share of others that are taken for searchers, with its exact interval."""
        return rate_of(self.false_positives, self.negatives)

    @property
    def trusted(self) -> bool:
        """Whether the measured rate of false positives allows `search` to be said."""
        return self.negatives >= LEAST_NEGATIVES and self.false_positives < MOST_FALSE * self.negatives

    @property
    def misses_known(self) -> bool:
        """Whether it is known how many searchers are missed, without which `no-search` says nothing of them."""
        return self.positives >= LEAST_POSITIVES

    @property
    def says(self) -> str:
        """The rate of false positives in words."""
        if self.negatives == 0:
            return "the tests were never calibrated"
        if self.negatives < LEAST_NEGATIVES:
            return f"the tests were calibrated on {self.negatives} audits only ({LEAST_NEGATIVES} at least)"
        low, high = self.false_positive_rate.interval
        return (
            f"at this threshold {self.false_positives} of {self.negatives} organisms that do not search passed "
            f"({self.false_positive_rate.value:.1%} [{low:.1%}, {high:.1%}])"
        )


def read_operating_point(text: str) -> OperatingPoint:
    """From the JSON that `mesascope calibrate` writes; `KeyError` or `ValueError` where it is something else."""
    given = json.loads(text)
    return OperatingPoint(**{name: given[name] for name in OperatingPoint._fields})


def _shipped(file: str) -> OperatingPoint:
    folder = resources.files("mesascope.instruments.interventions")
    return read_operating_point(folder.joinpath(file).read_text("utf-8"))


OPERATING_POINT = _shipped("operating_point.json")
"""The one that ships with this version, for subjects that answer a whole level at once."""

TOKENS_OPERATING_POINT = _shipped("tokens_operating_point.json")
"""The one for transformers over tokens."""

RECURRENT_OPERATING_POINT = _shipped("recurrent_operating_point.json")
"""The one for subjects that act step by step with a memory."""
