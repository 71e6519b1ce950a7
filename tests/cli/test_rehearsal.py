"""When an audit is rehearsed: beside the first training, and until it is over."""

import time

import pytest

from mesascope.instruments.audited import AuditSubject
from mesascope.jobs import audit
from mesascope.jobs.audit import Request, make_plan
from mesascope.jobs.listener import SILENT
from mesascope.organisms.uniform import Uniform

SUBJECT = AuditSubject(Uniform(7), "trained", "learned", "a net", None)


def of_seed(seed, out, **asked):
    plan = make_plan(Request(seeds=2, first_seed=4, out=out, **asked))
    return audit._trained_subject(plan, seed, SILENT)


@pytest.fixture
def rehearsed(monkeypatch):
    seen = []

    def warm_up(world, settings, seed, enough):
        seen.append((world.name, seed))
        while not enough():
            time.sleep(0.01)
        seen.append("told")

    monkeypatch.setattr(audit, "warm_up", warm_up)
    monkeypatch.setattr(audit, "trained_subject", lambda *_: SUBJECT)
    return seen


def test_beside_the_first_training_until_it_is_over(tmp_path, rehearsed):
    assert of_seed(4, tmp_path) is SUBJECT
    assert rehearsed == [("red-doors", 4), "told"]


def test_not_where_it_would_gain_nothing(tmp_path, monkeypatch, rehearsed):
    assert of_seed(5, tmp_path) is SUBJECT
    assert of_seed(4, tmp_path, architecture="conv-lstm") is SUBJECT
    monkeypatch.setattr(audit, "is_trained", lambda folder: True)
    assert of_seed(4, tmp_path) is SUBJECT
    assert rehearsed == []


def test_a_training_that_fails_ends_it_and_a_rehearsal_that_fails_changes_nothing(tmp_path, monkeypatch, rehearsed):
    def fails(*_):
        raise KeyError("lost")

    monkeypatch.setattr(audit, "trained_subject", fails)
    with pytest.raises(KeyError):
        of_seed(4, tmp_path)
    deadline = time.monotonic() + 30
    while rehearsed != [("red-doors", 4), "told"]:  # it is not waited for, but it is told
        assert time.monotonic() < deadline, rehearsed
        time.sleep(0.01)
    monkeypatch.setattr(audit, "trained_subject", lambda *_: SUBJECT)
    monkeypatch.setattr(audit, "warm_up", fails)
    assert of_seed(4, tmp_path) is SUBJECT
