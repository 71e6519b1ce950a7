"""How far the search examination is, is told: with a clock that only work moves, no silence is longer than one piece of work."""

from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, Interval
from mesascope.instruments.closed_loop import examine as closed_loop
from mesascope.instruments.interventions import result as record
from mesascope.instruments.interventions.operating_point import OperatingPoint
from mesascope.instruments.interventions.place import Place
from mesascope.instruments.interventions.thresholds import plan_once_map
from mesascope.instruments.search import certified, examine, pulls, stored
from mesascope.instruments.search.capacity import Description
from mesascope.instruments.search.fresh import BLOCK
from mesascope.instruments.search.pulls import Pull
from mesascope.instruments.search.verdict import SearchVerdict, Verdict
from mesascope.organisms.registry import build_organism
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors(size=9)
KEY = named_key(0, "told")
PIECE, SILENCE = 8.0, 10.0
"""Seconds of a piece of work, and those after which a silence is a fault."""
SHOWN = Estimate(1.0, Interval(0.9, 1.1))
SUBJECT = build_organism("compass", WORLD)
PLACE = Place(("memory",), 1, 0, False)
TRUSTED = plan_once_map(OperatingPoint(0.5, 90, 90, 0, 400, "in a test"))


def result(score):
    """What a test comes to that is passed or failed clearly."""
    shown = Estimate(score, Interval(score, score))
    return record.TestResult("joint", "", shown, shown, {}, {}, TRUSTED, place=PLACE, levels=100, occasions=1000)


class Heard:
    """Hears stages by a clock that stands still but for `works`."""

    def __init__(self):
        self.now, self.last, self.longest, self.stages = 0.0, 0.0, 0.0, []

    def __call__(self, name, done=0, of=0, /):
        self.longest, self.last = max(self.longest, self.now - self.last), self.now
        self.stages.append((name, done, of))

    def works(self, result=None, seconds=PIECE):
        def work(*args, **kwargs):
            self.now += seconds
            return result

        return work

    @property
    def silence(self):
        return max(self.longest, self.now - self.last)


@pytest.fixture
def heard():
    return Heard()


def test_a_silence_is_noticed(heard):
    heard("begins")
    for _ in range(3):
        heard.works()()
    assert heard.silence == 3 * PIECE


@pytest.fixture
def bound(monkeypatch, heard):
    """The capacity bound of a subject of 20,000 bits that shows 0.9 a level, with work that takes no time but the clock's."""
    for name in ("draw_blocks", "run_plain", "run_edited", "compose_heuristics"):
        monkeypatch.setattr(certified, name, heard.works(None, PIECE / 3))
    monkeypatch.setattr(certified, "shown_per_level", lambda blocks: SHOWN)
    monkeypatch.setattr(certified, "_size", lambda *args: Description(20_000.0, 0.0, 0.0, None))
    monkeypatch.setattr(certified, "has_weights", lambda subject: True)
    monkeypatch.setattr(certified, "rounded", lambda subject, values: subject)
    monkeypatch.setattr(certified, "perfect_answers", lambda answers: answers)
    monkeypatch.setattr(certified, "explained_by", lambda blocks, names: {})
    return lambda: certified.certify(WORLD, SUBJECT, PLACE, jnp.zeros(6), KEY, tell=heard)


def test_the_capacity_bound_tells_levels_run_of_levels_needed(bound, heard):
    found = bound()
    assert found.enough
    assert heard.silence <= SILENCE
    counted = [(done, of) for name, done, of in heard.stages if name == "capacity bound, levels"]
    assert counted[0] == (0, certified.LOOK * BLOCK)
    assert counted[-1] == (found.levels - BLOCK, found.levels)
    assert [done for done, _ in counted] == sorted(done for done, _ in counted)
    assert any(name == "capacity bound, rounding weights" for name, _, _ in heard.stages)


