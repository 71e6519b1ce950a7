"""The second thread of an audit: a failure in either is raised at once, and what waits in line is not begun."""

import threading
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from types import SimpleNamespace
from typing import ClassVar

import jax.numpy as jnp
import pytest

from mesascope.auditing import audit as auditing
from mesascope.auditing.audit import audit
from mesascope.auditing.settings import Settings
from mesascope.auditing.subjects import AuditSubject
from mesascope.core.subject import AbstractSubject, Site
from mesascope.worlds.grids.red_doors import RedDoors

TINY = Settings(levels=4, evidence=4, directed=4, thought=4)


class OneSize(RedDoors):
    """Without shifts."""

    shifts: ClassVar[dict[str, str]] = {}


class BreaksInside(AbstractSubject):
    """Answers a level, and raises when it is asked tick by tick."""

    ticks: int = 1
    reads_until: int = 1

    @property
    def sites(self):
        return (Site("state", 1, "nothing"),)

    def logits(self, observation):
        return jnp.zeros((*observation.shape[:3], 4))

    def start(self, observation):
        return {"state": jnp.zeros((*observation.shape[:3], 1))}

    def think(self, state, observation, tick):
        raise KeyError("lost inside")

    def act(self, state):
        return jnp.zeros((*state["state"].shape[:3], 4))


def audited():
    return audit(OneSize(size=5), AuditSubject(BreaksInside(), "python", "x", "x", None), TINY, 0)


@pytest.fixture
def inferred(monkeypatch):
    known = SimpleNamespace(weights=None, everywhere=None)
    monkeypatch.setattr(auditing, "infer_behavioral_objective", lambda *_, **__: known)


def test_a_subject_that_raises_does_not_wait_for_what_is_in_line(monkeypatch, inferred):
    go, finished, begun = threading.Event(), [], []

    def look(*_):
        go.wait(30)
        finished.append("look")

    monkeypatch.setattr(auditing, "summarize_policy", look)
    monkeypatch.setattr(auditing, "_ledgers", lambda *_: begun.append("ledgers"))
    with pytest.raises(Exception, match="lost inside"):
        audited()
    assert finished == [], "the failure was raised before the job at work was over"
    go.set()
    for thread in threading.enumerate():
        if thread.name.startswith("beside"):
            thread.join(30)
    assert finished == ["look"]
    assert begun == []


class AtOnce(Executor):
    """Does each job when it is given."""

    def submit(self, job, *given):
        future = Future()
        try:
            future.set_result(job(*given))
        except Exception as error:
            future.set_exception(error)
        return future


def test_what_failed_beside_is_raised_before_the_search_begins(monkeypatch, inferred):
    @contextmanager
    def at_once():
        yield AtOnce()

    def look(*_):
        raise ValueError("failed beside")

    def began(*_, **__):
        raise AssertionError("the search began")

    monkeypatch.setattr(auditing, "beside", at_once)
    monkeypatch.setattr(auditing, "summarize_policy", look)
    monkeypatch.setattr(auditing, "_ledgers", lambda *_: None)
    monkeypatch.setattr(auditing, "measure_thinking_time", lambda *_, **__: None)
    monkeypatch.setattr(auditing, "examine_search", began)
    with pytest.raises(ValueError, match="failed beside"):
        audited()
