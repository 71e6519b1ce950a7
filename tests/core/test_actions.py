"""Actions by name, and which rows of logits are a policy."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mesascope.core.actions import checked_actions, flaw_of_logits, order_of
from mesascope.core.errors import SubjectError, UsageError
from mesascope.core.mdp import visited_states
from mesascope.core.subject import action_probabilities, policy_table
from mesascope.worlds.grids.red_doors import RedDoors

MOVES = ("up", "down", "left", "right")


@given(st.permutations(MOVES))
def test_answers_follow_their_names(own):
    answers = np.array([MOVES.index(name) for name in own])  # each answer says which action it is of
    assert answers[list(order_of(tuple(own), MOVES))].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (("left", "right", "forward"), "with the actions left, right, forward; the world has up, down, left, right"),
        (3, r"with 3 actions; the world has up, down, left, right.*actions=\('up'"),
        (5, "with 5 actions"),
    ],
)
def test_other_actions_are_refused_with_both_lists(own, words):
    with pytest.raises(SubjectError, match=words):
        order_of(own, MOVES)


def test_a_number_of_actions_is_taken_in_the_order_of_the_world():
    assert order_of(4, MOVES) == (0, 1, 2, 3)
    assert checked_actions(np.int64(3)) == 3


@pytest.mark.parametrize("actions", ["left", (), ("a", "a"), (1, 2), 0, -1, True, 2.0, None])
def test_what_names_no_actions_is_refused(actions):
    with pytest.raises(UsageError, match="expected names, each once"):
        checked_actions(actions)


LOGITS = arrays(np.float32, (2, 3, 4), elements=st.sampled_from([-np.inf, np.inf, np.nan, -1e8, 0.0, 1.5]))


@given(LOGITS, arrays(bool, (2, 3)))
def test_a_flaw_is_found_exactly_where_a_row_is_no_policy(logits, needed):
    """Beside a slow twin in plain Python."""
    flaws = [
        row
        for row in np.ndindex(2, 3)
        if any(np.isnan(x) or x == np.inf for x in logits[row])
        or (needed[row] and all(x == -np.inf for x in logits[row]))
    ]
    found = flaw_of_logits(logits, needed)
    assert (found is None) == (not flaws)
    if found is not None:
        assert found[0] in flaws
        return
    softmax = np.asarray(action_probabilities(jnp.asarray(logits)))
    for row in np.ndindex(2, 3):
        weights = [np.exp(float(x) - max(map(float, logits[row]))) if x > -np.inf else 0.0 for x in logits[row]]
        twin = np.array(weights) / sum(weights) if sum(weights) else np.full(4, 0.25)
        np.testing.assert_allclose(softmax[row], twin, atol=1e-6)


def test_without_knowing_where_an_agent_can_be_one_row_of_each_level_is_enough():
    logits = np.full((2, 3, 4), -np.inf)
    logits[0, 2, 1] = 0.0
    assert flaw_of_logits(logits) == ((1, 0), "every action is forbidden: all logits are minus infinity")


def test_a_mask_is_probability_zero_in_a_policy_table():
    masked = jnp.zeros((1, 2, 2, 4)).at[..., 1].set(-jnp.inf)
    np.testing.assert_allclose(policy_table(masked)[0], np.array([[1, 0, 1, 1]] * 4) / 3, atol=1e-6)


def test_an_agent_can_be_where_paths_from_the_starts_lead():
    """Beside a flood fill in plain Python."""
    world = RedDoors(size=7)
    levels = world.draw(3, 3)
    mdp = world.tables(levels)
    visited = visited_states(mdp)
    successor, terminal = np.asarray(mdp.successor)[..., 0], np.asarray(mdp.terminal)
    for level in range(3):
        reached, todo = set(), [s for s in range(mdp.states) if mdp.initial[level, s] > 0]
        while todo:
            state = todo.pop()
            if state not in reached and not terminal[level, state]:
                reached.add(state)
                todo.extend(successor[level, state].tolist())
        assert set(np.flatnonzero(visited[level])) == reached
    assert not (visited & np.asarray(levels.walls).reshape(3, -1)).any()
