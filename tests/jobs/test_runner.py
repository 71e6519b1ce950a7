"""The one loop: nothing is done twice, what is done is stored before the next begins, and it can stop in between."""

from dataclasses import replace
from itertools import pairwise

import pytest

from mesascope.core.errors import StorageError, UsageError
from mesascope.jobs import interrupts, runner
from mesascope.jobs.job import Job
from mesascope.jobs.listener import SILENT
from mesascope.jobs.results import Lines
from mesascope.jobs.runner import Share, run_job, run_jobs


class Heard:
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)

    def say(self, text, done=0, of=0):
        pass


class Maker:
    """Makes jobs that remember when they were made, and fail or stop at a number."""

    def __init__(self, fails=None):
        self.made, self.fails = [], fails

    def job(self, number, program=None):
        spec = {"number": number}

        def work(listener):
            if number == self.fails:
                raise UsageError("it is too much")
            self.made.append(number)
            return {"number": number, "fingerprint": Job("row", spec, work, "").fingerprint}

        return Job("row", spec, work, f"row {number}", program)

    def jobs(self, count):
        return [self.job(number) for number in range(count)]


def test_equal_jobs_share_a_result_and_none_is_done_again(tmp_path):
    maker, heard = Maker(), Heard()
    jobs = [*maker.jobs(3), maker.job(1)]
    found = run_jobs(jobs, Lines(tmp_path / "rows.jsonl"), heard, before="done before")
    assert [row["number"] for row in found] == [0, 1, 2, 1]
    assert maker.made == [0, 1, 2]
    assert heard.notes[0] == "row 1 of 3: row 0"
    assert heard.notes[1].startswith("row 2 of 3: row 1, about 0 s left")
    assert "done before" not in heard.notes
    assert run_jobs(jobs, Lines(tmp_path / "rows.jsonl"), heard, before="done before") == found
    assert maker.made == [0, 1, 2]
    assert heard.notes[-1] == "done before"


def test_a_run_that_fails_keeps_what_was_done_and_names_the_job(tmp_path):
    maker = Maker(fails=2)
    with pytest.raises(UsageError, match="^row 2: it is too much$"):
        run_jobs(maker.jobs(4), Lines(tmp_path / "rows.jsonl"), SILENT)
    maker.fails = None
    run_jobs(maker.jobs(4), Lines(tmp_path / "rows.jsonl"), SILENT)
    assert maker.made == [0, 1, 2, 3]


def test_a_single_job_needs_no_name(tmp_path):
    with pytest.raises(UsageError, match="^it is too much$"):
        run_jobs(Maker(fails=0).jobs(1), Lines(tmp_path / "rows.jsonl"), SILENT)


def test_a_signal_stops_it_between_jobs_and_before_a_result_is_stored(tmp_path, monkeypatch):
    maker, results = Maker(), Lines(tmp_path / "rows.jsonl")
    monkeypatch.setattr(interrupts, "_stop", interrupts.threading.Event())

    def stops(listener):
        interrupts._stop.set()
        return {}

    with pytest.raises(KeyboardInterrupt):
        run_jobs([maker.job(0), replace(maker.job(1), work=stops), maker.job(2)], results, SILENT)
    assert maker.made == [0]
    assert [results.find(job) is not None for job in maker.jobs(3)] == [True, False, False]


def test_everything_is_looked_for_before_anything_is_made(tmp_path):
    maker = Maker()

    class Refuses:
        def folder(self, job):
            return tmp_path

        def find(self, job):
            if job.spec["number"] == 1:
                raise StorageError("another one lies here")

        def put(self, job, result):
            raise AssertionError("made before it was refused")

    with pytest.raises(StorageError, match="^another one lies here$"):
        run_jobs(maker.jobs(2), Refuses(), SILENT)
    assert maker.made == []


@pytest.mark.parametrize(("together", "times"), [(1, 2), (2, 1), (3, 0)])
def test_programs_are_let_go_of_between_jobs_of_different_ones(tmp_path, monkeypatch, together, times):
    forgotten = []
    monkeypatch.setattr(runner, "forget_programs", lambda: forgotten.append(True))
    jobs = [Maker().job(number, number // 2) for number in range(6)]
    run_jobs(jobs, Lines(tmp_path / "rows.jsonl"), SILENT, together=together)
    assert len(forgotten) == times


@pytest.mark.parametrize("of", [1, 2, 3, 7])
def test_every_process_comes_to_every_job_and_each_begins_elsewhere(of):
    jobs = [Maker().job(number, number % 4) for number in range(12)]
    orders = [[job.spec["number"] for job in Share(worker, of).in_turn(jobs)] for worker in range(of)]
    assert all(sorted(order) == list(range(12)) for order in orders)
    assert len({order[0] for order in orders}) == of
    assert orders[0] == [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11], "jobs of a program stand together"
    for order in orders:  # going round, a program is left and come back to once at most
        programs = [number % 4 for number in order]
        assert sum(a != b for a, b in pairwise(programs)) <= 4


def test_a_result_is_made_from_what_the_listener_hears(tmp_path):
    heard = Heard()
    job = Job("row", 1, lambda listener: listener.note("begun") or {"fingerprint": job.fingerprint}, "row")
    run_job(job, Lines(tmp_path / "rows.jsonl"), heard)
    assert heard.notes == ["begun"]
