"""What is wanted in an environment: features of its transitions, and objectives over them."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from mesascope.core.errors import UsageError, unknown
from mesascope.core.objective import Objective, Role
from mesascope.worlds.gymnasium.transition import Feature, reward

REWARD = "reward"
"""Name of the feature that is the environment's own reward."""


def read_features(
    given: Mapping[str, Feature] | None, intended: Objective | str | None, base: Objective | str | None
) -> dict[str, Feature]:
    """The features by name, checked when they are computed; the reward is among them where an objective is left out or names it.

    Args:
        given: features by name.
        intended: the intended goal as it was given.
        base: the base objective as it was given.

    Raises:
        UsageError: a name that an objective's text could not hold, or what is no function.
    """
    named: dict[str, Feature] = {}
    asked = [str(getattr(o, "weights", o)) for o in (intended, base)]
    if not given or "None" in asked or any(REWARD in text for text in asked):
        named[REWARD] = reward
    named.update(given or {})
    for name, feature in named.items():
        if not isinstance(name, str) or not re.fullmatch(r"[^-+:\s][^+:]*", name):
            raise UsageError(
                f"feature {name!r}: a name holds neither '+' nor ':' and begins with no '-'; write e.g. goal"
            )
        if not callable(feature):
            raise UsageError(f"feature '{name}' is a {type(feature).__name__}; expected a function of a transition")
    return {name: _checked(name, feature) for name, feature in named.items()}


def _checked(name: str, feature: Feature) -> Feature:
    def value(transition: Any) -> float:
        try:
            found = float(feature(transition))
        except (TypeError, ValueError, AttributeError, KeyError, IndexError) as error:
            raise UsageError(
                f"feature '{name}' failed on action {transition.action}: {type(error).__name__}: {error}; it is given a "
                "Transition(before, action, after, reward, terminated, info) and gives a number"
            ) from error
        if not np.isfinite(found):
            raise UsageError(f"feature '{name}' is {found} on action {transition.action}; expected a finite number")
        return found

    return value


def read_objective(given: Objective | str | None, features: tuple[str, ...], role: Role) -> Objective:
    """An objective over these features in its role; the reward where none is given. `UsageError` for a feature that is none."""
    if given is None:
        return Objective.of(REWARD, role, reward=1.0)
    found = Objective.parse(given, features, role) if isinstance(given, str) else given.as_role(role)
    for feature, _ in found.weights:
        if feature not in features:
            raise unknown("feature", feature, features)
    return found
