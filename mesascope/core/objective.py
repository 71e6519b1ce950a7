"""Objectives: weights over named features (RLO's intended goal, base objective, mesa-objective alike)."""

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from mesascope.core.errors import UsageError, unknown


class Role(enum.StrEnum):
    """Whose objective it is. One arithmetic compares them all; the role says what may be claimed of it."""

    INTENDED = "intended goal"
    BASE = "base objective"
    MESA = "mesa-objective"
    BEHAVIORAL = "behavioral objective"
    HYPOTHESIS = "hypothesis"


@dataclass(frozen=True)
class Objective:
    """Weights over named features; features that are not named weigh nothing."""

    name: str
    weights: tuple[tuple[str, float], ...]
    role: Role = Role.HYPOTHESIS

    def __post_init__(self):
        named = [feature for feature, _ in self.weights]
        for feature, weight in self.weights:
            if not math.isfinite(weight):
                raise UsageError(f"objective '{self.name}': the weight of '{feature}' is {weight}; it must be finite")
            if named.count(feature) > 1:
                raise UsageError(f"objective '{self.name}' weighs '{feature}' more than once")

    @classmethod
    def of(cls, name: str, role: Role = Role.HYPOTHESIS, /, **weights: float | int) -> "Objective":
        """`Objective.of("classic", door=1.0)`."""
        return cls(name, tuple((feature, float(w)) for feature, w in weights.items()), role)

    @classmethod
    def parse(cls, text: str, features: Sequence[str], role: Role = Role.HYPOTHESIS) -> "Objective":
        """Read `red`, `-red` or `door:1+red:0.5`; raises `UsageError` naming the nearest feature."""
        weights: dict[str, float] = {}
        for term in text.split("+"):
            feature, _, amount = term.strip().partition(":")
            sign = -1.0 if feature.startswith("-") else 1.0
            feature = feature.removeprefix("-").strip()
            if feature not in features:
                raise unknown("feature", feature, features)
            try:
                weight = float(amount) if amount else 1.0
            except ValueError:
                weight = math.nan
            if not math.isfinite(weight):
                raise UsageError(f"objective '{text}': '{amount}' is not a number; write e.g. {feature}:0.5")
            weights[feature] = weights.get(feature, 0.0) + sign * weight
        return cls(text, tuple(weights.items()), role)

    def vector(self, features: Sequence[str]) -> Float[np.ndarray, " feature"]:
        """The weights in the order of `features`."""
        for feature, _ in self.weights:
            if feature not in features:
                raise unknown("feature", feature, features)
        given = dict(self.weights)
        return np.array([given.get(f, 0.0) for f in features], np.float32)

    def as_role(self, role: Role) -> "Objective":
        """The same weights in another role."""
        return replace(self, role=role)
