"""Environments without a table: all states that can be reached, and what cannot be tabulated."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

gymnasium = pytest.importorskip("gymnasium")

from mesascope.conformance.check_world import check_world  # noqa: E402
from mesascope.core.errors import UsageError  # noqa: E402
from mesascope.worlds.gymnasium import from_gymnasium, terminated  # noqa: E402
from mesascope.worlds.gymnasium.copies import deep_copy  # noqa: E402
from mesascope.worlds.gymnasium.structure import structure  # noqa: E402
from tests.worlds.own_environments import Corridor, Counting, Locked, OwnSource, Shared, Slippery, WholeProcess  # noqa: E402


@pytest.fixture(scope="module")
def corridor():
    return from_gymnasium(
        lambda seed: Corridor(4 + seed % 2), levels=[0, 1, 2, 3], features={"end": terminated}, intended_goal="end"
    )


def test_it_is_a_world(corridor):
    check_world(corridor, levels=2)


def test_its_states_are_the_places_and_the_end(corridor):
    assert corridor.actions == ("action 1", "action 2")
    assert corridor.pool.own_states == (3, 4, 4)
    levels = corridor.draw(0, 3)
    assert sorted(np.asarray(levels.number).tolist()) == [0, 1, 2]
    assert corridor.distinct_levels("training") == 3
    for index in range(3):
        mdp = corridor.tables(levels[index].batch)
        start = int(np.asarray(levels.observation)[index, 0, 0])
        length = 4 + corridor.pool.own_states[int(levels.number[index])] - 3
        steps = length - 1 - start // 5
        assert float(corridor.optimal_values(levels[index])[0]) == pytest.approx(0.97 ** (steps - 1), rel=1e-5)
        assert np.asarray(mdp.terminal[0])[-1]


def test_a_level_comes_twice_only_when_all_have_come(corridor):
    many = np.asarray(corridor.draw(0, 7).number)
    assert sorted(many[:3]) == sorted(many[3:6]) == [0, 1, 2]


def test_what_is_shown_is_flattened_in_the_order_of_its_space():
    world = from_gymnasium(Corridor(), levels=1)
    space = world.pool.space
    assert list(space.spaces) == ["bell", "where"]
    shown = np.asarray(world.observe(world.draw(0, 1)))[0]
    inner = Corridor()
    inner.place = int(shown[0, 2:].argmax())
    assert shown[0].tolist() == gymnasium.spaces.flatten(space, inner.shown()).tolist()


def test_pictures_keep_their_type():
    bytes_only = gymnasium.spaces.Box(0, 255, (2, 2), np.uint8)
    shown = gymnasium.wrappers.TransformObservation(
        Corridor(), lambda seen: np.full((2, 2), seen["where"], np.uint8), bytes_only
    )
    world = from_gymnasium(shown, levels=1)
    assert world.observe(world.draw(0, 1)).dtype == np.uint8
    assert world.pool.space == bytes_only


@pytest.mark.parametrize("kind", [Slippery, OwnSource, WholeProcess])
def test_random_steps_are_refused_wherever_the_randomness_comes_from(kind):
    before = np.random.get_state()[1].tolist()
    with pytest.raises(UsageError, match="is not deterministic"):
        from_gymnasium(kind(), levels=1)
    assert kind is WholeProcess or np.random.get_state()[1].tolist() == before


def test_random_steps_that_are_declared_are_sampled():
    world = from_gymnasium(Slippery(3), levels=1, outcomes=200)
    mdp = world.tables(world.draw(0, 1))
    moved = np.asarray(mdp.probability[0, 0, 1]).max()
    assert abs(moved - 0.75) < 4 * np.sqrt(0.75 * 0.25 / 200)
    assert "frequencies of 200 samples" in type(world).__doc__
    again = from_gymnasium(Slippery(3), levels=1, outcomes=200)
    assert vars(again) == vars(world)


def test_what_cannot_be_copied_is_refused():
    with pytest.raises(UsageError, match="Locked cannot be tabulated: a copy"):
        from_gymnasium(Locked())
    with pytest.raises(UsageError, match="taken in a copy changed the environment itself"):
        from_gymnasium(Shared(), levels=[0])


def test_too_many_states_are_refused_and_a_key_leaves_out_what_counts():
    with pytest.raises(UsageError, match="more than 50 states.*key="):
        from_gymnasium(Counting(), levels=1, max_states=50)
    world = from_gymnasium(Counting(), levels=1, max_states=50, key=lambda env: env.unwrapped.place)
    assert world.pool.own_states == (4,)
    with pytest.raises(UsageError, match="not hashable"):
        from_gymnasium(Counting(), levels=1, key=lambda env: [env.unwrapped.place])


def test_time_limits_are_left_out():
    limited = gymnasium.wrappers.TransformReward(
        gymnasium.wrappers.TimeLimit(Corridor(30), 5), lambda reward: 2 * reward
    )
    world = from_gymnasium(limited, levels=1)
    assert world.pool.own_states == (29,)
    assert float(np.asarray(world.draw(0, 1).features).max()) == 2


def test_progress_is_heard_and_the_given_environment_is_left_alone():
    heard, environment = [], Corridor(20)
    environment.reset(seed=5)
    place = environment.place
    from_gymnasium(environment, levels=1, progress=lambda known, waiting: heard.append((known, waiting)))
    assert heard[-1] == (19, 0)
    assert environment.place == place


def test_actions_that_are_not_numbered_are_refused():
    with pytest.raises(UsageError, match="expected numbered ones"):
        from_gymnasium("Pendulum-v1")


class Thing:
    """An object with attributes."""

    def __init__(self, **parts):
        vars(self).update(parts)


plain = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["a", "b"]) | st.floats(-2, 2)
nested = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)
        | st.builds(Thing, first=inner, second=inner)
        | st.builds(lambda shared: Thing(first=shared, second=shared), inner)
        | st.builds(lambda n: np.arange(n), st.integers(0, 12))
    ),
    max_leaves=8,
)


@given(nested)
def test_copies_have_the_structure_of_what_they_are_copies_of(value):
    assert structure(deep_copy(value, {})) == structure(copy.deepcopy(value)) == structure(value)


@given(nested, nested)
def test_a_copy_is_independent(first, second):
    holder = Thing(held=[first], other=second)
    before = structure(holder)
    deep_copy(holder, {}).held.append(1)
    assert structure(holder) == before


def test_one_object_twice_is_not_two_that_are_alike():
    one = Thing(color="red")
    assert structure([one, one]) != structure([one, Thing(color="red")])
    assert structure((np.int64(1), 2)) == structure(np.array([1, 2]))


def test_shifts_are_said_in_words():
    def longer():
        return Corridor(6)

    def told():
        """A corridor of seven places.

        What else there is to say.
        """
        return Corridor(7)

    shifts = {"one": lambda: Corridor(6), "two": longer, "three": told, "four": Corridor(3), "five": Slow}
    world = from_gymnasium(Corridor(), levels=1, shifts=shifts)
    assert dict(world.shifts) == {
        "one": "made by a function",
        "two": "made by longer",
        "three": "A corridor of seven places",
        "four": "another environment: Corridor",
        "five": "in Slow",
    }


class Slow(gymnasium.Wrapper):
    """Changes nothing."""
