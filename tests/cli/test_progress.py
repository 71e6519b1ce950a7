"""What is said along the way, in a terminal and in a log."""

import sys

import pytest

from mesascope.base_optimizers.training import Progress
from mesascope.cli import progress
from mesascope.jobs.train import tell_training


def at(updates, seconds=42.4, eta=200.0):
    return Progress(updates, 100, seconds, eta, 1.0, 0.5, 0.875, 0.9)


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_log_gets_a_line_now_and_then_and_every_end(capsys, clock):
    with progress.Live() as live:
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
    assert capsys.readouterr().err == "seed 1: behavior\r\x1b[Kstays\nseed 1: ledger\r\x1b[K"
