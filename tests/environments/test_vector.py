"""Vector environments: every lane's steps are those of the tables in each way of beginning the next episode."""

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium", reason="Gymnasium is not installed: tests/QUARANTINES.md")
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode

from mesascope.core.errors import UsageError
from mesascope.environments.vector import VectorWorldEnv
from tests.environments.replay import Replay

LANES, LIMIT = 5, 9
NAME, CONFIG = "keys-and-chests-partial", {"keys": 1, "chests": 1}


def make(mode, **more):
    return gymnasium.make_vec(
        "mesascope/KeysAndChestsPartial-v0",
        num_envs=LANES,
        vectorization_mode="vector_entry_point",
        autoreset_mode=mode,
        max_steps=LIMIT,
        **CONFIG,
        **more,
    )


@pytest.fixture(scope="module")
def replay():
    return Replay(make("NextStep").unwrapped.world, "egocentric-5")


def at(infos, lane):
    return int(infos["level_seed"][lane]), int(infos["level_index"][lane])


def fired(envs, infos, lane):
    return [infos["features"][name][lane] for name in envs.unwrapped.world.features]


@pytest.mark.parametrize("mode", ["NextStep", "SameStep", "Disabled"])
def test_every_step_is_that_of_the_tables(replay, mode):
    envs = make(mode)
    assert envs.metadata["autoreset_mode"] is AutoresetMode(mode)
    rng, ages, ends, fires = np.random.default_rng(1), np.zeros(LANES, int), 0, 0
    _, infos = envs.reset(seed=2)
    over = np.zeros(LANES, bool)
    for step in range(50):
        before, actions = infos, rng.integers(3, size=LANES)
        if mode == "Disabled" and over.any():
            _, begun = envs.reset(options={"reset_mask": over})
            for lane in range(LANES):
                if over[lane]:
                    ages[lane] = 0
                    replay.check_start(*at(begun, lane), begun["state"][lane])
            before = {name: np.where(over, begun[name], infos[name]) for name in ("level_seed", "level_index", "state")}
            over = np.zeros(LANES, bool)
        seen, rewards, terminated, truncated, infos = envs.step(actions)
        last = terminated | truncated
        for lane in range(LANES):
            if mode == "NextStep" and over[lane]:
                assert (rewards[lane], terminated[lane], truncated[lane]) == (0, False, False)
                replay.check_start(*at(infos, lane), infos["state"][lane])
                replay.check_observation(*at(infos, lane), infos["state"][lane], seen[lane])
                ages[lane] = 0
                continue
            ages[lane] += 1
            now, shown = infos, seen[lane]
            if mode == "SameStep" and last[lane]:
                replay.check_start(*at(infos, lane), infos["state"][lane])
                replay.check_observation(*at(infos, lane), infos["state"][lane], seen[lane])
                assert not any(fired(envs, infos, lane))
                now, shown = infos["final_info"], infos["final_obs"][lane]
            assert at(now, lane) == at(before, lane)
            took = fired(envs, now, lane)
            state = now["state"][lane]
            replay.check_step(
                *at(now, lane), before["state"][lane], actions[lane], state, rewards[lane], terminated[lane], took
            )
            if last[lane] or step % 9 == 0:
                replay.check_observation(*at(now, lane), state, shown)
            assert truncated[lane] == (ages[lane] == LIMIT and not terminated[lane])
            fires += any(took)
            if mode == "SameStep" and last[lane]:
                ages[lane] = 0
        if mode == "SameStep":
            assert ("final_obs" in infos) == last.any()
            assert not last.any() or (infos["_final_obs"] == last).all()
        ends += last.sum()
        over = last
    assert ends > 20
    assert fires


def shape_of(infos):
    return {name: shape_of(x) if isinstance(x, dict) else (x.shape, x.dtype.kind) for name, x in infos.items()}


def test_infos_have_the_form_of_gymnasium_s_own_vector_environments():
    envs, theirs = (
        make("SameStep"),
        gymnasium.make_vec(
            "mesascope/KeysAndChestsPartial-v0",
            num_envs=LANES,
            vectorization_mode="sync",
            vector_kwargs={"autoreset_mode": AutoresetMode.SAME_STEP},
            max_steps=LIMIT,
            **CONFIG,
        ),
    )
    assert envs.single_observation_space == theirs.single_observation_space
    assert envs.observation_space == theirs.observation_space
    assert envs.action_space == theirs.action_space
    for each in (envs, theirs):
        each.reset(seed=0)
    for _ in range(LIMIT):
        mine, other = (each.step(np.zeros(LANES, int)) for each in (envs, theirs))
    assert shape_of(mine[4]) == shape_of(other[4])
    assert [x.dtype for x in mine[:4]] == [x.dtype for x in other[:4]]


def test_equal_seeds_give_equal_episodes():
    def walk(envs, seed):
        return [envs.reset(seed=seed)] + [envs.step(np.full(LANES, step % 3)) for step in range(30)]

    envs = make("NextStep")
    first = walk(envs, 7)
    assert data_equivalence(first, walk(envs, 7))
    assert data_equivalence(first, walk(make("NextStep"), 7))
    assert not data_equivalence(first, walk(envs, 8))


def test_what_cannot_be_is_refused_in_words():
    with pytest.raises(UsageError, match="unknown autoreset mode 'Nextstep': did you mean 'NextStep'"):
        make("Nextstep")
    with pytest.raises(UsageError, match="num_envs 0"):
        VectorWorldEnv(0, NAME)
    envs = make("Disabled")
    with pytest.raises(gymnasium.error.ResetNeeded):
        envs.step(np.zeros(LANES, int))
    envs.reset(seed=0)
    for actions in (np.zeros(3, int), np.full(LANES, 3), np.zeros(LANES)):
        with pytest.raises(UsageError, match="expected 5 whole numbers from 0 to 2, each one of left, right, forward"):
            envs.step(actions)
    with pytest.raises(UsageError, match="reset_mask: expected 5 booleans"):
        envs.reset(options={"reset_mask": np.zeros(LANES, bool)})
    for _ in range(LIMIT):
        envs.step(np.zeros(LANES, int))
    with pytest.raises(gymnasium.error.ResetNeeded):
        envs.step(np.zeros(LANES, int))
