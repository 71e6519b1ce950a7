"""Agents that write a whole path: it is followed move by move, and where it ends the episode does."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mesascope as ms
from mesascope.adapters.replay import returns
from mesascope.adapters.written_paths import path_subject
from mesascope.conformance.check_subject import check_subject
from mesascope.core.errors import SubjectError, UsageError
from mesascope.core.rollouts import NOWHERE, draw_starts, rollout
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors(size=5)
OWN = ("right", "up", "down", "left")


def writer(shown):
    """A path of its own for every start: its length and moves depend on what is seen, and anything else stands behind."""
    rows = []
    for seen in np.asarray(shown):
        rng = np.random.default_rng(int(seen.reshape(-1) @ np.arange(seen.size)))
        moves = rng.integers(0, 4, 6)
        moves[rng.integers(0, 6) :] = rng.choice([-1, 4, 39])
        rows.append(moves)
    return np.stack(rows)


def walked_slowly(mdp, level, start, path):
    """States, actions and whether the episode came to its end, by the tables alone."""
    state, states, actions = start, [], []
    for move in path:
        if not 0 <= move < 4 or (states and bool(mdp.terminal[level, state])):
            break
        action = WORLD.actions.index(OWN[move])
        states.append(state)
        actions.append(action)
        state = int(mdp.successor[level, state, action, 0])
    return states, actions, state, bool(mdp.terminal[level, state])


def test_a_written_path_is_followed_to_its_end_and_no_further():
    levels, key = WORLD.draw(3, 40), jax.random.key(0)
    mdp = WORLD.tables(levels)
    start = draw_starts(mdp.initial, key)
    subject = path_subject(writer, world=WORLD, actions=OWN, length=8)
    found = rollout(subject, WORLD.observe(levels), mdp, start, key, 1.0, 20)
    seen = np.asarray(WORLD.observe(levels, "full", start.clip(0)[:, None]))[:, 0]
    ends = []
    for level, path in enumerate(writer(seen)):
        if start[level] == NOWHERE:
            continue
        states, actions, end, ended = walked_slowly(mdp, level, int(start[level]), path)
        live = np.asarray(found.live[level])
        assert np.asarray(found.state[level])[live].tolist() == states
        assert np.asarray(found.action[level])[live].tolist() == actions
        assert int(found.end[level]) == end
        assert bool(found.ended[level]) == ended
        ends.append(ended)
    assert 0 < sum(ends) < len(ends)  # some arrive, some stop on the way
    check_subject(subject, WORLD.observe(WORLD.draw(0, 2)))


def test_an_agent_that_stops_at_once_earns_nothing():
    subject = path_subject(lambda shown: np.full((len(shown), 1), -1), world=WORLD)
    earned = returns(subject, WORLD, 30, 50)
    assert len(earned) > 20
    assert not earned.any()


def test_only_a_subject_that_says_so_may_stop():
    subject = path_subject(lambda shown: np.full((len(shown), 1), -1), world=WORLD)
    import dataclasses

    with pytest.raises(SubjectError, match="every action is forbidden"):
        check_subject(dataclasses.replace(subject, may_stop=False), WORLD.observe(WORLD.draw(0, 2)))


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (
            lambda shown: np.zeros(len(shown), int),
            r"wrote int64 \(2,\) for 2 starts; expected whole numbers, \(start, move\)",
        ),
        (lambda shown: np.full((len(shown), 3), 0.5), "expected whole numbers"),
        (lambda shown: np.zeros((len(shown), 9), int), "a path of 9 moves; expected at most 8: write length=9 or more"),
        (lambda shown: shown.missing, "failed when it was given float32"),
    ],
)
def test_what_is_no_path_is_named(write, message):
    subject = path_subject(write, world=WORLD, length=8)
    levels = WORLD.draw(0, 2)
    with pytest.raises(SubjectError, match=message):
        check_subject(subject, WORLD.observe(levels))


def test_actions_and_views_are_compared_with_the_worlds():
    with pytest.raises(UsageError, match="expected those of red-doors"):
        path_subject(writer, world=WORLD, actions=("left", "right", "forward"))
    with pytest.raises(UsageError, match="unknown view of red-doors that shows where the agent is 'map'"):
        path_subject(writer, world=WORLD, view="map")
    turning = ms.worlds.red_doors(size=5, movement="turn")
    subject = path_subject(lambda shown: np.tile([2, 0, 2], (len(shown), 1)), world=turning, view="egocentric-5")
    check_subject(subject, turning.observe(turning.draw(0, 2), "egocentric-5"), 3, all_states=False)


def test_the_path_of_an_episode_is_written_once():
    asked = []

    def counting(shown):
        asked.append(len(shown))
        return np.zeros((len(shown), 8), int)

    levels, key = WORLD.draw(3, 4), jax.random.key(0)
    mdp = WORLD.tables(levels)
    subject = path_subject(counting, world=WORLD)
    jax.block_until_ready(rollout(subject, WORLD.observe(levels), mdp, jnp.zeros(4, int), key, 1.0, 8).end)
    assert asked == [4]
