"""The same study on every engine, its workers and nodes killed on the way: the same rows, and no cell lost."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from mesascope.core.errors import UsageError
from mesascope.jobs.engines import engine_of
from mesascope.jobs.processes import Pool
from mesascope.jobs.study import Request

FILE = """
title = "Engines"
seeds = 6
levels = 20
competent = 0.0
shifts = ["blue-door"]
[world]
size = 5
[architecture]
channels = 8
ticks = 6
[base_optimizer]
updates = 200
batch = 4
"""


@pytest.mark.parametrize(
    ("name", "address", "says"),
    [
        ("rya", None, "did you mean 'ray'"),
        ("local", "auto", "--address is that of a Ray cluster"),
        ("ray", None, 'pip install "mesascope[ray]"'),
        ("slurm", None, 'pip install "mesascope[slurm]"'),
    ],
)
def test_an_engine_that_is_not_there_is_refused_with_what_to_type(name, address, says, tmp_path, monkeypatch):
    monkeypatch.setattr("mesascope.core.optional_dependencies.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=re.escape(says)):
        engine_of(name, tmp_path, address)


def command(folder, name, *more):
    file = folder / "study.toml"
    return [sys.executable, "-m", "mesascope", "study", str(file), "--out", str(folder / name), "--json", *more]


def rows(told):
    """The rows of a document without what differs from run to run."""
    return [{key: value for key, value in row.items() if key != "seconds"} for row in json.loads(told)["rows"]]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The same study in one process of this machine."""
    folder = tmp_path_factory.mktemp("alone")
    (folder / "study.toml").write_text(FILE)
    done = subprocess.run(command(folder, "here", "--workers", "1"), capture_output=True, text=True, check=True)
    return rows(done.stdout)


@pytest.fixture
def here(tmp_path, alone):
    """Its rows, with its file in the folder of the test."""
    (tmp_path / "study.toml").write_text(FILE)
    return alone


def at_work(out, but=()):
    """Processes that hold a lease of a cell, once there is one."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        for lease in out.glob(".mesascope-*.lock"):
            try:
                found = re.match(r"process (\d+) on", lease.read_text())
            except FileNotFoundError:
                continue
            if found and int(found[1]) not in but:
                return int(found[1])
        time.sleep(0.05)
    raise AssertionError("no worker is at work")


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_local_workers_one_of_which_is_killed(tmp_path, here):
    process = subprocess.Popen(command(tmp_path, "two", "--workers", "2"), stdout=subprocess.PIPE, text=True)
    first = at_work(tmp_path / "two", but=(process.pid,))
    os.kill(first, signal.SIGKILL)
    told, _ = process.communicate(timeout=600)
    assert process.returncode == 0
    assert rows(told) == here
    assert len((tmp_path / "two" / "cells.jsonl").read_text().splitlines()) == 6
    assert not list((tmp_path / "two").rglob(".mesascope-*"))


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:os.fork.*:RuntimeWarning")  # the cluster's own processes, which use no JAX
def test_two_nodes_of_ray_a_worker_killed_and_then_a_node(tmp_path, here):
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    node = cluster.add_node(num_cpus=1)
    try:
        ray = ("--engine", "ray", "--address", cluster.address, "--workers", "2")
        process = subprocess.Popen(command(tmp_path, "ray", *ray), stdout=subprocess.PIPE, text=True)
        killed = at_work(tmp_path / "ray")
        os.kill(killed, signal.SIGKILL)
        at_work(tmp_path / "ray", but=(killed,))
        cluster.remove_node(node, allow_graceful=False)
        told, _ = process.communicate(timeout=900)
        assert process.returncode == 0
    finally:
        cluster.shutdown()
    assert rows(told) == here
    assert len((tmp_path / "ray" / "cells.jsonl").read_text().splitlines()) == 6


@pytest.mark.long
@pytest.mark.slow
def test_jobs_of_submitit_on_this_machine(tmp_path, here):
    pytest.importorskip("submitit")
    from mesascope.jobs.slurm_engine import Slurm

    out = tmp_path / "slurm"
    text = (tmp_path / "study.toml").read_text()
    request = Request(file=tmp_path / "study.toml", out=out, workers=2, text=text)
    with Pool(Slurm(out, "local"), request, range(1, 3)) as pool:
        pool.wait("study")
    done = subprocess.run(command(tmp_path, "slurm"), capture_output=True, text=True, check=True)
    assert "studied before" in done.stderr
    assert rows(done.stdout) == here
