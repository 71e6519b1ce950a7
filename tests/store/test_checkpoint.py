import os
import shutil
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mesascope.core.errors import CheckpointError, StorageError
from mesascope.store.checkpoint import discard_checkpoints, fingerprint_of, restore_checkpoint, save_checkpoint
from tests.store.faults import every_fault

RUN = fingerprint_of({"world": "red-doors", "seed": 0})


class Training(NamedTuple):
    weights: dict
    optimizer: tuple
    updates: jax.Array
    key: jax.Array
    host: np.ndarray
    act: object


def state(n):
    weights = {"a": jnp.full((2, 3), float(n)), "b": {"c": jnp.array(n, jnp.int32)}}
    optimizer = optax.adam(1e-3).init({"a": weights["a"]})
    return Training(weights, optimizer, jnp.array(n), jax.random.key(n), np.arange(n + 1)[:1] + n, jax.nn.relu)


LIKE = state(0)


def same(a, b):
    def equal(x, y):
        if callable(x):
            return x is y
        if jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
            x, y = jax.random.key_data(x), jax.random.key_data(y)
        return type(x) is type(y) and x.dtype == y.dtype and x.shape == y.shape and bool((x == y).all())

    return jax.tree.structure(a) == jax.tree.structure(b) and all(map(equal, jax.tree.leaves(a), jax.tree.leaves(b)))


def test_nothing_saved_is_the_beginning(tmp_path):
    assert restore_checkpoint(tmp_path / "missing", LIKE, RUN) == (None, 0, ())


def test_the_newest_comes_back_bit_for_bit_and_two_are_kept(tmp_path):
    for n in (100, 200, 300):
        save_checkpoint(tmp_path, state(n), n, RUN)
    restored = restore_checkpoint(tmp_path, LIKE, RUN)
    assert (restored.updates, restored.warnings) == (300, ())
    assert same(restored.state, state(300))
    assert sorted(os.listdir(tmp_path)) == ["step-000000200", "step-000000300"]


def test_a_state_with_nan_goes_on_as_it_was(tmp_path):
    save_checkpoint(tmp_path, {"x": jnp.array([jnp.nan, 1.0])}, 1, RUN)
    assert jnp.isnan(restore_checkpoint(tmp_path, {"x": jnp.zeros(2)}, RUN).state["x"][0])


DAMAGE = {
    "a flipped payload bit": lambda p: flip(p / "weights.safetensors", -1),
    "a flipped header bit": lambda p: flip(p / "weights.safetensors", 20),
    "a flipped manifest bit": lambda p: flip(p / "manifest.json", 30),
    "empty weights": lambda p: (p / "weights.safetensors").write_bytes(b""),
    "no weights": lambda p: (p / "weights.safetensors").unlink(),
    "half a manifest": lambda p: (p / "manifest.json").write_bytes((p / "manifest.json").read_bytes()[:200]),
    "the manifest of the other": lambda p: shutil.copy(p.parent / "step-000000100" / "manifest.json", p),
    "all of the other": lambda p: shutil.copytree(p.parent / "step-000000100", p, dirs_exist_ok=True),
}


def flip(path, place):
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    path.write_bytes(data)


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_checkpoint_is_passed_over_with_a_warning_for_the_one_before(tmp_path, damage):
    for n in (100, 200):
        save_checkpoint(tmp_path, state(n), n, RUN)
    damage(tmp_path / "step-000000200")
    restored = restore_checkpoint(tmp_path, LIKE, RUN)
    assert restored.updates == 100
    assert same(restored.state, state(100))
    (warning,) = restored.warnings
    for word in ("step-000000200", "expected", "found", "passed over"):
        assert word in warning
    # Training goes on from there, and the damaged one gives way.
    save_checkpoint(tmp_path, state(150), 150, RUN)
    assert sorted(os.listdir(tmp_path)) == ["step-000000100", "step-000000150"]
    save_checkpoint(tmp_path, state(200), 200, RUN)
    assert same(restore_checkpoint(tmp_path, LIKE, RUN).state, state(200))


def test_when_all_are_damaged_training_starts_over_and_says_so(tmp_path):
    for n in (100, 200):
        save_checkpoint(tmp_path, state(n), n, RUN)
        flip(tmp_path / f"step-{n:09d}" / "weights.safetensors", -1)
    restored = restore_checkpoint(tmp_path, LIKE, RUN)
    assert (restored.state, restored.updates, len(restored.warnings)) == (None, 0, 2)


