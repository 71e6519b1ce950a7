"""Decision problems told in a few transitions, and a slow solver of them in plain Python."""

import jax.numpy as jnp
import numpy as np

from mesascope.core.mdp import FiniteMDP

FEATURES = ("base", "mesa", "chime")
BASE, MESA = np.array([1.0, 0, 0], np.float32), np.array([0, 1.0, 0], np.float32)
LEVELS, STATES, ACTIONS = 30, 6, 3
"""Of every problem in these tests, so that each program is compiled once."""

STORIES = {
    # state, action: where it leads, what fires
    "mesa causes base": {(0, 1): (1, "mesa"), (1, 1): (2, "base"), (2, 1): (3, "chime")},
    "base causes mesa": {(0, 1): (1, "base"), (1, 1): (2, "mesa"), (2, 1): (3, "chime")},
    # After its first step both happen, in either order and whatever is done.
    "common cause": {
        (0, 1): (1, ""),
        **{(1, action): (2, "base") if action != 1 else (3, "mesa") for action in range(ACTIONS)},
        **{(2, action): (4, "mesa") for action in range(ACTIONS)},
        **{(3, action): (4, "base") for action in range(ACTIONS)},
    },
    "each other's cause": {(0, 1): (1, "mesa"), (1, 1): (0, "base")},
}


def story(name, levels=LEVELS):
    """The tables; what is not told leads nowhere and fires nothing. Action 0 in state 0 fires the chime."""
    told = {(0, 0): (0, "chime"), **STORIES[name]}
    successor = np.tile(np.arange(STATES, dtype=np.int32)[:, None, None], (levels, 1, ACTIONS, 1))
    features = np.zeros((levels, STATES, ACTIONS, 1, len(FEATURES)), np.float32)
    for (state, action), (after, event) in told.items():
        successor[:, state, action, 0] = after
        if event:
            features[:, state, action, 0, FEATURES.index(event)] = 1
    initial = np.zeros((levels, STATES), np.float32)
    initial[:, 0] = 1
    return FiniteMDP(
        jnp.asarray(successor),
        jnp.ones(successor.shape, jnp.float32),
        jnp.asarray(features),
        jnp.zeros((levels, STATES), bool),
        jnp.asarray(initial),
    )


def best_return(mdp, weights, without=(), discount=0.97, level=0):
    """Value iteration, state by state; events that are left out are ways that are not taken."""
    tables = [np.asarray(t)[level] for t in (mdp.successor, mdp.features)]
    values = [0.0] * mdp.states
    for _ in range(700):
        new = []
        for state in range(mdp.states):
            worth = []
            for action in range(mdp.actions):
                fires = tables[1][state, action, 0]
                if any(fires[FEATURES.index(event)] for event in without):
                    worth.append(discount * values[state])
                else:
                    worth.append(float(fires @ weights) + discount * values[tables[0][state, action, 0]])
            new.append(max(worth))
        values = new
    return float(np.asarray(mdp.initial)[level] @ values)
