"""`mesascope calibrate`: rows that are made once, the documents, and the same command again."""

import json

import pytest

from mesascope.calibration.row import EFFORT, examine
from mesascope.calibration.subjects import QUICK, Known, zoo
from mesascope.cli import main
from mesascope.jobs import calibrate
from mesascope.jobs.calibrate import Audits, Request, audits_of
from mesascope.organisms.uniform import Uniform
from mesascope.reports.html.calibration import render_calibration
from mesascope.worlds.grids.red_doors import RedDoors


def uniform(world, shown, seed):
    return Uniform(channels=1 + len(world.features))


KNOWN = Known("uniform", "uniform", False, "test", "", uniform)


def request(out, **changes):
    return Request(out=out, **{"seeds": 1, "jobs": 1, **changes})


def test_every_entry_of_the_zoo_is_asked_for_with_all_its_seeds(tmp_path):
    jobs = audits_of(request(tmp_path, seeds=3))
    assert [job.known.name for job in jobs] == [known.name for known in zoo()]
    assert all(len(job.seeds) == (3 if job.known.searches else 9) for job in jobs)
    quick = audits_of(request(tmp_path, quick=True, networks=2, chance=5))
    assert {job.known.name for job in quick if job.known.half} == set(QUICK)
    assert sum(len(job.seeds) for job in quick if not job.known.half) == 2 * 4 + 5 * 2


def test_builds_of_a_family_stand_on_one_side():
    halves = {}
    for known in zoo():
        halves.setdefault(known.group, set()).add(known.half)
    assert all(len(found) == 1 for found in halves.values())
    for searches in (True, False):
        assert {known.half for known in zoo() if known.searches == searches} == {"tune", "test"}


@pytest.mark.slow
def test_rows_are_made_once_and_summed_up(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(calibrate, "audits_of", lambda request: [Audits(KNOWN, range(request.seeds))])
    command = ["calibrate", "--out", str(tmp_path), "--seeds", "1", "--jobs", "1"]
    assert main.run([*command, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["operating_point"]["point"]["negatives"] == 1
    assert document["operating_point"]["point"]["false_positives"] == 0
    assert document["subjects"][0]["said_to_search"] == 0
    row = document["rows"][0]
    assert {"name", "tests", "least", "capacity", "outputs", "pursued"} <= row.keys()
    assert json.loads((tmp_path / "operating_point.json").read_text())["negatives"] == 1
    monkeypatch.setattr(calibrate, "examine", lambda *arguments: pytest.fail("made again"))
    assert main.run(command) == 0
    out = capsys.readouterr().out
    assert "uniform (does not search): said to search in 0 of 1 audits" in out
    page = (tmp_path / "report.html").read_text()
    assert page == render_calibration(json.loads((tmp_path / "calibration.json").read_text()))
    assert "uniform" in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")


@pytest.mark.long
@pytest.mark.slow
def test_twins_answer_alike_to_the_last_bit():
    planner, table = zoo(("planner,answer=exact,ticks=40", "lookup"))
    small = EFFORT._replace(per_test=16, certified=512)
    rows = [examine(RedDoors(), known, 0, small) for known in (planner, table)]
    assert rows[0]["outputs"] == rows[1]["outputs"]
    assert rows[0]["searches"] != rows[1]["searches"]
