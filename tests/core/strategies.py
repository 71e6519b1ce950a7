"""Random finite MDPs of fixed shapes, so that each solver is compiled once for all examples."""

import random

import jax.numpy as jnp
import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mesascope.core.mdp import FiniteMDP

LEVELS, STATES, ACTIONS, FEATURES = 3, 6, 3, 4
MOVES = (-2, 1, 2)
DISCOUNTS = (0.0, 0.5, 0.9, 0.97)

_amounts = st.sampled_from([0.0, 0.0, 0.0, 1.0, 0.5, -1.0, 2.0])
_weights = st.sampled_from([0.0, 1.0, -1.0, 0.5, -0.25, 2.0])
_parts = st.integers(0, 4)


def distributions(shape):
    """Distributions over the last axis, some entries zero; where all would be, the first has everything."""

    def normalize(parts):
        parts = parts.astype(np.float64)
        parts[..., 0] += parts.sum(-1) == 0
        return (parts / parts.sum(-1, keepdims=True)).astype(np.float32)

    return hnp.arrays(np.int32, shape, elements=_parts).map(normalize)


@st.composite
def mdps(
    draw, outcomes: int = 1, band: int | None = None, moves: tuple[int, ...] | None = None, stage: int | None = None
) -> FiniteMDP:
    """Batches of levels with random successors, ends, features (some negative) and starts.

    With `band` no transition leads farther than that in state numbers, unless it is to a later stage where there are
    stages; with `moves` each action leads so far, or stays.
    Some levels have no end, some nothing but ends ahead, and any state may be unreachable.
    """
    tables = (LEVELS, STATES, ACTIONS, outcomes)
    if moves is not None:
        here = np.arange(STATES)[:, None, None]
        ahead = here + np.array(moves)[:, None]
        goes = draw(hnp.arrays(bool, tables)) & (ahead >= 0) & (ahead < STATES)
        size = stage or STATES
        successor = np.where(goes & (ahead // size == here // size), ahead, here).astype(np.int32)
    elif band is None:
        successor = draw(hnp.arrays(np.int32, tables, elements=st.integers(0, STATES - 1)))
    else:
        steps = draw(hnp.arrays(np.int32, tables, elements=st.integers(-band, band)))
        here, size = np.arange(STATES)[:, None, None], stage or STATES
        first = here // size * size
        successor = np.clip(here + steps, first, first + size - 1).astype(np.int32)
    if stage is not None:
        on = draw(hnp.arrays(np.int32, tables, elements=st.integers(0, STATES - 1)))
        successor = np.where(on // stage > np.arange(STATES)[:, None, None] // stage, on, successor).astype(np.int32)
    terminal = draw(hnp.arrays(bool, (LEVELS, STATES), elements=st.sampled_from([False, False, False, True])))
    initial = draw(distributions((LEVELS, STATES)))
    features = draw(hnp.arrays(np.float32, (*tables, FEATURES), elements=_amounts, fill=st.just(0.0)))
    probability = draw(distributions(tables))
    # Checking the type of a tuple, beartype looks at a random element; Hypothesis forbids that inside strategies.
    chance = random.getstate()
    made = FiniteMDP(
        successor=jnp.asarray(successor),
        probability=jnp.asarray(probability),
        features=jnp.asarray(features),
        terminal=jnp.asarray(terminal),
        # Starts in an end earn nothing; they are allowed.
        initial=jnp.asarray(initial),
        band=band,
        moves=moves,
        stage=stage,
    )
    random.setstate(chance)
    return made


def any_mdp():
    """Deterministic and stochastic levels, lattices and levels with stages among them."""
    return st.one_of(
        st.sampled_from([1, 3]).flatmap(mdps),
        mdps(moves=MOVES),
        mdps(band=2, moves=MOVES),
        mdps(3, band=1, stage=2),
        mdps(moves=(-1, 1, 2), band=2, stage=3),
    )


def objectives():
    """Weights over the features, of both signs."""
    return hnp.arrays(np.float32, (FEATURES,), elements=_weights).map(jnp.asarray)


def policies():
    """Policy tables, deterministic rows and zeros included."""
    return distributions((LEVELS, STATES, ACTIONS)).map(jnp.asarray)


def discounts():
    """Discounts, the memoryless one included."""
    return st.sampled_from(DISCOUNTS)
