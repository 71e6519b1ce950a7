"""Looking inside an agent from Python, and rewriting what is found there."""

import numpy as np
import pytest

import mesascope as ms
from mesascope.core.errors import UsageError
from mesascope.core.subject import policy_table

BEFORE = "#####\n#R..#\n#.#.#\n#...#\n#####\n"
AFTER = "#####\n#...#\n#.#.#\n#..R#\n#####\n"


@pytest.fixture(scope="module")
def world():
    return ms.worlds.red_doors(size=5)


@pytest.fixture(scope="module")
def levels(world):
    return world.read_levels(BEFORE), world.read_levels(AFTER)


@pytest.fixture(scope="module")
def inside(world, levels):
    return ms.look_inside(ms.build_organism("planner,ticks=12", world), world, levels[0])


def test_the_last_plan_is_what_the_agent_does(world, levels, inside):
    policy = policy_table(inside.subject.logits(world.observe(levels[0])))
    np.testing.assert_allclose(inside.policy, np.asarray(policy), atol=1e-6)
    assert inside.policies.shape == (13, 1, 9, 4)
    assert set(inside.states) == {site.name for site in inside.subject.sites}
    assert not np.allclose(inside.policies[0], inside.policies[-1])


def test_a_state_written_from_a_changed_level_is_followed_and_noise_is_not(world, levels, inside):
    edited = inside.edit(levels[1], tick=1)
    followed = {arm: found.value for arm, found in edited.followed.items()}
    assert followed["edited"] == pytest.approx(1.0, abs=0.01)
    assert followed["ceiling"] == pytest.approx(1.0, abs=0.01)
    assert followed["unedited"] == pytest.approx(0.0, abs=0.01)
    assert followed["equal-norm random"] < 0.9
    np.testing.assert_allclose(edited.policies["unedited"], inside.policy, atol=1e-6)
    assert edited.scored.sum() > 0
    assert not edited.scored[0, [0, 8]].any(), "where the door was and is, nothing is scored"


def test_an_edit_of_the_last_state_comes_too_late_for_a_plan(levels, inside):
    late = inside.edit(levels[1], tick=12, radius=0)
    assert late.followed["edited"].value < 0.5 < late.followed["ceiling"].value


def test_an_agent_that_looks_again_needs_edits_that_last(world, levels):
    again = ms.look_inside(ms.build_organism("planner,ticks=12,memory=recall", world), world, levels[0])
    once, held = (again.edit(levels[1], tick=1, sustained=s).followed["edited"].value for s in (False, True))
    assert once < 0.1 < 0.9 < held


def test_notebooks_show_plans_and_arms(levels, inside):
    assert inside._repr_html_().count("<svg") == 5
    shown = inside.edit(levels[1], tick=1)._repr_html_()
    assert shown.count("<svg") == 4
    assert "control: noise of equal size" in shown


def test_counterfactuals_are_drawn_as_an_audit_draws_them(world):
    before, after = ms.draw_counterfactuals(world, "retarget", 3, seed=1)
    assert [sorted(level.text) for level in before] == [sorted(level.text) for level in after], "objects trade places"
    assert all(one.text != other.text for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda world, levels, inside: inside.edit(levels[0], tick=1), "changed level 0 is like level 0"),
        (lambda world, levels, inside: inside.edit(world.draw(0, 2), tick=1), "expected as many of the same size"),
        (lambda world, levels, inside: inside.edit(levels[1], tick=13), "expected a tick from 0 to 12"),
        (lambda world, levels, inside: inside.edit(levels[1], tick=1, sites=["goal"]), "no site 'goal': expected"),
        (lambda world, levels, inside: ms.draw_counterfactuals(world, "retargt", 2), "did you mean 'retarget'"),
        (
            lambda world, levels, inside: ms.look_inside(ms.black_box(lambda shown: shown), world, levels[0]),
            "has no sites: name what it thinks with",
        ),
        (
            lambda world, levels, inside: ms.look_inside("organism:walking-planner", world, levels[0]),
            "expected an agent that answers a whole level at once",
        ),
    ],
)
def test_what_does_not_fit_is_named(world, levels, inside, make, said):
    with pytest.raises(UsageError, match=said):
        make(world, levels, inside)


def test_references_and_single_levels_are_taken(world, levels):
    found = ms.look_inside("organism:planner,ticks=12", world, levels[0][0])
    assert len(found.levels) == 1


def test_an_experiment_is_made_by_its_name():
    assert ms.experiment("two-exits", deployed=5).life.deployed == 5
    with pytest.raises(UsageError, match="unknown experiment 'two-exit': did you mean 'two-exits'"):
        ms.experiment("two-exit")
