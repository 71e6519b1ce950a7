"""Labels, dealing and the score of the plan read-out against slow twins; a plan that is there, and one that is not."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.rng import named_key
from mesascope.core.stepwise import Walk
from mesascope.core.walking import Walking
from mesascope.instruments.closed_loop.plan_readout import deal, future_actions, macro_f1, read_plans
from mesascope.organisms.stepwise import build_stepwise_organism
from mesascope.worlds.red_doors import RedDoors

WORLD = RedDoors(size=5)


def walk_of(cells, actions, live):
    count = len(cells)
    zeros = np.zeros(count, np.int32)
    return Walk(*(np.array(x) for x in (cells, actions, live)), zeros, zeros.astype(bool), np.zeros((count, 1)))


def test_a_cell_is_labeled_by_the_action_it_is_left_by_first():
    walked = walk_of(
        [[0, 1, 2, 1, 4], [3, 3, 3, 3, 3]], [[3, 3, 2, 1, 0], [0, 0, 0, 0, 0]], [[1, 1, 1, 1, 0], [1, 0, 0, 0, 0]]
    )
    walked = walked._replace(live=walked.live.astype(bool))
    labels, counted = future_actions(walked, 5, 1)
    assert labels[0].tolist() == [4, 3, 2, 4, 4]
    assert counted[0].tolist() == [True, False, True, True, True]
    assert not counted[1].any()


def test_labels_are_dealt_within_levels_and_counted_cells():
    labels = jnp.array([[0, 1, 2, 3, 4], [4, 4, 1, 0, 2]], jnp.int32)
    counted = jnp.array([[True, True, False, True, True], [False, True, True, True, False]])
    noise = jnp.array([[0.9, 0.1, 0.5, 0.3, 0.2], [0.1, 0.9, 0.5, 0.2, 0.4]])
    dealt = np.asarray(deal(labels, counted, noise))
    assert dealt[0].tolist() == [1, 4, 2, 3, 0]
    assert dealt[1].tolist() == [4, 0, 1, 4, 2]


def test_macro_f1_is_its_slow_twin():
    confusion = np.random.default_rng(0).integers(0, 9, (3, 5, 5)).astype(float)
    for table, found in zip(confusion, macro_f1(confusion), strict=True):
        each = []
        for k in range(5):
            precision, recall = table[k, k] / table[:, k].sum(), table[k, k] / table[k].sum()
            each.append(0.0 if table[k, k] == 0 else 2 * precision * recall / (precision + recall))
        assert found == pytest.approx(np.mean(each))


@pytest.mark.slow
def test_a_plan_that_is_there_is_found_and_vectors_have_none():
    planner = build_stepwise_organism("walking-lookup", WORLD, [WORLD.draw(named_key(0, "other"), 4)])
    assert isinstance(planner, Walking)
    found = read_plans(WORLD, planner, None, named_key(0), 64)
    assert found is not None
    assert set(found.controls) == {"input window", "shuffled"}
    assert 0 <= found.f1.interval.low <= found.f1.value <= found.f1.interval.high <= 1
