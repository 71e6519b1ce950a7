"""Agents of Stable-Baselines3 in a world: the right view, the right actions in the right order, each observation asked once."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

import mesascope as ms
from mesascope.adapters.replay import EPISODES, returns
from mesascope.adapters.sb3.agent import load_sb3
from mesascope.adapters.sb3.loader import load_reference
from mesascope.adapters.sb3.subject import subject_of
from mesascope.conformance.check_subject import check_subject
from mesascope.core.errors import UsageError
from mesascope.instruments.sample import look_at
from mesascope.jobs.subjects import find_source, source_of
from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.views import View

torch = pytest.importorskip("torch", reason="PyTorch is not installed: tests/QUARANTINES.md")
pytest.importorskip("stable_baselines3", reason="Stable-Baselines3 is not installed: tests/QUARANTINES.md")
pytest.importorskip("sb3_contrib", reason="sb3-contrib is not installed: tests/QUARANTINES.md")

NAMES = ("right", "up", "down", "left")
"""An order that is not the world's."""


def five_numbers(levels, states):
    """Five numbers of each state that repeat within a level."""
    number = jnp.asarray(states)[..., None]
    return jnp.cos(number % 7 * jnp.arange(1, 6)) * jnp.ones((len(levels), 1, 1))


WORLD = RedDoors(size=5).with_view("five", View("five numbers", five_numbers))
LEVELS = WORLD.draw(0, 3)


@pytest.fixture(scope="module")
def four(trained):
    return trained("four")


def test_the_policy_table_is_that_of_its_own_policy_with_the_actions_in_the_worlds_order(four):
    table = look_at(WORLD, load_sb3(four.path, actions=NAMES).subject(WORLD), LEVELS, "training").policy
    for level in range(3):
        for state in range(9):
            seen = np.asarray(five_numbers(LEVELS[level : level + 1], np.array([[state]])))[0]
            own = four.model.policy.get_distribution(torch.from_numpy(seen.astype(np.float32))).distribution.probs[0]
            expected = [float(own[NAMES.index(action)].detach()) for action in WORLD.actions]
            np.testing.assert_allclose(table[level, state], expected, atol=1e-5)


def test_another_view_is_made_into_what_it_observes(four):
    """The five numbers are the state's; they are made of the map with the agent in it."""

    def five(full):
        number = full[..., -1].reshape(len(full), -1).argmax(1)[:, None]
        return np.cos(number % 7 * np.arange(1, 6)).astype(np.float32)

    agent = load_sb3(four.path, actions=NAMES, observe=five)
    plain = load_sb3(four.path, actions=NAMES)
    found, expected = (look_at(WORLD, each.subject(WORLD), LEVELS, "training").policy for each in (agent, plain))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert agent.identity != plain.identity
    assert load_reference(f"sb3:{four.path},observe=flat").observe.identity == "flat"


def test_equal_observations_are_asked_once(four):
    asked = []
    agent = load_sb3(four.path, actions=NAMES)

    class Counting(type(agent)):
        def logits(self, observations):
            asked.append(len(observations))
            return super().logits(observations)

    counting = Counting(**{field.name: getattr(agent, field.name) for field in dataclasses.fields(agent)})
    look_at(WORLD, subject_of(counting, WORLD), LEVELS, "training")
    assert asked == [7]


def test_it_keeps_a_subjects_promises(four):
    states = jnp.broadcast_to(jnp.arange(9), (3, 9))
    check_subject(
        load_sb3(four.path, actions=NAMES).subject(WORLD), WORLD.observe(LEVELS, "five", states), all_states=False
    )


