"""Files of flax and folders of orbax: what is in them, and what is refused."""

import jax
import numpy as np
import pytest

from mesascope.adapters.flax.files import read_tree
from mesascope.adapters.flax.loader import load_reference
from mesascope.adapters.flax.variables import candidates, misfits
from mesascope.core.errors import AgentFileError, UsageError

serialization = pytest.importorskip("flax.serialization", reason="flax is not installed: tests/QUARANTINES.md")
ocp = pytest.importorskip("orbax.checkpoint", reason="orbax is not installed: tests/QUARANTINES.md")

TREE = {"params": {"Dense_0": {"kernel": np.arange(6.0, dtype=np.float32).reshape(2, 3)}}, "beside": (np.ones(2), 3)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("orbax")
    with ocp.StandardCheckpointer() as saver:
        saver.save(place / "one", TREE)
    with ocp.CheckpointManager(place / "steps") as manager:
        manager.save(3, args=ocp.args.StandardSave(TREE))
        manager.wait_until_finished()
    return place


def leaves(tree):
    return {name: tree["params"]["Dense_0"]["kernel"] if name else tree["beside"]["0"] for name in (0, 1)}


@pytest.mark.parametrize("inside", ["one", "steps", "steps/3", "steps/3/default"])
def test_a_folder_of_orbax_holds_what_was_saved(folder, inside):
    found = read_tree(folder / inside)
    np.testing.assert_array_equal(found["params"]["Dense_0"]["kernel"], TREE["params"]["Dense_0"]["kernel"])
    assert type(found["params"]["Dense_0"]["kernel"]) is np.ndarray
    np.testing.assert_array_equal(found["beside"]["0"], TREE["beside"][0])


def test_msgpack_bytes_hold_the_same(folder, tmp_path):
    path = tmp_path / "agent.msgpack"
    path.write_bytes(serialization.to_bytes(TREE))
    for ours, theirs in zip(leaves(read_tree(path)).values(), leaves(read_tree(folder / "one")).values(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_folder_of_several_steps_asks_for_one(folder, tmp_path):
    for step in ("3", "10"):
        (tmp_path / step / "default").mkdir(parents=True)
        (tmp_path / step / "default" / "_METADATA").touch()
    with pytest.raises(AgentFileError, match=r"holds several checkpoints; name one, such as .*10: .*3, .*10"):
        read_tree(tmp_path)


def test_a_save_that_was_not_finished_is_named(tmp_path):
    (tmp_path / "agent.orbax-checkpoint-tmp").mkdir()
    with pytest.raises(
        AgentFileError, match=r"found agent.orbax-checkpoint-tmp beside it, a save that was not finished"
    ):
        read_tree(tmp_path / "agent")
    with pytest.raises(AgentFileError, match="had not finished"):
        read_tree(tmp_path / "agent.orbax-checkpoint-tmp")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "reading them failed"),
        (b"PK\x03\x04 a zip", "as flax.serialization.to_bytes writes them; reading them failed"),
        (serialization.to_bytes(TREE)[:-3], "reading them failed"),
        (serialization.to_bytes(np.ones(3)), r"expected parameters by name, found a ndarray of shape \(3,\)"),
        (serialization.to_bytes({}), "found an empty tree"),
    ],
)
def test_what_is_no_file_of_flax_is_refused(tmp_path, content, message):
    path = tmp_path / "agent.msgpack"
    path.write_bytes(content)
    with pytest.raises(AgentFileError, match=message):
        read_tree(path)


def test_nothing_and_a_folder_of_something_else(tmp_path):
    with pytest.raises(AgentFileError, match="found nothing there"):
        read_tree(tmp_path / "agent")
    with pytest.raises(AgentFileError, match="with a _METADATA, found a folder without one"):
        read_tree(tmp_path)


def test_readings_of_a_file():
    state = {"step": 3, "opt_state": {"0": {"mu": {"w": 1}}}, "params": {"w": 1}, "batch_stats": {"m": 2}}
    first = candidates(state)[0]
    assert first == ("", {"params": {"w": 1}, "batch_stats": {"m": 2}})
    assert candidates({"w": 1})[0].variables == {"params": {"w": 1}}
    assert candidates({"step": 1, "params": {"params": {"w": 1}}})[0].variables == {"params": {"w": 1}}
    assert candidates({"a": state, "b": state}, "b/params")[0] == ("b/params", {"params": {"w": 1}})
    assert [c.place for c in candidates({"a": state})][:2] == ["", "a"]
    with pytest.raises(UsageError, match="unknown place in the file 'c': did you mean|valid names"):
        candidates({"a": state}, "c")


def test_misfits_are_names_shapes_and_types():
    expected = {"a": jax.ShapeDtypeStruct((2,), np.float32), "b": {"c": jax.ShapeDtypeStruct((3, 4), np.float32)}}
    assert misfits({"a": np.ones(2, np.float32), "b": {"c": np.ones((3, 4), np.float32)}}, expected) == []
    assert misfits({"a": np.ones(2), "b": {"c": np.ones((4, 3), np.float32), "d": np.ones(1)}}, expected) == [
        "a: float64 in the file, float32 in the module",
        "b/c: shape (4, 3) in the file, (3, 4) in the module",
        "b/d: (1,) in the file, not in the module",
    ]
    assert misfits({"a": np.ones(2, np.float32)}, expected) == ["b/c: not in the file, (3, 4) in the module"]


def test_parameters_alone_are_no_agent(tmp_path):
    with pytest.raises(UsageError, match=r"write flax:a.msgpack,module=MODULE:CLASS"):
        load_reference("flax:a.msgpack,actions=up/down")
    with pytest.raises(UsageError, match="no option modul"):
        load_reference("flax:a.msgpack", modul=3)
    with pytest.raises(UsageError, match="carry=middle: expected first"):
        load_reference("flax:a.msgpack,module=tests.adapters.flax.nets:MLP,carry=middle")
