"""Bundles saved over one another: the earlier or the later one whatever happens, and nothing beside it once it was swept."""

import os

import numpy as np
import pytest

from mesascope.store.bundle import MANIFEST, load_bundle, save_bundle, sweep_bundle
from tests.store.faults import every_fault


def arrays(number):
    return {"state": np.full(3, number, np.float32)}


@pytest.mark.parametrize("mode", ["stop", "fail", "half"])
def test_what_a_save_left_that_ended_too_early_is_swept(mode, monkeypatch, tmp_path):
    left = 0

    def prepare(k):
        save_bundle(tmp_path / str(k), "toy", {"n": 1}, arrays(1))
        (tmp_path / str(k) / "notes").write_text("mine")
        return tmp_path / str(k)

    def check(folder, error):
        nonlocal left
        left += len(os.listdir(folder)) > 3
        sweep_bundle(folder)
        found = load_bundle(folder, "toy", "")
        assert found.arrays["state"].tolist() == [found.about["n"]] * 3
        names = set(os.listdir(folder))
        assert names - {"weights.safetensors", "weights-2.safetensors"} == {MANIFEST, "notes"}
        assert len(names) == 3

    strikes = every_fault(
        monkeypatch, mode, prepare, lambda folder: save_bundle(folder, "toy", {"n": 2}, arrays(2)), check
    )
    assert strikes >= 5
    assert left >= 1 or mode == "half", "something was left to sweep"


def test_arrays_without_a_manifest_stay(tmp_path):
    save_bundle(tmp_path, "toy", {"n": 1}, arrays(1))
    (tmp_path / MANIFEST).write_text("{")
    sweep_bundle(tmp_path)
    assert (tmp_path / "weights.safetensors").exists()
    sweep_bundle(tmp_path / "missing")