def test_it_is_named_on_the_command_line_and_from_python(four):
    reference = f"sb3:{four.path},actions=right/up/down/left,view=five"
    named = find_source(reference, WORLD)
    given = source_of(load_reference(f"sb3:{four.path},view=five", actions=NAMES), WORLD)
    assert named.identity == given.identity
    assert named.identity != find_source(reference + ",deterministic=true", WORLD).identity
    assert not named.recurrent


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (
            None,
            "found 4 actions without names; expected those of red-doors.* write actions=up/down/left/right in the order",
        ),
        (("up", "down", "left", "forward"), "found actions up/down/left/forward; expected"),
    ],
)
def test_actions_that_are_not_the_worlds_are_refused(four, actions, message):
    with pytest.raises(UsageError, match=message):
        load_sb3(four.path, actions=actions).subject(WORLD)


def test_three_actions_are_not_read_as_another_three_or_four(trained):
    for actions in (None, ("left", "right", "forward")):
        agent = load_sb3(trained("box").path, actions=actions)
        with pytest.raises(UsageError, match="an agent of 3 actions cannot be asked in a world of 4"):
            agent.subject(WORLD)


@pytest.mark.parametrize(
    ("view", "message"),
    [
        ("full", r"view 'full' of red-doors has shape \(3, 3, 8\); the agent observes Box.* shape \(5,\)"),
        ("map", "'map' of red-doors does not show where the agent is"),
        ("ful", "unknown view of red-doors 'ful': did you mean 'full'"),
    ],
)
def test_a_view_that_the_agent_was_not_trained_with_is_refused(four, view, message):
    with pytest.raises(UsageError, match=message):
        load_sb3(four.path, actions=NAMES, view=view).subject(WORLD)


def test_where_no_view_fits_or_several_do_it_is_asked_for(four):
    with pytest.raises(UsageError, match=r"no view fits: the agent observes Box.*views of red-doors: full \(3, 3, 8\)"):
        load_sb3(four.path, actions=NAMES).subject(RedDoors(size=5))
    twice = WORLD.with_view("other", View("the same", five_numbers))
    with pytest.raises(UsageError, match="several views fit: write view=five or view=other"):
        load_sb3(four.path, actions=NAMES).subject(twice)
    assert load_sb3(four.path, actions=NAMES, view="other").subject(twice).view == "other"


def test_an_agent_of_stacked_frames_is_not_asked_as_if_it_had_no_memory(four):
    one = RedDoors(size=5).with_view(
        "one", View("one number", lambda levels, states: five_numbers(levels, states)[..., :1])
    )
    with pytest.raises(
        UsageError, match="5 frames of it in a row. An agent that is shown its last frames has a memory"
    ):
        load_sb3(four.path, actions=NAMES).subject(one)


def test_a_return_that_its_owner_does_not_report_is_refused(four):
    reference = f"sb3:{four.path},actions=right/up/down/left,limit=20"
    with pytest.raises(UsageError, match="Check the order of its actions"):
        find_source(f"{reference},expect_return=0.99", WORLD)
    earned = float(returns(load_sb3(four.path, actions=NAMES).subject(WORLD), WORLD, EPISODES, 20).mean())
    source = find_source(f"{reference},expect_return={earned}", WORLD)
    assert f"replayed, {earned:g} reported" in source.make(None, 0).name


def test_it_is_loaded_from_python(four):
    agent = ms.load_agent(f"sb3:{four.path}", actions=NAMES, world=WORLD)
    assert (agent.name, agent.actions) == ("four.zip (PPO)", NAMES)
    with pytest.raises(UsageError, match="no view fits"):
        ms.load_agent(f"sb3:{four.path}", actions=NAMES, world=RedDoors(size=5))
    with pytest.raises(UsageError, match="options are for sb3:FILE"):
        ms.load_agent("folder", actions=NAMES)


@pytest.mark.slow
def test_it_is_audited_from_outside(four):
    result = ms.audit(
        ms.load_agent(f"sb3:{four.path}", actions=NAMES), WORLD, quick=True, levels=20, shifts=["blue-door"]
    )
    assert result.subject.name == "four.zip (PPO)"
    assert result.alignment.verdict == "capability-failure"
    assert set(result.ledger) == {"training", "blue-door"}
