"""Processes that share a study: nothing is lost or done twice, whoever dies, and the same command goes on."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from mesascope.core.errors import StorageError, UsageError
from mesascope.jobs import processes
from mesascope.jobs.failures import Failures
from mesascope.jobs.job import Job
from mesascope.jobs.leases import lease_of
from mesascope.jobs.listener import SILENT
from mesascope.jobs.processes import Pool
from mesascope.jobs.requests import Request
from mesascope.jobs.results import Lines, Table
from mesascope.jobs.runner import run_jobs
from mesascope.store import fs
from tests.jobs import kills
from tests.store.faults import every_fault

posix = pytest.mark.skipif(os.name == "nt", reason="locks and signals of POSIX")


def job(number, work=None):
    return Job("cell", {"cell": number}, work or (lambda listener: {"value": number}), f"cell {number}")


def test_two_studies_that_share_a_folder_lose_no_row(tmp_path):
    """Each has opened the file before the other writes."""
    first, second = (Lines(tmp_path / "cells.jsonl") for _ in range(2))
    for number in range(2):
        first.put(job(number), {"value": number})
        second.put(job(10 + number), {"value": number})
    assert len(Lines(tmp_path / "cells.jsonl").there()) == 4
    one, other = (Table(tmp_path / "measured.json") for _ in range(2))
    one.put(job(1), 1)
    other.put(job(2), 2)
    assert [Table(tmp_path / "measured.json").find(job(number)) for number in (1, 2)] == [1, 2]


@posix
def test_a_job_that_another_process_is_at_is_left_to_it_and_taken_over_once_it_dies(tmp_path):
    lease = lease_of(tmp_path, job(0).fingerprint)
    script = (
        "import sys, time; from pathlib import Path; from mesascope.store.fs import hold\n"
        "held = hold(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(lease)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    assert f"process {process.pid} on" in fs.holder(lease)
    assert fs.leftovers(tmp_path) == []
    os.kill(process.pid, signal.SIGSTOP)  # it is not dead: its lease is not stolen
    assert fs.hold(lease) is None
    order = []

    class Hears:
        def note(self, text):
            order.append(text)

        def say(self, text, done=0, of=0):
            if "waiting" in text and process.poll() is None:
                process.kill()
                process.wait()
                order.append("killed")

    jobs = [job(number) for number in range(3)]
    with process:
        rows = run_jobs(jobs, Lines(tmp_path / "cells.jsonl"), Hears())
    assert [row["value"] for row in rows] == [0, 1, 2]
    assert [line.partition(":")[2] or line for line in order] == [
        " cell 1",
        " cell 2, about 0 s left",
        "killed",
        " cell 0, about 0 s left",
    ]
    assert not list(tmp_path.glob(".mesascope-*"))


@posix
def test_what_a_dead_process_left_is_removed_and_nothing_else(tmp_path):
    left = [tmp_path / name for name in (".mesascope-12-ab.partial", ".mesascope-0123456789abcdef.lock")]
    foreign = [tmp_path / name for name in ("mine.partial", ".mesascope-notes.txt", "x.lock")]
    for path in [*left, *foreign]:
        path.write_text("x")
    (tmp_path / ".mesascope-dir.lock").mkdir()
    held = fs.hold(tmp_path / ".mesascope-living.lock")
    assert fs.leftovers(tmp_path) == sorted(left)
    run_jobs([job(0)], Lines(tmp_path / "cells.jsonl"), SILENT)
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in [*foreign, held.path, tmp_path / ".mesascope-dir.lock"])
    fs.let_go(held)
    assert not held.path.exists()


def test_failed_jobs_are_kept_the_others_are_done_and_they_are_tried_again_when_asked(tmp_path):
    tried = []

    def fails(listener):
        tried.append(True)
        raise UsageError("it is too much") if len(tried) == 1 else ZeroDivisionError("division by zero")

    def failures():
        return Failures(tmp_path / "failures.jsonl")

    jobs = [job(0), job(1, fails), job(2), job(3, lambda listener: 1 / 0)]
    for _ in range(2):
        rows = run_jobs(jobs, Lines(tmp_path / "cells.jsonl"), SILENT, failures=failures())
        assert [row and row["value"] for row in rows] == [0, None, 2, None]
    assert len(tried) == 1
    kept = failures().of([job.fingerprint for job in jobs])
    assert [(found["label"], found["code"]) for found in kept] == [("cell 1", "usage"), ("cell 3", "internal")]
    failures().forget()
    assert run_jobs([job(1)], Lines(tmp_path / "cells.jsonl"), SILENT, failures=failures())[0]["value"] == 1

    def full(listener):
        raise StorageError("the disk is full")

    with pytest.raises(StorageError, match="cell 7: the disk is full"):
        run_jobs([job(6), job(7, full)], Lines(tmp_path / "cells.jsonl"), SILENT, failures=failures())


class Script:
    """An engine whose workers end as they are told to."""

    def __init__(self, *codes):
        self.codes, self.started, self.stopped, self.closed = list(codes), [], 0, 0

    def start(self, request, number):
        self.started.append(number)
        return _Ends(self, self.codes.pop(0))

    def close(self):
        self.closed += 1


class _Ends:
    def __init__(self, engine, code):
        self._engine, self._code = engine, code

    def poll(self):
        return self._code

    def stop(self):
        self._engine.stopped += 1


def wait(engine, count=1, done=lambda: 0, wanted=None):
    with Pool(engine, Request(), range(1, count + 1)) as pool:
        pool.wait("study", done, wanted, 0.0)


def test_a_lost_worker_is_started_anew_and_many_lost_in_a_row_end_the_run():
    engine = Script(0, -9, 143, 0)
    wait(engine, 2)
    assert engine.started == [1, 2, 2, 2]
    assert engine.closed == 1
    with pytest.raises(StorageError, match="3 processes of this study ended one after another .*none finished a job"):
        wait(Script(-9, -9, -9))
    progress = iter(range(100))
    wait(Script(*[-9] * 10, 0), done=lambda: next(progress))  # each finishes a job before it dies


def test_a_worker_that_failed_ends_the_run_and_the_others():
    engine = Script(None, 4)
    with pytest.raises(StorageError, match="a process of this study ended with exit code 4"):
        wait(engine, 2)
    assert engine.stopped == 1
    assert engine.closed == 1


def test_workers_that_never_begin_do_not_hold_up_a_run_that_is_done(monkeypatch):
    monkeypatch.setattr(processes, "ENDING", 0.1)
    engine = Script(None, 0)
    begun = time.monotonic()
    wait(engine, 2, lambda: 5, 5)
    assert engine.stopped == 1
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("mode", ["fail", "stop"])
def test_a_study_struck_at_any_operation_loses_nothing_and_the_same_command_comes_to_the_same_bytes(
    mode, tmp_path, monkeypatch
):
    """A full disk, or the end of the process, at the first file operation of a study, at the second, and so on to the last."""
    monkeypatch.setattr(kills, "CELLS", 2)
    monkeypatch.setattr(kills, "STEPS", 1)
    monkeypatch.setattr(kills.time, "sleep", lambda seconds: None)
    kills.study(tmp_path / "whole", 0, 1)
    whole = kills.contents(tmp_path / "whole", ordered=True)

    def check(out, error):
        assert error is None or mode == "stop" or isinstance(error, StorageError)
        journal = out / "cells.jsonl"
        before = Lines(journal).there() if journal.exists() else set()
        kills.study(out, 0, 1)
        assert before <= Lines(journal).there()
        found = kills.contents(out, ordered=True)
        if (
            mode == "fail"
        ):  # a lock whose file could not be removed stays, to be found by the next run there and by --gc
            found = {name: data for name, data in found.items() if not name.endswith(".lock")}
        assert found == whole
        shutil.rmtree(out)

    strikes = every_fault(monkeypatch, mode, lambda k: tmp_path / str(k), lambda out: kills.study(out, 0, 1), check)
    assert strikes > 50


@posix
def test_studies_whose_processes_are_killed_fifty_times_come_to_the_same_bytes():
    done = subprocess.run([sys.executable, "-m", "tests.jobs.kills", "50"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("0 finished cells lost, 0 studies with other files than one that nobody disturbed\n")
