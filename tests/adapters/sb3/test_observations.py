"""What an agent is shown is what it observes, as its library prepares it; anything else is refused with what was expected."""

import dataclasses
import pickle

import numpy as np
import pytest

from mesascope.adapters.sb3.agent import load_sb3
from mesascope.adapters.sb3.observations import Normalization, as_batch, expected, fits, read_normalization
from mesascope.core.errors import AgentFileError, SubjectError

torch = pytest.importorskip("torch", reason="PyTorch is not installed: tests/QUARANTINES.md")
pytest.importorskip("stable_baselines3", reason="Stable-Baselines3 is not installed: tests/QUARANTINES.md")
spaces = pytest.importorskip("gymnasium", reason="Gymnasium is not installed: tests/QUARANTINES.md").spaces

IMAGE = spaces.Box(0, 255, (3, 7, 7), np.uint8)
BOX = spaces.Box(-1, 1, (147,), np.float32)
PARTS = spaces.Dict({"where": spaces.Discrete(4), "vector": spaces.Box(-1, 1, (2,), np.float32)})


@pytest.mark.parametrize(
    ("space", "shape", "yes"),
    [
        (IMAGE, (3, 7, 7), True),
        (IMAGE, (7, 7, 3), True),
        (IMAGE, (147,), False),
        (BOX, (7, 7, 3), True),
        (BOX, (147,), True),
        (BOX, (7, 7, 4), False),
        (spaces.Discrete(4), (), True),
        (spaces.Discrete(4), (1,), True),
        (spaces.Discrete(4), (2,), False),
        (spaces.MultiDiscrete([3, 2]), (2,), True),
        (spaces.MultiBinary([2, 3]), (2, 3), True),
        (PARTS, (3,), True),
        (PARTS, (4,), False),
    ],
)
def test_shapes_that_fit(space, shape, yes):
    assert fits(space, shape) is yes
    if yes:
        batch = as_batch(space, np.zeros((2, *shape)))
        one = {name: part[0] for name, part in batch.items()} if isinstance(batch, dict) else batch[0]
        assert space.contains(one)
    else:
        with pytest.raises(SubjectError, match="the agent observes"):
            as_batch(space, np.zeros((2, *shape)))


def test_pictures_are_transposed_and_rows_are_not_mixed():
    rows = np.random.default_rng(0).integers(0, 256, (4, 7, 7, 3))
    found = as_batch(IMAGE, rows)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found[2, 1], rows[2, :, :, 1])
    np.testing.assert_array_equal(as_batch(BOX, rows)[3], rows[3].ravel())


def test_the_parts_of_a_dict_stand_in_the_order_of_the_space():
    found = as_batch(PARTS, np.array([[0.5, -0.5, 3]]))
    assert list(PARTS.spaces) == ["vector", "where"]
    np.testing.assert_array_equal(found["vector"], [[0.5, -0.5]])
    assert found["where"].tolist() == [3]
    with pytest.raises(SubjectError, match="lacks 'where'"):
        as_batch(PARTS, {"vector": np.zeros((1, 2))})


@pytest.mark.parametrize(
    ("space", "value", "message"),
    [
        (IMAGE, 0.5, "whole numbers from 0 to 255"),
        (IMAGE, 256, "whole numbers from 0 to 255"),
        (spaces.Discrete(4), 4, "whole numbers from 0 to 3"),
        (spaces.Discrete(4, start=1), 4, "whole numbers from 0 to 3"),
        (spaces.MultiDiscrete([3, 2]), 2, "whole numbers from 0 to 2"),
        (spaces.MultiBinary(3), -1, "whole numbers from 0 to 1"),
    ],
)
def test_numbers_that_the_space_does_not_have(space, value, message):
    with pytest.raises(SubjectError, match=message):
        as_batch(space, np.full((1, *space.shape), value))


@pytest.mark.parametrize(("found", "frames"), [((21,), 7), ((7, 7, 1), 3), ((1, 7, 7), 3)])
def test_frames_that_were_stacked_are_recognized(found, frames):
    space = BOX if len(found) == 1 else IMAGE
    assert f"{frames} frames of it in a row" in expected(space, found)
    assert "has a memory" in expected(space, found)
    assert "frames" not in expected(space, (5, 5, 5))


def test_statistics_are_read_from_their_file_without_unpickling(trained, tmp_path):
    model, path = trained("normalized")
    statistics = model.get_vec_normalize_env()
    statistics.save(tmp_path / "statistics.pkl")
    found = read_normalization(tmp_path / "statistics.pkl")
    raw = np.random.default_rng(1).normal(size=(6, 5)).astype(np.float32) * 20
    np.testing.assert_array_equal(found(raw), statistics.normalize_obs(raw))
    with torch.no_grad():
        seen = torch.from_numpy(statistics.normalize_obs(raw))
        own = model.policy.get_distribution(seen).distribution.logits.numpy()
    agent = load_sb3(path, normalization=found)
    np.testing.assert_allclose(agent.logits(raw), own, atol=1e-5)
    assert np.abs(load_sb3(path).logits(raw) - own).max() > 1e-3
    assert (agent.digest != load_sb3(path).digest).any()


@pytest.mark.parametrize("by_part", [False, True])
def test_agents_whose_statistics_differ_anywhere_are_told_apart(trained, by_part):
    agent, mean = load_sb3(trained("normalized")[1]), np.zeros(2000)
    elsewhere = mean.copy()
    elsewhere[1000] = 1.0

    def digest(mean):
        statistics = Normalization(mean, np.ones(2000), 10.0, 1e-8)
        return dataclasses.replace(agent, normalization={"part": statistics} if by_part else statistics).digest

    np.testing.assert_array_equal(digest(mean), digest(mean.copy()))
    assert (digest(mean) != digest(elsewhere)).any()


def test_statistics_of_the_parts_of_a_dict():
    normal = {"vector": Normalization(np.array([1.0, 2.0]), np.array([4.0, 9.0]), clip=0.5, epsilon=0.0)}
    found = as_batch(PARTS, np.array([[1.5, -4.0, 2]]), normal)
    np.testing.assert_allclose(found["vector"], [[0.25, -0.5]])
    assert found["where"].tolist() == [2]


def test_a_file_of_something_else_holds_no_statistics(tmp_path):
    for content in (pickle.dumps({"mean": 3}), b"nothing", pickle.dumps(print)):
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(AgentFileError, match="file"):
            read_normalization(tmp_path / "file")
    with pytest.raises(AgentFileError, match="VecNormalize"):
        read_normalization(tmp_path / "none")