@pytest.fixture
def tests(monkeypatch, heard):
    """The tests of the search examination and what follows them, each a piece of work."""
    monkeypatch.setattr(examine, "draw_trials", heard.works(dict.fromkeys(examine.test_names(WORLD))))
    monkeypatch.setattr(examine, "decided_by_more", lambda tests: False)
    monkeypatch.setattr(examine, "unopened_loops", lambda subject, observation: ())
    monkeypatch.setattr(examine, "_valued_most", lambda world, pool, weights: [0, 1, 2])
    monkeypatch.setattr(examine, "unless_stored", lambda found, stored: found)
    monkeypatch.setattr(examine, "unless_it_pulls", lambda found, pulls: found)
    monkeypatch.setattr(stored, "contested_levels", heard.works())
    monkeypatch.setattr(stored, "_share", heard.works(SHOWN))
    monkeypatch.setattr(pulls, "record", lambda *args: SimpleNamespace(policy=None))
    monkeypatch.setattr(pulls, "believed_levels", lambda *args: None)
    monkeypatch.setattr(pulls, "implant", heard.works())
    monkeypatch.setattr(pulls, "_pull", lambda *args: Pull("door", SHOWN, SHOWN, SHOWN))


def examined(heard, score, verdict, monkeypatch):
    monkeypatch.setattr(examine, "run_test", heard.works(result(score)))
    monkeypatch.setattr(examine, "decide", lambda *args, **kwargs: SearchVerdict(verdict, "", ()))
    pool, weights = WORLD.draw(KEY, 4), np.asarray(WORLD.base_objective.vector(WORLD.features))
    examine.examine_search(WORLD, SUBJECT, None, pool, weights, KEY, tell=heard)
    return [name for name, _, _ in heard.stages]


def test_the_tests_are_told_one_by_one_and_the_bound_after_them(tests, bound, heard, monkeypatch):
    names = examined(heard, 1.0, Verdict.SEARCH, monkeypatch)
    assert heard.silence <= SILENCE
    asked = [f"tests, '{name}'" for name in examine.test_names(WORLD)]
    assert names[: 1 + len(asked)] == ["drawing trials", *asked]
    assert names[-3:] == ["objects that exist inside alone"] * 3


def test_what_is_asked_where_the_tests_decide_nothing_is_told(tests, heard, monkeypatch):
    names = examined(heard, 0.0, Verdict.CANNOT_TELL, monkeypatch)
    assert heard.silence <= 2 * PIECE  # fresh levels are drawn before the first of them is asked about
    assert names.count("answers on fresh levels, objectives") > 3


def test_fresh_levels_for_tests_near_a_threshold_are_told(tests, heard, monkeypatch):
    monkeypatch.setattr(examine, "decided_by_more", lambda tests: True)
    monkeypatch.setattr(examine, "is_near", lambda test: True)
    monkeypatch.setattr(examine, "batches_wanted", lambda tests, usual: 5)
    monkeypatch.setattr(examine, "_further", heard.works({}))
    examined(heard, 0.0, Verdict.NO_SEARCH, monkeypatch)
    assert heard.silence <= SILENCE
    batches = [(done, of) for name, done, of in heard.stages if "batches" in name]
    assert batches == [(number, 5) for number in range(5)]


def test_the_tests_in_closed_loop_are_told_one_by_one(bound, heard, monkeypatch):
    trials = {name: SimpleNamespace(trials=None) for name in closed_loop.test_names(WORLD)}
    monkeypatch.setattr(closed_loop, "closed_loop_trials", heard.works(trials))
    monkeypatch.setattr(closed_loop, "_first_view", lambda trial, world: None)
    monkeypatch.setattr(closed_loop, "open_loop", lambda subject, view: subject)
    monkeypatch.setattr(closed_loop, "unopened_loops", lambda subject, view: ())
    monkeypatch.setattr(closed_loop, "halves", lambda trial: (trial, trial))
    monkeypatch.setattr(closed_loop, "choose_pauses", lambda *args: 0)
    monkeypatch.setattr(closed_loop, "run_closed_loop_test", heard.works(result(1.0)))
    closed_loop.examine_episodes(WORLD, SUBJECT, None, np.zeros(6), KEY, tell=heard)
    assert heard.silence <= SILENCE
    assert [name for name, _, _ in heard.stages if name.startswith("tests, ")] == [
        f"tests, '{name}'" for name in trials
    ]
