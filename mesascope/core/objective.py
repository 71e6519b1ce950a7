"""Objectives: weights over named features (RLO's intended goal, base objective, mesa-objective alike)."""

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from mesascope.core.errors import UsageError, unknown

_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_TERM = re.compile(rf"(?P<feature>[^:+]*)(?::(?P<amount>\s*{_NUMBER}\s*(?=\+|$)|[^+]*))?(?:\+|$)")
"""One term of an objective's text: a plus sign inside of its number joins no terms."""
_LEAST, _MOST = float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max)
"""Sizes that a weight other than 0 may have: what single precision, in which objectives are computed with, can hold."""


class Role(enum.StrEnum):
    """Whose objective it is. One arithmetic compares them all; the role says what may be claimed of it.

    Example:
        >>> Role.BASE.value
        'base objective'
    """

    INTENDED = "intended goal"
    BASE = "base objective"
    MESA = "mesa-objective"
    BEHAVIORAL = "behavioral objective"
    HYPOTHESIS = "hypothesis"


@dataclass(frozen=True)
class Objective:
    """Weights over named features; features that are not named weigh nothing.

    Example:
        >>> Objective.parse("door:1+red:0.5", ("door", "ball", "red")).vector(("door", "ball", "red")).tolist()
        [1.0, 0.0, 0.5]
    """

    name: str
    weights: tuple[tuple[str, float], ...]
    role: Role = Role.HYPOTHESIS

    def __post_init__(self):
        named = [feature for feature, _ in self.weights]
        for feature, weight in self.weights:
            if weight != 0 and not _LEAST <= abs(weight) <= _MOST:
                raise UsageError(
                    f"objective '{self.name}': the weight of '{feature}' is {weight}; "
                    f"expected 0 or a size from {_LEAST:.3g} to {_MOST:.3g}"
                )
            if named.count(feature) > 1:
                raise UsageError(f"objective '{self.name}' weighs '{feature}' more than once")

    @classmethod
    def of(cls, name: str, role: Role = Role.HYPOTHESIS, /, **weights: float | int) -> "Objective":
        """`Objective.of("classic", door=1.0)`."""
        return cls(name, tuple((feature, float(w)) for feature, w in weights.items()), role)

    @classmethod
    def parse(cls, text: str, features: Sequence[str], role: Role = Role.HYPOTHESIS) -> "Objective":
        """Read an objective from text, such as a command line holds.

        Args:
            text: features joined by `+`, each with a minus sign before it, or a colon and a weight in decimal or
                scientific notation behind it; 1 is the weight of a feature without one, and terms of one feature add up.
            features: names of the features that may be weighed.
            role: whose objective it is.

        Raises:
            UsageError: a feature that is none (the message names the nearest), a weight that is no number, or one too
                large or too small for single precision.

        Example:
            >>> dict(Objective.parse("door+red:-1e-1", ("door", "red")).weights)
            {'door': 1.0, 'red': -0.1}
        """
        weights: dict[str, float] = {}
        for feature, amount in _terms(text):
            sign = -1.0 if feature.startswith("-") else 1.0
            feature = feature.removeprefix("-").strip()
            if feature not in features:
                raise unknown("feature", feature, features)
            if amount is not None and not re.fullmatch(_NUMBER, amount):
                raise UsageError(f"objective '{text}': '{amount}' is not a number; write e.g. {feature}:0.5")
            weights[feature] = weights.get(feature, 0.0) + sign * (1.0 if amount is None else float(amount))
        return cls(text, tuple(weights.items()), role)

    def vector(self, features: Sequence[str]) -> Float[np.ndarray, " feature"]:
        """The weights in the order of `features`."""
        for feature, _ in self.weights:
            if feature not in features:
                raise unknown("feature", feature, features)
        given = dict(self.weights)
        return np.array([given.get(f, 0.0) for f in features], np.float32)

    @property
    def text(self) -> str:
        """The weights as `parse` reads them.

        Example:
            >>> Objective.of("wanted", alive=1, gold=0.1).text
            'alive:1+gold:0.1'
        """
        return "+".join(f"{feature}:{weight:g}" for feature, weight in self.weights)

    def as_role(self, role: Role) -> "Objective":
        """The same weights in another role."""
        return replace(self, role=role)


def _terms(text: str) -> list[tuple[str, str | None]]:
    """Feature and amount of each term; the amount is None where there is no colon."""
    terms, end = [], 0
    while True:
        found = _TERM.match(text, end)
        assert found is not None  # any text is a feature, an amount, or both
        amount = found["amount"]
        terms.append((found["feature"].strip(), None if amount is None else amount.strip()))
        end = found.end()
        if end == len(text) and not found[0].endswith("+"):
            return terms
