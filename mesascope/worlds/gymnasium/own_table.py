"""The table `unwrapped.P` of an environment, read, and compared with what its steps do."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from mesascope.core.errors import UsageError
from mesascope.worlds.gymnasium.environment import action_range, name_of

ROUNDING = 1e-6
"""By how much the probabilities of an action may miss 1 and be taken for rounding."""
_STEPS = 6_000
"""Most steps that are compared with the table."""
_REPEATS = 200
"""Most steps of one action in one state among them."""
_UNLIKELY = 6.0
"""Standard deviations between the table and the frequency of what was stepped above which the table is not believed."""
_OUTSIDE_OF_TABLE = {
    "fickle_passenger": "the passenger's change of mind depends on the episode and is in none of its states"
}
"""Switches of Gymnasium's environments whose effect their tables leave out, with the reason."""


class Outcome(NamedTuple):
    """Where a step leads in the environment's own table."""

    after: int
    reward: float
    terminated: bool


Rows = list[list[dict[Outcome, float]]]
"""Probability of each outcome, by state and action."""


def read_rows(environment: Any) -> Rows:
    """`unwrapped.P` with repeated outcomes added up and probabilities that sum to exactly 1.

    Raises:
        UsageError: those of an action miss 1 by more than rounding; the message names state and action.
    """
    table: Mapping[int, Any] = environment.unwrapped.P
    _, actions = action_range(environment)
    rows: Rows = []
    for state in range(len(table)):
        row = []
        for action in range(actions):
            merged: dict[Outcome, float] = {}
            for share, after, reward, terminated in table[state][action]:
                out = Outcome(int(after), float(reward), bool(terminated))
                merged[out] = merged.get(out, 0.0) + float(share)
            total = sum(merged.values())
            if abs(total - 1) > ROUNDING or min(merged.values()) < 0:
                raise UsageError(
                    f"{name_of(environment)}: probabilities of action {action} in state {state} sum to {total:g}; expected 1 to "
                    f"within {ROUNDING:g}"
                )
            row.append({out: share / total for out, share in merged.items() if share > 0})
        rows.append(row)
    return rows


def state_of(environment: Any, observation: Any) -> int:
    """The number of the state that the environment is in."""
    return int(getattr(environment.unwrapped, "s", observation))


def compare_with_steps(environment: Any, rows: Rows) -> None:
    """`UsageError` where steps of the environment do what its table does not hold, or as often as it does not say."""
    name, inner = name_of(environment), environment.unwrapped
    for switch, why in _OUTSIDE_OF_TABLE.items():
        if getattr(inner, switch, False):
            raise UsageError(f"{name} with {switch}=True cannot be tabulated: {why}; make it with {switch}=False")
    start, actions = action_range(environment)
    rng = np.random.default_rng(0)
    pairs = [(state, action) for state in range(len(rows)) for action in range(actions)]
    chosen = rng.permutation(len(pairs))[:_STEPS]
    repeats = max(1, min(_REPEATS, _STEPS // len(pairs)))
    observation, _ = environment.reset(seed=0)
    placed = hasattr(inner, "s")
    first, expected, spread = 0.0, 0.0, 0.0
    for index in np.repeat(chosen, repeats):
        state, action = pairs[index]
        observation, _ = environment.reset()
        if placed:
            inner.s = state
        else:
            state = state_of(environment, observation)
        observation, reward, terminated, _, _ = environment.step(start + action)
        found = Outcome(state_of(environment, observation), float(reward), bool(terminated))
        known = rows[state][action]
        if found not in known:
            listed = ", ".join(f"{tuple(out)}" for out in list(known)[:4])
            raise UsageError(
                f"{name} does not do what its table `P` says: action {action} in state {state} led to (state, reward, "
                f"terminated) {tuple(found)}, where the table has {listed}; something outside of the state decides. "
                "Turn it off, or leave out wrappers that change rewards or ends"
            )
        usual, share = next(iter(known.items()))
        first, expected, spread = first + (found == usual), expected + share, spread + share * (1 - share)
    if spread > 0 and abs(first - expected) > _UNLIKELY * np.sqrt(spread):
        raise UsageError(
            f"{name} does not do what its table `P` says: of {len(chosen) * repeats} steps {first:g} took the first outcome, "
            f"where the table expects {expected:.0f}"
        )
