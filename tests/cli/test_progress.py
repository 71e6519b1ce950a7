"""What is said along the way, in a terminal and in a log."""

import sys
import threading

import pytest

from mesascope.base_optimizers.training import Progress
from mesascope.cli import progress
from mesascope.jobs.train import tell_training


def at(updates, seconds=42.4, eta=200.0):
    return Progress(updates, 100, seconds, eta, 1.0, 0.5, 0.875, 0.9)


@pytest.fixture
def clock():
    return [1000.0]


def test_a_log_gets_a_line_now_and_then_and_every_end(capsys, clock):
    with progress.Live(lambda: clock[0]) as live:
        for step in range(1, 5):
            tell_training(live, 0, at(25 * step))
            clock[0] += 6
        live.say("seed 0: behavior")
        clock[0] += 11
        live.say("seed 0: ledger")
    assert capsys.readouterr().err.splitlines() == [
        "seed 0: training 25/100 updates, competence 0.875, 3 min 20 s left",
        "seed 0: training 75/100 updates, competence 0.875, 3 min 20 s left",
        "seed 0: trained 100 updates in 42 s, competence 0.875",
        "seed 0: ledger",
    ]


def test_a_terminal_gets_one_line_that_changes_and_is_gone_at_the_end(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress.Live() as live:
        live.say("seed 1: behavior")
        live.note("stays")
        live.say("seed 1: ledger")
    assert lines(capsys) == ["starting", "seed 1: behavior", "stays" + "seed 1: ledger", ""]


def in_terminal(monkeypatch, beat=1000.0):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(progress, "BEAT", beat)  # the tests beat


def lines(capsys):
    return capsys.readouterr().err.replace("\n", "").split("\r\x1b[K")


def test_a_counted_stage_has_its_time_left_and_its_time_so_far(capsys, clock, monkeypatch):
    in_terminal(monkeypatch)
    with progress.Live(lambda: clock[0]) as live:
        live.say("levels", 0, 4000)
        clock[0] += 10
        live.say("levels", 1000, 4000)
    assert lines(capsys) == ["starting", "levels: 0 of 4,000", "levels: 1,000 of 4,000, about 30 s left (10 s)", ""]


def test_a_stage_that_says_nothing_more_still_shows_that_time_passes(capsys, clock, monkeypatch):
    in_terminal(monkeypatch)
    with progress.Live(lambda: clock[0]) as live:
        live.say("seed 0: behavior")
        for _ in range(2):
            clock[0] += 30
            live.beat()
        live.note("seed 0: audited")
        clock[0] += 5
        live.beat()
    said = ["starting", "seed 0: behavior", "seed 0: behavior (30 s)", "seed 0: behavior (60 s)"]
    assert lines(capsys) == [*said, "seed 0: audited" + "working (5 s)", ""]
    live.beat()  # it is over
    assert capsys.readouterr().err == ""


def test_the_line_beats_by_itself(monkeypatch):
    in_terminal(monkeypatch, 0.001)
    beaten = threading.Event()
    monkeypatch.setattr(progress.Live, "beat", lambda live: beaten.set())
    with progress.Live():
        assert beaten.wait(10)


def test_a_log_has_one_line_for_a_stage_however_often_it_counts(capsys, clock):
    with progress.Live(lambda: clock[0]) as live:
        for done in range(5):
            live.say("levels", done, 5)
            clock[0] += 60
        live.say("next")
    assert capsys.readouterr().err.splitlines() == ["levels: 0 of 5", "next"]
