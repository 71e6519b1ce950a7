"""Subjects that are shown other views than the map: asked state by state, they give the same table as when asked at once."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.conformance.check_subject import check_subject
from mesascope.core.errors import SubjectError, UsageError
from mesascope.core.subject import AbstractPolicy, AbstractSubject
from mesascope.instruments import sample
from mesascope.instruments.sample import first_levels, look_at
from mesascope.organisms.registry import build_organism
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors(size=7)
LEVELS = WORLD.draw(0, 6)


class Standing(AbstractPolicy):
    """What another subject prefers where the agent stands, read from the map with the agent in it."""

    other: AbstractSubject
    view = "full"

    def logits(self, observation):
        *batch, height, width, channels = observation.shape
        flat = observation.reshape(-1, height, width, channels)
        everywhere = self.other.logits(flat[..., :-1])
        here = (everywhere * flat[..., -1:]).sum((1, 2))
        return here.reshape(*batch, -1)


@pytest.fixture(scope="module")
def planner():
    return build_organism("planner", WORLD)


@pytest.fixture(scope="module")
def asked(planner):
    return look_at(WORLD, Standing(planner), LEVELS, "training")


def test_asked_state_by_state_it_gives_the_same_table(planner, asked):
    at_once = look_at(WORLD, planner, LEVELS, "training")
    np.testing.assert_allclose(asked.policy, at_once.policy, atol=1e-6)
    assert asked.observation is None
    assert at_once.observation is not None


def test_it_is_asked_a_part_at_a_time_where_it_is_shown_much(planner, asked, monkeypatch):
    monkeypatch.setattr(sample, "_NUMBERS_AT_ONCE", 2 * 25 * 25 * 8)
    np.testing.assert_array_equal(look_at(WORLD, Standing(planner), LEVELS, "training").policy, asked.policy)


def test_the_first_levels_of_such_a_sample(asked):
    few = first_levels(asked, 2)
    assert (few.mdp.levels, few.observation) == (2, None)
    np.testing.assert_array_equal(few.policy, asked.policy[:2])


def test_it_keeps_a_subjects_promises(planner):
    states = jnp.broadcast_to(jnp.arange(25), (6, 25))
    check_subject(Standing(planner), WORLD.observe(LEVELS, "full", states), all_states=False)


class Elsewhere(AbstractPolicy):
    """Is shown a view, and answers as it is told."""

    view: str = eqx.field(static=True, default="full")
    answer: str = eqx.field(static=True, default="right")

    def logits(self, observation):
        rows = jnp.zeros((*observation.shape[:2], 3 if self.answer == "three" else 4))
        return rows.at[1, 3, 2].set(jnp.nan) if self.answer == "nan" else rows


def test_a_view_that_the_world_lacks_is_named():
    with pytest.raises(UsageError, match="egocentric-6"):
        look_at(WORLD, Elsewhere("egocentric-6"), LEVELS, "training")


@pytest.mark.parametrize(
    ("answer", "message"), [("three", "differ in action"), ("nan", "level 1, state 3 with a row .* action 2 has NaN")]
)
def test_an_answer_that_is_no_policy_is_refused_with_its_place(answer, message):
    with pytest.raises(SubjectError, match=message):
        look_at(WORLD, Elsewhere("full", answer), LEVELS, "training")


def test_answers_that_depend_on_the_rest_of_the_batch_are_refused():
    class Crowd(Elsewhere):
        def logits(self, observation):
            return jnp.zeros((*observation.shape[:2], 4)) + observation[:1].sum(range(2, observation.ndim))[..., None]

    states = jnp.broadcast_to(jnp.arange(25), (6, 25))
    with pytest.raises(SubjectError, match="other levels of the batch"):
        check_subject(Crowd("full"), WORLD.observe(LEVELS, "full", states), all_states=False)
