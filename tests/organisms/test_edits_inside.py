"""What sets organisms apart: writing into their states."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.organisms.registry import build_organism
from tests.organisms.patching import best, draw, followed, greedy, patched, squares, trials

EDITS = ("retarget", "wall", "joint")


def share(doors, name, edit, radius=1, first=1, last=None):
    subject = doors.organisms[name]
    got, cells = followed(
        doors.world, subject, doors.levels, doors.trials[edit], radius, first, first if last is None else last
    )
    assert cells > 5, f"only {cells} cells are contested"
    return got


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize(("radius", "first"), [(1, 1), (0, 1), (1, 2), (1, 4), (2, 4), (1, 20)])
def test_the_planner_follows_every_edit(doors, edit, radius, first):
    assert share(doors, "planner", edit, radius, first) == 1.0


@pytest.mark.parametrize("edit", EDITS)
def test_a_recall_planner_undoes_an_edit_made_once_and_follows_one_that_is_held(doors, edit):
    name = "planner,memory=recall"
    ticks = doors.organisms[name].ticks
    assert share(doors, name, edit, first=1) == 0.0
    assert share(doors, name, edit, first=1, last=ticks) == 1.0
    assert share(doors, name, edit, radius=0, first=4, last=ticks) == 1.0


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("name", ["lookup", "staged-lookup"])
@pytest.mark.parametrize(("first", "held"), [(1, False), (4, False), (1, True)])
def test_stored_answers_do_not_move(doors, edit, name, first, held):
    last = doors.organisms[name].ticks if held else first
    assert share(doors, name, edit, first=first, last=last) == 0.0


@pytest.mark.parametrize(("radius", "first", "held"), [(1, 1, False), (0, 2, False), (2, 1, False), (1, 1, True)])
def test_the_goal_register_retargets_and_knows_no_walls(doors, radius, first, held):
    last = doors.organisms["goal-register"].ticks if held else first
    assert share(doors, "goal-register", "retarget", radius, first, last) == 1.0
    assert share(doors, "goal-register", "wall", radius, first, last) == 0.0
    assert share(doors, "goal-register", "joint", radius, first, last) == 0.0


def test_both_edits_move_the_goal_register_as_if_there_were_no_wall(doors):
    register, trial = doors.organisms["goal-register"], doors.trials["joint"]
    patch = squares(trial.cells, doors.levels.interior, 1)
    inputs = doors.world.observe(doors.levels), doors.world.observe(trial.donor)
    sets = greedy(patched(register, *inputs, jnp.asarray(patch), jnp.array(1), jnp.array(1)))
    assert (sets == doors.trials["retarget"].optimal)[~patch].all()


def test_reflexes_turn_to_the_goal_or_not_at_all(doors):
    compass = build_organism("compass", doors.world)
    edits = {edit: doors.trials[edit] for edit in EDITS}
    got = {e: followed(doors.world, compass, doors.levels, t, 1, 1, 1)[0] for e, t in edits.items()}
    assert 0.3 < got["retarget"] < 0.9
    assert got["wall"] < 0.2
    for name in ("wall-follower", "uniform"):
        reflex = build_organism(name, doors.world)
        trial = edits["retarget"]
        patch = jnp.asarray(squares(trial.cells, doors.levels.interior, 1))
        base = doors.world.observe(doors.levels)
        once = patched(reflex, base, doors.world.observe(trial.donor), patch, jnp.array(1), jnp.array(1))
        assert (once == reflex.logits(base)).all()


def test_a_planner_for_several_features_follows_its_most_valued_object(doors):
    world = doors.world
    planner = build_organism("planner,objective=red:1+blue:0.6+door:-1", world)
    levels = draw(world, "apart", 96, "blue-door")
    for edit, trial in trials(world, levels, planner.weights).items():
        got, cells = followed(world, planner, levels, trial, 1, 2, 2)
        assert cells > 20
        assert got == 1.0, edit


def test_an_object_put_into_an_empty_mind_is_reached(doors):
    """An empty level, and a single object carried over from another run."""
    world, levels = doors.world, doors.levels
    absent = jnp.full_like(levels.shape, -1)
    empty = type(levels)(levels.walls, levels.cell, absent, absent)
    single = type(levels)(levels.walls, levels.cell, absent.at[:, 0].set(0), absent.at[:, 0].set(1))
    patch = jnp.asarray(squares(np.asarray(levels.cell[:, :1]), levels.interior, 1))
    want = np.asarray(best(world, single, doors.weights))
    for name, right in (("planner", 1.0), ("goal-register", 1.0), ("lookup", 0.0)):
        inputs = world.observe(empty), world.observe(single)
        sets = greedy(patched(doors.organisms[name], *inputs, patch, jnp.array(1), jnp.array(1)))
        cells = ~np.asarray(patch | levels.walls)
        assert (~(sets & ~want).any(-1))[cells].mean() == right
