"""Labels, dealing and the score of the plan read-out against slow twins; a plan that is there, and one that is not."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.rng import named_key
from mesascope.core.rollouts import Rollout
from mesascope.instruments.closed_loop.plan_readout import deal, future_actions, macro_f1, read_plans
from mesascope.instruments.closed_loop.rollouts import draw_walked
from mesascope.learned.recurrent import LocalRecurrentAgent
from mesascope.organisms.registry import build_organism
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors()


def walk_of(cells, actions, live):
    count = len(cells)
    zeros = np.zeros(count, np.int32)
    return Rollout(*(np.array(x) for x in (cells, actions, live)), zeros, zeros.astype(bool), np.zeros((count, 1)))


def test_a_cell_is_labeled_by_the_action_it_is_left_by_first():
    walked = walk_of(
        [[0, 1, 2, 1, 4], [3, 3, 3, 3, 3]], [[3, 3, 2, 1, 0], [0, 0, 0, 0, 0]], [[1, 1, 1, 1, 0], [1, 0, 0, 0, 0]]
    )
    walked = walked._replace(live=walked.live.astype(bool))
    labels, counted = future_actions(walked, 5, 4, 1)
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
    without = confusion[0].copy()
    without[4], without[:, 4] = 0, 0
    assert macro_f1(without[None])[0] == pytest.approx(macro_f1(without[None, :4, :4])[0])


@pytest.mark.slow
def test_stored_answers_are_read_out_and_a_vector_holds_no_map():
    """A table's answers are plans to a probe: that is the instrument's blind spot, not a finding of search."""
    key = named_key(0)
    table = build_organism("walking-lookup", WORLD, [draw_walked(WORLD, key, 128)])
    found = read_plans(WORLD, table, None, key, 128)
    assert found is not None
    assert set(found.plan.controls) == {"input window", "shuffled"}
    assert found.direction.f1.interval.low > 0.8
    assert found.direction.ahead["shuffled"].interval.low > 0.3
    # Which cells lie on the way is not in them.
    assert found.plan.f1.value < 0.3
    assert found.channels == 5
    assert read_plans(WORLD, LocalRecurrentAgent(named_key(1), 7, units=4), None, key, 128) is None
