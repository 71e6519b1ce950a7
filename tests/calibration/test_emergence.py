"""Checkpoints, and a search that is planted."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.base_optimizers.exact_policy_gradient import ExactPolicyGradient
from mesascope.base_optimizers.imitation import Imitation
from mesascope.calibration.emergence import ImitationOf, at_updates, moved, planted_start, watch
from mesascope.core.subject import policy_table
from mesascope.organisms.compiled import compile_search
from mesascope.organisms.registry import build_organism
from mesascope.worlds.grids.red_doors import RedDoors


@pytest.mark.parametrize(("total", "stages"), [(800, 8), (600, 2), (5, 4)])
def test_checkpoints_begin_at_the_start_end_at_the_end_and_ascend(total, stages):
    found = at_updates(total, stages)
    assert found[0] == 0
    assert found[-1] == total
    assert list(found) == sorted(set(found))
    assert len(found) <= stages


def test_what_is_imitated_is_what_the_organism_does_and_not_what_is_best():
    world = RedDoors(size=5)
    levels = world.draw(jax.random.key(0), 16)
    mdp, seen = world.tables(levels), world.observe(levels)
    teacher = build_organism("compass,objective=door", world)
    shown = ImitationOf(teacher=teacher).demonstrated(world, mdp, seen)
    policy = policy_table(teacher.logits(seen), mdp.states)
    best = policy == policy.max(-1, keepdims=True)
    np.testing.assert_array_equal(shown, best)
    optimal = Imitation().demonstrated(world, mdp, seen)
    walled = np.asarray(shown & ~optimal).any()  # a compass walks into walls
    assert walled
    assert np.asarray(shown).any(-1).all()


def test_how_far_weights_moved_is_a_share_of_their_norm():
    start = compile_search(RedDoors().base_objective.vector(RedDoors().features), 4)
    twice = jax.tree.map(lambda w: 2 * w if eqx.is_inexact_array(w) else w, start)
    assert moved(start, start) == 0.0
    assert moved(twice, start) == pytest.approx(1.0)


@pytest.mark.slow
@pytest.mark.long
def test_a_planted_search_passes_before_training_and_after_a_few_updates(optimized):
    world = RedDoors()
    optimizer = ExactPolicyGradient(updates=4, batch=8)
    start = planted_start(optimizer, world, 0, 0.0)
    planted = compile_search(world.base_objective.vector(world.features), start.subject.ticks)
    np.testing.assert_array_equal(start.subject.recur, planted.recur)
    assert int(start.updates) == 0
    first, last = watch(optimizer, world, start, (0, 4), 0)
    assert (first.updates, last.updates) == (0, 4)
    assert first.moved == 0.0 < last.moved < 0.01  # what is written by hand is too large for training to move
    for stage in (first, last):
        assert stage.competence > 0.9
        assert stage.least > 0.5
    assert jnp.isfinite(jnp.array([e.value for e in last.scores.values()])).all()