def test_a_checkpoint_of_another_run_or_of_other_arrays_is_refused(tmp_path):
    save_checkpoint(tmp_path, state(1), 1, RUN)
    with pytest.raises(CheckpointError, match="expected a run with fingerprint .*use another folder") as caught:
        restore_checkpoint(tmp_path, LIKE, fingerprint_of({"world": "red-doors", "seed": 1}))
    assert caught.value.exit_code == 3
    with pytest.raises(CheckpointError, match=r"weights/a as float32\[3, 3\], found weights/a as float32\[2, 3\]"):
        restore_checkpoint(tmp_path, LIKE._replace(weights={**LIKE.weights, "a": jnp.zeros((3, 3))}), RUN)


def test_a_checkpoint_of_another_kind_of_machine_is_passed_over_for_one_of_this(tmp_path):
    here, there = {"device": "cpu", "instructions": "x86_64 avx2"}, {"device": "cpu", "instructions": "x86_64 avx512f"}
    save_checkpoint(tmp_path, state(2), 2, RUN, here)
    save_checkpoint(tmp_path, state(4), 4, RUN, there)
    found = restore_checkpoint(tmp_path, LIKE, RUN, here)
    assert found.updates == 2
    assert len(found.warnings) == 1
    assert "x86_64 avx512f" in found.warnings[0]
    assert "x86_64 avx2" in found.warnings[0]


def test_fingerprints_tell_configurations_apart_and_not_the_order_of_their_keys():
    assert fingerprint_of({"a": 1, "b": 2}) == fingerprint_of({"b": 2, "a": 1})
    assert fingerprint_of({"a": 1, "b": 2}) != fingerprint_of({"a": 1, "b": 3})


def test_python_numbers_which_would_be_lost_are_refused(tmp_path):
    with pytest.raises(TypeError, match="updates"):
        save_checkpoint(tmp_path, LIKE._replace(updates=7), 7, RUN)
    assert list(tmp_path.iterdir()) == []


def test_files_of_others_are_never_removed(tmp_path):
    (tmp_path / "step-000000100").mkdir()
    for foreign in (tmp_path / "notes.txt", tmp_path / "step-000000100" / "mine", tmp_path / "step-abc"):
        foreign.write_text("mine")
    for n in (100, 200, 300, 400):
        save_checkpoint(tmp_path, state(n), n, RUN)
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file() and p.read_bytes() == b"mine") == [
        "mine",
        "notes.txt",
        "step-abc",
    ]
    assert os.listdir(tmp_path / "step-000000100") == ["mine"]


@pytest.mark.parametrize("mode", ["stop", "fail"])
def test_saving_struck_anywhere_leaves_the_state_before_or_after(tmp_path, monkeypatch, mode):
    def prepare(k):
        for n in (1, 2):
            save_checkpoint(tmp_path / str(k), state(n), n, RUN)
        return tmp_path / str(k)

    def check(folder, error):
        restored = restore_checkpoint(folder, LIKE, RUN)
        assert restored.updates in ((2, 3) if error else (3,))
        assert same(restored.state, state(restored.updates))
        assert restored.warnings == ()
        assert error is None or mode == "stop" or isinstance(error, StorageError)
        # Going on works, and clears away what was left half-made.
        for n in (3, 4, 5):
            save_checkpoint(folder, state(n), n, RUN)
        assert sorted(os.listdir(folder)) == ["step-000000004", "step-000000005"]
        assert same(restore_checkpoint(folder, LIKE, RUN).state, state(5))

    strikes = every_fault(monkeypatch, mode, prepare, lambda folder: save_checkpoint(folder, state(3), 3, RUN), check)
    assert strikes >= 20


def test_a_finished_training_leaves_no_checkpoints_and_takes_nothing_else(tmp_path):
    for folder in (tmp_path / "alone", tmp_path / "shared"):
        for n in (100, 200):
            save_checkpoint(folder, state(n), n, RUN)
    (tmp_path / "shared" / "notes").write_text("mine")
    for folder in (tmp_path / "alone", tmp_path / "shared", tmp_path / "missing"):
        discard_checkpoints(folder)
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == ["shared", "shared/notes"]
