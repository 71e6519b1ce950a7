"""Tables that an environment itself has: `env.unwrapped.P`, compared with its steps before it is trusted."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from mesascope.core.errors import UsageError
from mesascope.worlds.gymnasium.environment import action_range, load_gymnasium, name_of
from mesascope.worlds.gymnasium.observations import shown_space, to_array
from mesascope.worlds.gymnasium.table import Outcomes, Table, build_table
from mesascope.worlds.gymnasium.transition import Feature, Transition

ROUNDING = 1e-6
"""By how much the probabilities of an action may miss 1 and be taken for rounding."""
_STEPS = 6_000
"""Most steps that are compared with the table."""
_RESETS = 2_000
"""Resets from which starts are counted where the environment does not say their distribution."""
_UNLIKELY = 6.0
"""Standard deviations between the table and the frequency of what was stepped above which the table is not believed."""
_OUTSIDE_OF_TABLE = {"fickle_passenger": "the passenger's change of mind depends on the episode and is in none of its states"}
"""Switches of Gymnasium's environments whose effect their tables leave out, with the reason."""


class Outcome(NamedTuple):
    """Where a step leads in the environment's own table."""

    after: int
    reward: float
    terminated: bool


Rows = list[list[dict[Outcome, float]]]
"""Probability of each outcome, by state and action."""


def has_table(environment: Any) -> bool:
    """Whether the environment has a table of its own."""
    return isinstance(getattr(environment.unwrapped, "P", None), Mapping)


def table_of(environment: Any, features: Mapping[str, Feature]) -> Table:
    """The table of an environment that has one, once its steps have agreed with it.

    States keep the environment's own numbers. Where a transition ends the episode in a state from which the table goes on, as in
    Taxi and CliffWalking, it leads to one state more, the last, in which nothing happens; where the table absorbs, as FrozenLake's
    does, it leads where the table says.

    Args:
        environment: any environment with `unwrapped.P`.
        features: what is computed of each transition; `before` and `after` are numbers of states.

    Raises:
        UsageError: probabilities do not sum to 1, or steps do what the table does not hold.
    """
    rows = read_rows(environment)
    _compare(environment, rows)
    absorbing = np.array([_absorbs(state, row) for state, row in enumerate(rows)])
    end = len(rows)
    needed = any(out.terminated and not absorbing[out.after] for row in rows for outs in row for out in outs)
    found: list[list[Outcomes]] = []
    for state, row in enumerate(rows):
        found.append([_fired(state, action, outs, features, absorbing, end) for action, outs in enumerate(row)])
    terminal = absorbing
    initial = _starts(environment, len(rows))
    if (initial * absorbing).any():
        raise UsageError(f"{name_of(environment)} starts in state {int((initial * absorbing).argmax())}, where its table ends")
    if needed:
        found.append([{(end, (0.0,) * len(features)): 1.0} for _ in rows[0]])
        terminal, initial = np.append(absorbing, True), np.append(initial, 0.0)
    shown = _shown(environment, len(rows), len(found))
    return build_table(found, terminal, initial, shown, len(features), _text(environment, len(rows)))


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


def _absorbs(state: int, row: list[dict[Outcome, float]]) -> bool:
    return all(out == (state, 0.0, True) for outs in row for out in outs)


def _fired(
    state: int, action: int, outs: dict[Outcome, float], features: Mapping[str, Feature], absorbing: np.ndarray, end: int
) -> Outcomes:
    found: Outcomes = {}
    for out, share in outs.items():
        seen = Transition(state, action, out.after, out.reward, out.terminated, {})
        after = end if out.terminated and not absorbing[out.after] else out.after
        key = (after, tuple(float(feature(seen)) for feature in features.values()))
        found[key] = found.get(key, 0.0) + share
    return found


def _starts(environment: Any, states: int) -> Float[np.ndarray, " state"]:
    given = getattr(environment.unwrapped, "initial_state_distrib", None)
    if given is not None:
        known = np.asarray(given, np.float64).ravel()
        if len(known) == states and (known >= 0).all() and known.sum() > 0:
            return known / known.sum()
    environment.reset(seed=0)
    counts = np.zeros(states)
    for _ in range(_RESETS):
        counts[_state(environment, environment.reset()[0])] += 1
    return counts / counts.sum()


def _state(environment: Any, observation: Any) -> int:
    return int(getattr(environment.unwrapped, "s", observation))


def _compare(environment: Any, rows: Rows) -> None:
    """`UsageError` where steps of the environment do what its table does not hold, or as often as it does not say."""
    name, inner = name_of(environment), environment.unwrapped
    for switch, why in _OUTSIDE_OF_TABLE.items():
        if getattr(inner, switch, False):
            raise UsageError(f"{name} with {switch}=True cannot be tabulated: {why}; make it with {switch}=False")
    start, actions = action_range(environment)
    rng = np.random.default_rng(0)
    pairs = [(state, action) for state in range(len(rows)) for action in range(actions)]
    chosen = rng.permutation(len(pairs))[:_STEPS]
    repeats = max(1, min(8, _STEPS // len(pairs)))
    observation, _ = environment.reset(seed=0)
    placed = hasattr(inner, "s")
    first, expected, spread = 0.0, 0.0, 0.0
    for index in np.repeat(chosen, repeats):
        state, action = pairs[index]
        observation, _ = environment.reset()
        if placed:
            inner.s = state
        else:
            state = _state(environment, observation)
        observation, reward, terminated, _, _ = environment.step(start + action)
        found = Outcome(_state(environment, observation), float(reward), bool(terminated))
        known = rows[state][action]
        if found not in known:
            listed = ", ".join(f"{tuple(out)}" for out in list(known)[:4])
            raise UsageError(
                f"{name} does not do what its table `P` says: action {action} in state {state} led to (state, reward, terminated) "
                f"{tuple(found)}, where the table has {listed}; something outside of the state decides. Turn it off, or leave "
                "out wrappers that change rewards or ends"
            )
        usual, share = next(iter(known.items()))
        first, expected, spread = first + (found == usual), expected + share, spread + share * (1 - share)
    if spread > 0 and abs(first - expected) > _UNLIKELY * np.sqrt(spread):
        raise UsageError(
            f"{name} does not do what its table `P` says: of {len(chosen) * repeats} steps {first:g} took the first outcome, where "
            f"the table expects {expected:.0f}"
        )


def _shown(environment: Any, own: int, states: int) -> np.ndarray | None:
    """What is shown in each state; None where that is its number."""
    layers, inner = [], environment
    wrapper = load_gymnasium().ObservationWrapper
    while inner is not environment.unwrapped:
        layers.append(inner)
        inner = inner.env
    if not any(isinstance(layer, wrapper) for layer in layers):
        return None
    space, rows = shown_space(environment.observation_space), []
    for state in range(own):
        shown: Any = state
        for layer in reversed(layers):
            shown = layer.observation(shown) if isinstance(layer, wrapper) else shown
        rows.append(to_array(space, shown))
    return np.stack([*rows, *[np.zeros_like(rows[0])] * (states - own)])


_COLOR = re.compile(r"\x1b\[[0-9;]*m")


def _text(environment: Any, states: int) -> str:
    """The level as the environment writes it, without colors."""
    inner = environment.unwrapped
    if getattr(inner, "render_mode", None) == "ansi":
        environment.reset(seed=0)
        written = inner.render()
        if isinstance(written, str):
            return _COLOR.sub("", written).strip("\n")
    return f"state table of {states} states"
