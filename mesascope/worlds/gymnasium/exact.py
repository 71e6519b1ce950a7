"""Tables that an environment itself has: `env.unwrapped.P`, compared with its steps before it is trusted."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.core.errors import UsageError
from mesascope.worlds.gymnasium.environment import load_gymnasium, name_of
from mesascope.worlds.gymnasium.observations import shown_space, to_array
from mesascope.worlds.gymnasium.own_table import Outcome, compare_with_steps, read_rows, state_of
from mesascope.worlds.gymnasium.table import Outcomes, Table, build_table
from mesascope.worlds.gymnasium.transition import Feature, Transition

_RESETS = 2_000
"""Resets from which starts are counted where the environment does not say their distribution."""


def has_table(environment: Any) -> bool:
    """Whether the environment has a table of its own."""
    return isinstance(getattr(environment.unwrapped, "P", None), Mapping)


def table_of(environment: Any, features: Mapping[str, Feature]) -> Table:
    """The table of an environment that has one, once its steps have agreed with it.

    States keep the environment's own numbers. Where a transition ends the episode in a state from which the table goes on, as
    in Taxi and CliffWalking, it leads to one state more, the last, in which nothing happens; where the table absorbs, as
    FrozenLake's does, it leads where the table says.

    Args:
        environment: any environment with `unwrapped.P`.
        features: what is computed of each transition; `before` and `after` are numbers of states.

    Raises:
        UsageError: probabilities do not sum to 1, or steps do what the table does not hold.
    """
    rows = read_rows(environment)
    compare_with_steps(environment, rows)
    absorbing = np.array([_absorbs(state, row) for state, row in enumerate(rows)])
    end = len(rows)
    needed = any(out.terminated and not absorbing[out.after] for row in rows for outs in row for out in outs)
    found: list[list[Outcomes]] = []
    for state, row in enumerate(rows):
        found.append([_fired(state, action, outs, features, absorbing, end) for action, outs in enumerate(row)])
    terminal = absorbing
    initial = _starts(environment, len(rows))
    if (initial * absorbing).any():
        raise UsageError(
            f"{name_of(environment)} starts in state {int((initial * absorbing).argmax())}, where its table ends"
        )
    if needed:
        found.append([{(end, (0.0,) * len(features)): 1.0} for _ in rows[0]])
        terminal, initial = np.append(absorbing, True), np.append(initial, 0.0)
    shown = _shown(environment, len(rows), len(found))
    return build_table(found, terminal, initial, shown, len(features), _text(environment, len(rows)))


def _absorbs(state: int, row: list[dict[Outcome, float]]) -> bool:
    return all(out == (state, 0.0, True) for outs in row for out in outs)


def _fired(
    state: int,
    action: int,
    outs: dict[Outcome, float],
    features: Mapping[str, Feature],
    absorbing: np.ndarray,
    end: int,
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
        counts[state_of(environment, environment.reset()[0])] += 1
    return counts / counts.sum()


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
