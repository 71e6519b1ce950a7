"""`--device`: what JAX is told before it is imported, and what is answered where a device is not there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import mesascope
from mesascope.cli import device as devices
from mesascope.cli import main
from mesascope.cli.device import Device, take_device, variables_of
from mesascope.core.errors import UsageError

GPU = Device("gpu", "cuda:0", "NVIDIA H200")
CPU = Device("cpu", "cpu", "cpu")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("cpu", {"JAX_PLATFORMS": "cpu"}),
        ("gpu", {"JAX_PLATFORMS": None}),
        ("cuda:0", {"JAX_PLATFORMS": "cuda,cpu", "JAX_CUDA_VISIBLE_DEVICES": "0"}),
        ("cuda:12", {"JAX_PLATFORMS": "cuda,cpu", "JAX_CUDA_VISIBLE_DEVICES": "12"}),
    ],
)
def test_a_device_is_told_to_jax_in_the_environment(asked, expected):
    assert variables_of(asked) == expected


@pytest.mark.parametrize("asked", ["", "tpu", "GPU", "cuda", "cuda:", "cuda:x", "cuda:-1", "cuda:0,1", "cpu;"])
def test_what_is_no_device_is_refused(asked):
    with pytest.raises(UsageError, match="expected cpu, gpu, or cuda:N"):
        take_device(asked, {})


def test_the_first_device_that_jax_uses_decides(monkeypatch):
    monkeypatch.setattr(devices, "_devices", lambda: [GPU, CPU])
    environment = {"JAX_PLATFORMS": "cpu"}
    take_device("gpu", environment)
    assert environment == {"JAX_PLATFORMS": "cuda,cpu"}  # a worker without a GPU fails rather than compute elsewhere
    with pytest.raises(UsageError, match=r"--device cpu: .* found cuda:0 \(NVIDIA H200\), cpu\."):
        take_device("cpu", environment)


@pytest.mark.parametrize("found", [[CPU], []])
def test_a_gpu_that_is_not_there_is_answered_with_what_is(monkeypatch, found):
    monkeypatch.setattr(devices, "_devices", lambda: found)
    for asked in ("gpu", "cuda:0"):
        with pytest.raises(UsageError, match="found cpu" if found else "found no device at all"):
            take_device(asked, {})


def test_a_device_that_is_not_there_is_refused_before_anything_is_written(tmp_path):
    command = [sys.executable, "-m", "mesascope", "audit", "--device", "cuda:999", "--out", "out", "--json"]
    given = {**os.environ, "PYTHONPATH": str(Path(mesascope.__file__).parents[1])}
    found = subprocess.run(command, cwd=tmp_path, env=given, capture_output=True, text=True)
    assert found.returncode == 2
    assert re.match("--device cuda:999: .* found .*cpu", json.loads(found.stdout)["error"]["message"])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "name",
    ["audit", "train", "tune", "study", "calibrate", "emergence", "reproduce", "explore", "doctor"],
)
def test_every_command_that_computes_takes_a_device(name, capsys):
    assert main.run([name, "--device", "tpu", *{"train": ["--out", "x"], "study": ["x.toml"]}.get(name, [])]) == 2
    assert "expected cpu, gpu, or cuda:N" in capsys.readouterr().err
