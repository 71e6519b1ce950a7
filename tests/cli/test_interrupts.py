"""A run that is cut off, in whatever way, goes on to the very bits it would have had."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from mesascope.cli import main
from mesascope.jobs import interrupts
from tests.quick_to_compile import SETTINGS

UPDATES = 400
posix = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


# The tests may run where Ctrl-C is ignored, and a process inherits that.
HEARING = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "


def settings(out):
    return ["train", "--out", str(out), "--set", "size=5", "--updates", str(UPDATES)]


def command(out):
    return [sys.executable, "-c", HEARING + "from mesascope.cli.main import main; main()", *settings(out)]


# Without the flags by which the tests compile quickly: these trainings run longer than they are compiled.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in SETTINGS}


def started(out):
    return subprocess.Popen(command(out), stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT)


def finished(out):
    return subprocess.run(command(out), check=True, capture_output=True, text=True, env=ENVIRONMENT)


def contents(out):
    return {
        p.relative_to(out).as_posix(): p.read_bytes()
        for p in out.rglob("*")
        if p.is_file() and p.name != "training.json"
    }


def points(out):
    return json.loads((out / "training.json").read_text())["points"]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "out"
    finished(out)
    return out


def newest_checkpoint(out):
    """Name of the newest checkpoint that is whole; empty where there is none."""
    return max((path.parent.name for path in (out / "checkpoints").glob("step-*/manifest.json")), default="")


@posix
def test_a_training_cut_off_again_and_again_goes_on_with_identical_bits(tmp_path, uninterrupted):
    out = tmp_path / "out"
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)):
        before = newest_checkpoint(out)
        process = started(out)
        deadline = time.monotonic() + 120
        while newest_checkpoint(out) <= before:
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(number)
        begun = time.monotonic()
        _, said = process.communicate(timeout=60)
        assert process.returncode == code
        if number != signal.SIGKILL:
            assert time.monotonic() - begun < 5
            assert b"the same command goes on" in said.splitlines()[-1]
            assert b"Traceback" not in said
        assert (b"training goes on after" in said) == bool(before)
        assert not (out / "learned").exists()
    assert "training goes on after" in finished(out).stderr
    assert contents(out) == contents(uninterrupted)
    assert points(out) == points(uninterrupted)


def test_a_finished_training_is_only_told_again(capsys, uninterrupted):
    before = contents(uninterrupted)
    assert main.run([*settings(uninterrupted), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    weights = (uninterrupted / "learned" / "weights.safetensors").read_bytes()
    assert told["sha256"] == hashlib.sha256(weights).hexdigest()
    assert (told["seed"], told["updates"], told["world_config"]["size"]) == (0, UPDATES, 5)
    assert contents(uninterrupted) == before
    assert main.run([*settings(uninterrupted), "--seed", "1"]) == 4
    assert "holds another training (seed differ)" in capsys.readouterr().err


HEARS_NOTHING = "def work():\n    open('begun', 'w').close(); time.sleep(60)\n"
HEARS_BUT_NOT_BESIDE = (
    "from mesascope.jobs.background import background\n"
    "def work():\n"
    "    with background() as second:\n"
    "        second.submit(time.sleep, 60); open('begun', 'w').close()\n"
    "        while True: interrupts.check_canceled(); time.sleep(0.01)\n"
)


@posix
@pytest.mark.parametrize("work", [HEARS_NOTHING, HEARS_BUT_NOT_BESIDE])
def test_work_that_hears_nothing_is_left_behind(tmp_path, work):
    script = (
        HEARING
        + "import time; from mesascope.jobs import interrupts; interrupts.GRACE = 0.2; interrupts.listen()\n"
        + work
        + "try: interrupts.interruptible(work)\n"
        "except KeyboardInterrupt: interrupts.leave(interrupts.exit_code())"
    )
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    process = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, env=environment)
    while not (tmp_path / "begun").exists():
        assert process.poll() is None
        time.sleep(0.01)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 130
    assert time.monotonic() - begun < 5


def test_what_work_returns_and_raises_comes_through():
    assert interrupts.interruptible(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        interrupts.interruptible(lambda: 1 / 0)
    interrupts.check_canceled()  # nobody asked to stop


@posix
def test_work_that_rests_ends_in_order(monkeypatch):
    ended = []

    def work():
        os.kill(os.getpid(), signal.SIGINT)
        try:
            while True:
                interrupts.check_canceled()
                time.sleep(0.01)
        finally:
            ended.append(True)

    monkeypatch.setattr(interrupts, "_heard", [])
    before = signal.signal(signal.SIGINT, interrupts._hear)
    # A command that ran in this process before listens for it, and would end it a few seconds later.
    listening = signal.set_wakeup_fd(-1)
    try:
        with pytest.raises(KeyboardInterrupt):
            interrupts.interruptible(work)
    finally:
        signal.signal(signal.SIGINT, before)
        signal.set_wakeup_fd(listening, warn_on_full_buffer=False)
        interrupts._stop.clear()
    assert ended == [True]
    assert interrupts.exit_code() == 130
    assert not interrupts._left_behind.is_set()


SWALLOWS = (
    "import gc, os, time; from mesascope.jobs import interrupts; interrupts.listen()\n"
    "def collected(phase, about):\n"
    "    if phase == 'start': os.kill(os.getpid(), __import__('signal').SIGTERM)\n"
    "def work():\n"
    "    gc.callbacks.append(collected); gc.collect(); gc.callbacks.clear()\n"
    "    while True: interrupts.check_canceled(); time.sleep(0.01)\n"
    "try: interrupts.interruptible(work)\n"
    "except KeyboardInterrupt: interrupts.leave(interrupts.exit_code())"
)
IS_BUSY = (
    "import time; from mesascope.jobs import interrupts; interrupts.GRACE = 30; interrupts.listen()\n"
    "def work(): print('begun', flush=True); time.sleep(60)\n"
    "try: interrupts.interruptible(work)\n"
    "except KeyboardInterrupt: interrupts.leave(interrupts.exit_code())"
)
NEVER_LOOKS = (
    "import time; from mesascope.jobs import interrupts; interrupts.listen(lambda: print('farewell', flush=True))\n"
    "print('begun', flush=True)\n"
    "while True:\n"
    "    try: time.sleep(60)\n"
    "    except BaseException: pass"
)


@posix
def test_a_signal_inside_a_callback_of_the_garbage_collector_is_heard():
    """What a handler raises there is swallowed, so nothing may be raised."""
    done = subprocess.run([sys.executable, "-c", SWALLOWS], timeout=30, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (143, "")


@posix
def test_a_second_signal_ends_the_process_at_once():
    with subprocess.Popen([sys.executable, "-c", HEARING + IS_BUSY], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"begun\n"
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert process.poll() is None, "the first one waits for the work"
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
    assert time.monotonic() - begun < 2  # half a second on a machine that has nothing else to do


@posix
def test_where_no_work_is_under_way_a_signal_ends_the_process_whatever_it_does():
    with subprocess.Popen([sys.executable, "-c", NEVER_LOOKS], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"begun\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 143
        assert process.stdout.read() == b"farewell\n"


@posix
@pytest.mark.parametrize("after", [0.1, 0.4, 1.0])
def test_a_signal_during_the_start_is_one_line_or_none(after):
    command = [sys.executable, "-c", HEARING + "from mesascope.__main__ import main; main()", "worlds", "red-doors"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with suppress(subprocess.TimeoutExpired):
        process.wait(after)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert process.returncode in (143, -signal.SIGTERM, 0)  # before anything was imported; or it was done
    assert "Traceback" not in said
    assert "internal" not in said
    assert len(said.splitlines()) <= 1


@posix
def test_a_forked_process_does_not_speak_into_the_pipe_of_this_one():
    script = (
        "import os, signal, time; from mesascope.jobs import interrupts; interrupts.listen()\n"
        "child = os.fork()\n"
        "if child == 0: time.sleep(60); os._exit(0)\n"
        "time.sleep(0.2); os.kill(child, signal.SIGTERM); code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])\n"
        "time.sleep(0.5); interrupts.check_canceled(); print(code)"
    )
    done = subprocess.run([sys.executable, "-c", script], timeout=30, capture_output=True, text=True, check=True)
    assert done.stdout == f"{-signal.SIGTERM}\n"
