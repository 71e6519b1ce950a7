"""Evidence: which choices are kept, and what stands beside them."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.instruments.evidence import evidence_from_policy, pool
from mesascope.instruments.first_touch import first_touch
from mesascope.worlds.grids.grid import grid_outcomes
from tests.instruments.planted import after, empty_sample


@pytest.fixture(scope="module")
def sample():
    return after(empty_sample("blue-door"), "door", 10.0)


@pytest.fixture(scope="module")
def evidence(sample):
    return evidence_from_policy(grid_outcomes(sample.levels), sample.mdp, sample.policy, named_key(0))


def kept(evidence, column):
    return np.asarray(getattr(evidence, column))[np.asarray(evidence.counts)]


def test_each_state_of_a_level_counts_once(evidence, sample):
    # Rows of one level that agree in everything seen from the state are rows of different states at most by symmetry.
    assert 64 <= evidence.choices <= sample.mdp.levels * sample.mdp.states
    assert evidence.levels == sample.mdp.levels
    assert np.bincount(kept(evidence, "level")).max() <= sample.mdp.states


def test_an_agent_that_never_moves_gives_one_choice_a_level():
    sample = empty_sample("training")
    successor = np.asarray(sample.mdp.successor[..., 0])
    stays = (successor == np.arange(sample.mdp.states)[:, None]) + 1e-6
    policy = jnp.asarray(stays / stays.sum(-1, keepdims=True), jnp.float32)
    starts = jnp.asarray((successor == np.arange(sample.mdp.states)[:, None]).any(-1))
    evidence = evidence_from_policy(grid_outcomes(sample.levels), sample.mdp, policy, named_key(1), allowed=starts)
    assert evidence.choices == sample.mdp.levels


def test_rows_agree_with_the_tables_they_were_taken_from(evidence, sample):
    touch = first_touch(grid_outcomes(sample.levels), sample.mdp)
    level, reach, action = (kept(evidence, c) for c in ("level", "reach", "action"))
    tables = np.asarray(touch.reach)
    for row in range(0, len(level), 17):
        assert (np.abs(tables[level[row]] - reach[row]).max((1, 2)) < 1e-7).any()
    assert set(action) <= {0, 1, 2, 3}


def test_only_allowed_states_are_kept(sample):
    level = np.arange(sample.mdp.levels)
    allowed = np.zeros(sample.mdp.terminal.shape, bool)
    first = (np.asarray(sample.mdp.initial) > 0).argmax(1)
    allowed[level[:40], first[:40]] = True
    evidence = evidence_from_policy(
        grid_outcomes(sample.levels), sample.mdp, sample.policy, named_key(0), allowed=jnp.asarray(allowed)
    )
    assert evidence.choices == 40
    assert sorted(kept(evidence, "level")) == list(range(40))


def test_pooled_levels_stay_apart(evidence):
    both = pool([evidence, evidence])
    assert both.choices == 2 * evidence.choices
    assert both.levels == 2 * evidence.levels
    with pytest.raises(UsageError, match="no evidence"):
        pool([])


def test_offered_features_are_those_within_reach(evidence):
    # The features are door, ball, red, blue, green, yellow; no door and no ball is yellow in this shift.
    assert list(evidence.offered) == [True, True, True, True, True, False]
