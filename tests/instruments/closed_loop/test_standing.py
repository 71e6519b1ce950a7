"""An agent that stands still is asked what its first move is, and answers on fresh levels are those of its own episodes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.rng import named_key
from mesascope.core.rollouts import Rollout, think_ticks, view_of
from mesascope.instruments.closed_loop.answers import _pooled
from mesascope.instruments.closed_loop.battery import FINALISTS, _finalists
from mesascope.instruments.interventions.place import Place, Tried
from mesascope.instruments.interventions.standing import Placed, PlacedView, StandingAgent
from mesascope.organisms.registry import build_organism
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors(size=5)
LEVELS = WORLD.draw(named_key(0, "standing"), 4)
CELLS = jnp.array([0, 3, 8, 5])


@pytest.mark.parametrize("text", ["walking-planner,pace=2", "walking-planner,walks=queues,ticks=9,pace=2"])
@pytest.mark.parametrize("pauses", [0, 5])
def test_a_standing_agent_answers_where_it_stands_with_its_first_move(text, pauses):
    subject = build_organism(text, WORLD, [LEVELS])
    agent, seen = StandingAgent(subject, pauses), PlacedView(WORLD).observe(Placed(LEVELS, CELLS))
    answer = agent.logits(seen)
    state, level = subject.start(WORLD.observe(LEVELS)), WORLD.observe(LEVELS)
    for step in range(pauses + 1):
        state = think_ticks(subject, state, view_of(subject, level, CELLS, jnp.array(step)))
    rows = answer.reshape(4, 9, 4)
    np.testing.assert_allclose(rows[jnp.arange(4), CELLS], subject.act(state), rtol=1e-5, atol=1e-5)
    elsewhere = np.delete(np.asarray(rows[0]), int(CELLS[0]), 0)
    assert not elsewhere.any()


def test_of_two_episodes_that_meet_in_a_state_the_first_counts():
    policy = jax.random.uniform(named_key(1), (4, 9, 4))
    state = jnp.array([[0, 1], [1, 2], [3, 3], [3, 5]])
    live = jnp.array([[True, True], [True, False], [True, True], [True, True]])
    walk = Rollout(state, jnp.zeros_like(state), live, state[:, -1], live[:, -1], jnp.zeros((4, 1)))
    table, there = _pooled(policy, walk, jnp.zeros((2, 2), jnp.int32))
    assert np.flatnonzero(there[0]).tolist() == [0, 1]
    assert np.flatnonzero(there[1]).tolist() == [3, 5]
    np.testing.assert_array_equal(table[0, 1], policy[0, 1])
    np.testing.assert_array_equal(table[1, 3], policy[2, 3])
    np.testing.assert_array_equal(table[1, 5], policy[3, 5])


def test_the_best_place_of_each_kind_is_tried_in_episodes():
    def tried(sites, first, held, share):
        return Tried(Place(sites, first, 1, held), share, 0.5)

    found = _finalists(
        (
            tried(("a",), 1, False, 0.9),
            tried(("a",), 2, False, 0.8),
            tried(("a",), 1, True, 0.7),
            tried(("a", "b"), 1, False, 0.2),
        )
    )
    assert [(at.place.sustained, at.share) for at in found] == [(False, 0.9), (True, 0.7)]
    assert len(_finalists(tuple(tried((name,), 1, False, 0.5) for name in "abcdefghij"))) == FINALISTS
    assert _finalists(()) == []
