"""Agents of Stable-Baselines3 in a world: the right view, the right actions in the right order, each observation asked once."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.adapters.sb3.agent import load_sb3
from mesascope.adapters.sb3.loader import load_reference
from mesascope.adapters.sb3.subject import subject_of
from mesascope.conformance.check_subject import check_subject
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
