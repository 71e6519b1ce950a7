"""What can be asked of a study: what it will take, how far it is, what it has so far, what in its folder nothing refers to."""

import json

import pytest

from mesascope.cli import main
from mesascope.core.errors import SubjectError
from mesascope.jobs import cell as cell_job
from mesascope.jobs.cell import folder_of
from mesascope.jobs.leases import lease_of
from mesascope.jobs.study import Request, make_plan
from mesascope.store.fs import hold, let_go
from mesascope.studies.training import weight_bytes
from tests.cli.test_study import FILE
from tests.studies.test_aggregate import row


@pytest.fixture
def study(tmp_path, monkeypatch):
    """The command; rows come out of thin air, but that of the second seed of the first condition fails."""
    (tmp_path / "two.toml").write_text(FILE)

    def row_of(out, cell, live):
        if (cell.condition, cell.seed) == ("a", 1) and not (tmp_path / "mended").exists():
            raise SubjectError("it answered nothing")
        return {**row(cell.condition, cell.seed, 0.25, 1.0), "seconds": {"training": 2.0, "looking": 1.0}}

    monkeypatch.setattr(cell_job, "row_of", row_of)
    return ["study", str(tmp_path / "two.toml"), "--out", str(tmp_path / "out"), "--workers", "1"]


def asked(study, capsys, *more):
    capsys.readouterr()
    code = main.run([*study, *more, "--json"])
    return code, json.loads(capsys.readouterr().out)


def cells(tmp_path):
    return make_plan(Request(file=tmp_path / "two.toml", out=tmp_path / "out")).cells


def test_before_anything_is_done_a_plan_counts_and_makes_nothing(study, capsys, tmp_path):
    code, plan = asked(study, capsys, "--plan")
    assert code == 0
    assert (plan["cells"], plan["left"], plan["conditions"], plan["trainings"], plan["trainings_left"]) == (
        4,
        4,
        2,
        2,
        2,
    )
    assert plan["seconds_left"] is None
    assert plan["bytes_left"] == 2 * (weight_bytes(cells(tmp_path)[0].training) + 8_192)
    assert not (tmp_path / "out").exists()
    assert main.run([*study, "--plan"]) == 0
    assert "Time: not known before a cell is done" in capsys.readouterr().out


def test_a_cell_that_failed_is_listed_the_others_are_told_and_it_is_tried_again_when_asked(study, capsys, tmp_path):
    for _ in range(2):
        code, said = asked(study, capsys)
        assert code == 5
        assert "condition 'a', seed 1: it answered nothing (1 of 4 cells failed" in said["error"]["message"]
    document = json.loads((tmp_path / "out" / "study.json").read_text())
    assert [(r["condition"], r["seed"]) for r in document["rows"]] == [("a", 0), ("rounded", 0), ("rounded", 1)]
    failed = {"condition": "a", "seed": 1, "error": "subject: it answered nothing"}
    assert document["not_done"] == [{**failed, "fingerprint": cells(tmp_path)[1].fingerprint}]
    assert "Cells without a result (1)" in (tmp_path / "out" / "report.html").read_text()
    _, status = asked(study, capsys, "--status")
    assert [status[state] for state in ("done", "running", "failed", "missing")] == [3, 0, 1, 0]
    _, plan = asked(study, capsys, "--plan")
    assert (plan["left"], plan["seconds_left"], plan["seconds_from"]) == (0, 0.0, 3)
    (tmp_path / "mended").touch()
    assert asked(study, capsys, "--retry-failed")[0] == 0
    assert not (tmp_path / "out" / "failures.jsonl").exists()
    assert asked(study, capsys, "--status")[1]["done"] == 4


def test_while_it_runs_its_state_and_its_rows_can_be_read(study, capsys, tmp_path):
    asked(study, capsys)
    lines = (tmp_path / "out" / "cells.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "out" / "cells.jsonl").write_text(lines[0] + '{"torn')
    (tmp_path / "out" / "failures.jsonl").unlink()
    job = cell_job.job_of(tmp_path / "out", cells(tmp_path)[3])
    held = hold(lease_of(tmp_path / "out", job.fingerprint))
    _, status = asked(study, capsys, "--status")
    assert [status[state] for state in ("done", "running", "failed", "missing")] == [1, 1, 0, 2]
    assert status["conditions"]["rounded"]["running"] == 1
    code, partial = asked(study, capsys, "--partial")
    assert (code, len(partial["rows"]), len(partial["not_done"])) == (0, 1, 3)
    let_go(held)


def test_what_nothing_refers_to_is_listed_removed_when_asked_and_foreign_files_stay(study, capsys, tmp_path):
    asked(study, capsys)
    out = tmp_path / "out"
    mine, gone = folder_of(out, cells(tmp_path)[0]), out / "trainings" / "0123456789abcdef"
    ours = [
        gone / "learned" / "manifest.json",
        gone / "learned" / "weights.safetensors",
        gone / "training.json",
        gone / "checkpoints" / "step-000000002" / "manifest.json",
        mine / "checkpoints" / "step-000000002" / "weights-2.safetensors",
        mine / "learned" / ".mesascope-1-a.partial",
        out / ".mesascope-1-a.partial",
    ]
    foreign = [
        mine / "learned" / "manifest.json",
        gone / "notes.md",
        out / "trainings" / "mine.txt",
        out / "weights.safetensors",
    ]
    foreign += [tmp_path / "elsewhere" / "manifest.json"]
    for path in [*ours, *foreign]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (gone / "link").symlink_to(tmp_path / "elsewhere")
    busy = out / "trainings" / "fedcba9876543210"
    busy.mkdir()
    held = hold(busy / f".mesascope-{busy.name}.lock")
    (busy / "training.json").write_text("x")
    listed = asked(study, capsys, "--gc")[1]
    assert sorted(listed["files"]) == sorted(path.relative_to(out).as_posix() for path in ours)
    assert not listed["deleted"]
    assert all(path.exists() for path in [*ours, *foreign])
    assert main.run([*study, "--delete"]) == 2
    removed = asked(study, capsys, "--gc", "--delete")[1]
    assert removed["files"] == listed["files"]
    assert not any(path.exists() for path in ours)
    assert all(path.exists() for path in [*foreign, held.path, busy / "training.json"])
    assert not (gone / "learned").exists()
    let_go(held)


def test_two_questions_at_once_are_refused(study, capsys):
    assert main.run([*study, "--plan", "--status"]) == 2
    assert "--plan and --status" in capsys.readouterr().err
