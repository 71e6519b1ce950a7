"""What a listener hears of work that takes long: counts, and the time that is left."""

from types import SimpleNamespace

from mesascope.jobs import calibrate
from mesascope.jobs.job import Job
from mesascope.jobs.listener import Count, TimeLeft
from mesascope.jobs.results import Lines
from mesascope.jobs.runner import run_jobs, stage_of


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Heard:
    def __init__(self):
        self.said = []

    def note(self, text):
        self.said.append((text, 0, 0))

    def say(self, text, done=0, of=0):
        self.said.append((text, done, of))


def test_the_time_left_is_told_from_what_was_done_since_the_start():
    clock = Clock()
    left = TimeLeft(clock)
    assert left.after(10, 40) == ""  # done before: it says nothing of the pace
    clock.now += 20
    assert left.after(10, 40) == ""
    assert left.after(20, 40) == ", about 40 s left"
    clock.now += 20
    assert left.after(40, 40) == ""


def test_jobs_of_other_processes_are_counted_in_the_same_words_until_one_more_is_done():
    heard, clock = Heard(), Clock()
    count = Count(heard, 4, "cells are done, by 2 workers", clock)
    for done in (1, 1, 2, 2):
        clock.now += 30
        assert count(done) == done
    first, second = "1 of 4 cells are done, by 2 workers", "2 of 4 cells are done, by 2 workers, about 3 min 00 s left"
    assert [text for text, _, _ in heard.said] == [first, first, second, second]


def test_a_single_job_says_that_it_begins(tmp_path):
    heard = Heard()
    run_jobs([Job("row", 1, lambda listener: {"fingerprint": "1"}, "seed 0")], Lines(tmp_path / "rows.jsonl"), heard)
    assert heard.said[0][0] == "row: seed 0"


def test_a_stage_of_a_job_is_heard_with_its_count():
    heard = Heard()
    stage_of("seed 0", heard)("levels", 2, 8)
    assert heard.said == [("seed 0: levels", 2, 8)]


def test_a_row_of_a_calibration_says_how_far_it_is(monkeypatch):
    heard = Heard()
    monkeypatch.setattr(calibrate, "examine", lambda world, known, seed, tell: tell("tests", 1, 3) or {})
    job = calibrate._job(calibrate.Audits(SimpleNamespace(name="planner"), range(2)), 1)
    job.work(heard)
    assert heard.said == [("planner, seed 1: tests", 1, 3)]
