"""Mass pushed on by slices and lists against dense transition matrices, on random tables of every kind."""

import hypothesis
import jax
import numpy as np
import pytest
from hypothesis import given

from mesascope.core.forward_propagation import make_step, most_leavers
from mesascope.core.rng import named_key
from mesascope.worlds.grids.keys_and_chests import KeysAndChests
from tests.core import twins
from tests.core.strategies import any_mdp, mdps, policies

settings = hypothesis.settings(max_examples=20, deadline=None, derandomize=True)
STEPS = 4


@settings
@given(any_mdp(), policies())
def test_steps_are_those_of_the_transition_matrix(mdp, policy):
    step, mass = make_step(mdp, policy, most_leavers(mdp)), (mdp.initial * ~mdp.terminal).T
    expected = np.asarray(mass, np.float64)
    matrices = [twins.transitions(twin, policy[level]) for level, twin in enumerate(twins.tables(mdp))]
    live = ~np.asarray(mdp.terminal).T
    for _ in range(STEPS):
        mass = step(mass)
        expected = np.stack([column @ m for column, m in zip(expected.T, matrices, strict=True)], 1) * live
        np.testing.assert_allclose(mass, expected, atol=1e-6)


@settings
@given(mdps(moves=(-1, 1, 2), band=2, stage=3), policies())
def test_one_list_serves_every_level_of_a_batch(mdp, policy):
    """Room is made for the level with the most; the others leave some of it empty."""
    room = most_leavers(mdp)
    together = make_step(mdp, policy, room)(mdp.initial.T)
    for level in range(mdp.levels):
        alone = jax.tree.map(lambda table, level=level: table[level : level + 1], (mdp, policy))
        np.testing.assert_allclose(make_step(*alone, room)(alone[0].initial.T)[:, 0], together[:, level], atol=1e-6)


def test_nothing_leaves_where_there_are_no_stages(tiny):
    assert most_leavers(tiny) == 0


def test_stages_that_are_not_known_are_refused():
    world = KeysAndChests()
    mdp = world.tables(world.draw(named_key(0), 2))
    assert most_leavers(mdp) > 0
    with pytest.raises(jax.errors.ConcretizationTypeError):
        jax.jit(most_leavers)(mdp)
