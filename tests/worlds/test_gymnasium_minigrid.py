"""MiniGrid: every step of the environment is a step of its table."""

import numpy as np
import pytest

pytest.importorskip("minigrid")

import gymnasium
from minigrid.core.world_object import Box, Key
from minigrid.wrappers import FullyObsWrapper, ImgObsWrapper

from benchmarks.minigrid_ids import steps_by_search, steps_from_table
from mesascope.conformance.check_world import check_world
from mesascope.core.errors import UsageError
from mesascope.worlds.gymnasium import from_gymnasium, picked, reached, toggled
from mesascope.worlds.gymnasium.environment import make_environment
from mesascope.worlds.gymnasium.minigrid import minigrid_key

NAMES = (
    "MiniGrid-Empty-5x5-v0",
    "MiniGrid-LavaGapS5-v0",
    "MiniGrid-MemoryS7-v0",
    "MiniGrid-DoorKey-5x5-v0",
    "MiniGrid-RedBlueDoors-6x6-v0",
    "BabyAI-GoToLocalS5N2-v0",
)
FEATURES = {"key": picked("key"), "door": toggled("door"), "goal": reached("goal"), "lava": reached("lava", "red")}


@pytest.fixture(scope="module")
def worlds():
    return {name: from_gymnasium(name, levels=[0], features=FEATURES) for name in NAMES}


@pytest.mark.long  # test_gymnasium_enumeration.py checks such a world
@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_world(worlds, name):
    check_world(worlds[name], levels=1)


@pytest.mark.parametrize("name", NAMES)
def test_every_step_is_a_step_of_the_table(worlds, name):
    world = worlds[name]
    levels = world.draw(0, 1)
    successor, features, shown = (np.asarray(t[0]) for t in (levels.successor, levels.features, levels.observation))
    environment, rng = gymnasium.make(name, disable_env_checker=True).unwrapped, np.random.default_rng(0)
    observation, _ = environment.reset(seed=0)
    state = 0
    for _ in range(400):
        flat = np.concatenate([np.eye(4, dtype=int)[observation["direction"]], observation["image"].ravel()])
        assert np.array_equal(shown[state], flat)
        action = int(rng.choice(7, p=[0.15, 0.15, 0.3, 0.15, 0.05, 0.15, 0.05]))
        environment.step_count = 0
        observation, reward, terminated, _, _ = environment.step(action)
        assert features[state, action, 0, 0] == np.float32(reward)
        state = int(successor[state, action, 0])
        assert terminated == bool(np.asarray(levels.terminal)[0, state])
        if terminated:
            (observation, _), state = environment.reset(seed=0), 0


def test_features_fire_on_what_they_name(worlds):
    fires = {name: np.asarray(world.draw(0, 1).features)[0].sum((0, 1, 2)) > 0 for name, world in worlds.items()}
    assert worlds[NAMES[0]].features == ("reward", "key", "door", "goal", "lava")
    assert fires["MiniGrid-DoorKey-5x5-v0"].tolist() == [True, True, True, True, False]
    assert fires["MiniGrid-LavaGapS5-v0"].tolist() == [True, False, False, True, True]
    assert fires["MiniGrid-RedBlueDoors-6x6-v0"].tolist() == [True, False, True, False, False]


def test_names_and_texts_are_minigrids_own(worlds):
    world = worlds["MiniGrid-DoorKey-5x5-v0"]
    assert world.actions == ("left", "right", "forward", "pickup", "drop", "toggle", "done")
    assert "Ky" in world.draw(0, 1)[0].text.replace("KY", "Ky")
    assert list(world.pool.space.spaces) == ["direction", "image"]
    assert "leaves out the text of mission" in type(world).__doc__


@pytest.mark.parametrize(
    "name",
    [
        "MiniGrid-LavaGapS5-v0",
        pytest.param("MiniGrid-DoorKey-5x5-v0", marks=pytest.mark.slow),
        pytest.param("BabyAI-GoToLocalS5N2-v0", marks=[pytest.mark.slow, pytest.mark.long]),
    ],
)
def test_least_steps_are_those_of_an_independent_search(name):
    assert steps_from_table(name, 1, 2_000)[1] == steps_by_search(name, 1)


def test_states_are_told_apart_by_all_that_matters_and_nothing_else():
    environment = make_environment("MiniGrid-DoorKey-5x5-v0")
    environment.reset(seed=0)
    inner = environment.unwrapped

    def key():
        return minigrid_key(environment, {})

    start = key()
    inner.agent_pos = tuple(np.int64(number) for number in inner.agent_pos)
    inner.step_count = 7
    assert key() == start
    inner.carrying = Key("blue")
    carried = key()
    assert carried != start
    inner.carrying = None
    inner.grid.set(1, 1, Box("red"))
    empty = key()
    inner.grid.get(1, 1).contains = Key("blue")
    assert len({start, carried, empty, key()}) == 4
    door = next(thing for thing in inner.grid.grid if thing is not None and thing.type == "door")
    locked = key()
    door.is_locked = False
    assert key() != locked


def test_random_environments_are_refused():
    with pytest.raises(UsageError, match="is not deterministic: .*outcomes="):
        from_gymnasium("MiniGrid-Dynamic-Obstacles-5x5-v0", levels=1)


def test_wrappers_and_larger_shifts():
    world = from_gymnasium(
        lambda: ImgObsWrapper(gymnasium.make("MiniGrid-Empty-5x5-v0")),
        levels=1,
        shifts={"lava": lambda: ImgObsWrapper(gymnasium.make("MiniGrid-LavaGapS5-v0"))},
    )
    levels = world.draw(0, 1, "lava")
    assert world.observe(levels).shape == (1, 33, 7, 7, 3)
    assert world.observe(levels).dtype == np.uint8
    with pytest.raises(UsageError, match="observations of different shapes"):
        from_gymnasium(
            lambda: FullyObsWrapper(gymnasium.make("MiniGrid-Empty-5x5-v0")), levels=1, shifts={"six": FullyObsWrapper6}
        )


class FullyObsWrapper6(FullyObsWrapper):
    """Another size, whatever it wraps."""

    def __init__(self, environment):
        super().__init__(gymnasium.make("MiniGrid-Empty-6x6-v0"))
