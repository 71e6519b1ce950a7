"""Actors on levels without a start: they are nowhere, make no move, and earn nothing."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.core.mdp import FiniteMDP, check_starts
from mesascope.core.rng import named_key
from mesascope.core.rollouts import NOWHERE, draw_starts, next_with_start, rollout_with

STATES = 4
INITIAL = jnp.array([[0, 1 / 3, 2 / 3, 0], [0, 0, 0, 0], [0, 0, 1, 0]], jnp.float32)


def corridors() -> FiniteMDP:
    """Three corridors of four states: state 0 is a wall, state 3 the end; one action leads on, the other back."""
    onward, back = [0, 2, 3, 3], [0, 1, 1, 3]
    successor = jnp.tile(jnp.array([onward, back], jnp.int32).T[None, :, :, None], (3, 1, 1, 1))
    features = jnp.zeros((*successor.shape, 1)).at[:, 2, 0].set(1.0)
    terminal = jnp.tile(jnp.arange(STATES) == 3, (3, 1))
    return FiniteMDP(successor, jnp.ones(successor.shape), features, terminal, INITIAL)


def test_a_level_without_a_start_has_actors_nowhere_and_others_where_they_may_start():
    drawn = jax.vmap(lambda key: draw_starts(INITIAL, key))(jax.random.split(named_key(0, "starts"), 400))
    levels = np.asarray(drawn).T
    assert set(levels[0].tolist()) == {1, 2}
    assert set(levels[1].tolist()) == {NOWHERE}
    assert set(levels[2].tolist()) == {2}


def test_who_is_nowhere_makes_no_move():
    mdp = corridors()
    start = draw_starts(mdp.initial, named_key(1, "starts"))

    def onward(carry, cell, number, over):
        return carry, jnp.tile(jnp.array([50.0, 0.0]), (mdp.levels, 1))

    found, _ = rollout_with(onward, (), mdp, start, named_key(2, "moves"), 1.0, 6, jnp.array(0))
    assert not np.asarray(found.live)[1].any()
    assert np.asarray(found.end).tolist() == [3, NOWHERE, 3]
    assert np.asarray(found.fired)[:, 0].tolist() == [1, 0, 1]


def test_tables_without_a_start_are_refused_by_level():
    with pytest.raises(UsageError, match="level 1 of 3 has no start"):
        check_starts(corridors())


def test_the_next_level_with_a_start_stands_in_for_one_without():
    has = jnp.array([[True, False, False, True], [False, True, False, False], [False, False, False, False]])
    assert np.asarray(next_with_start(has)).tolist() == [[0, 3, 3, 3], [1, 1, 1, 1], [0, 1, 2, 3]]
