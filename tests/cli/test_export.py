"""`mesascope export`: the results of studies and audits as tables."""

import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mesascope.cli import main
from mesascope.core import optional_dependencies
from mesascope.core.errors import SubjectError
from mesascope.jobs import cell as cell_job
from mesascope.jobs.leases import lease_of
from mesascope.jobs.study import Request, make_plan
from mesascope.store.fs import hold, let_go
from tests.cli.test_study import FILE
from tests.reports import sample_audit
from tests.studies.test_aggregate import row

GRID = FILE.replace("[[condition]]", "[grid.world]\nalpha = [0, 1]\n[[condition]]", 1).replace(
    'reference = "a"', 'reference = "a, alpha 0"'
)


@pytest.fixture
def study(tmp_path, monkeypatch):
    """The command; rows come out of thin air, but that of the second seed of the first condition fails."""
    (tmp_path / "two.toml").write_text(GRID)

    def row_of(out, cell, live):
        if (cell.condition, cell.seed) == ("a, alpha 0", 1):
            raise SubjectError("it answered nothing")
        made = row(cell.condition, cell.seed, 0.25 + cell.seed / 2, 1.0)
        return {**cell_job._named(cell), **{k: made[k] for k in made if k not in ("settings", "world")}}

    monkeypatch.setattr(cell_job, "row_of", row_of)
    return ["study", str(tmp_path / "two.toml"), "--out", str(tmp_path / "out"), "--workers", "1"]


def run(capsys, *arguments):
    capsys.readouterr()
    code = main.run([str(argument) for argument in arguments])
    return code, *capsys.readouterr()


def exported(capsys, folder, *more):
    code, out, err = run(capsys, "export", folder, "--json", *more)
    assert code == 0, err
    return json.loads(out)


def rows_of(path):
    return pq.read_table(path).to_pylist()


def test_a_cell_is_a_row_with_settings_readouts_and_the_reason_of_a_failure(study, capsys, tmp_path):
    run(capsys, *study)
    found = exported(capsys, tmp_path / "out")
    assert [(file["rows"], file["path"]) for file in found["files"]] == [(8, str(tmp_path / "out" / "cells.parquet"))]
    assert (found["failed"], found["running"], found["missing"]) == (1, 0, 0)
    table = pq.read_table(tmp_path / "out" / "cells.parquet")
    document = json.loads((tmp_path / "out" / "study.json").read_text())
    assert table.schema.metadata[b"mesascope.command"].decode() == document["command"]
    assert table.schema.metadata[b"mesascope.format"] == b"1"
    rows = table.to_pylist()
    assert [(r["condition"], r["seed"]) for r in rows[:3]] == [("a, alpha 0", 0), ("a, alpha 0", 1), ("a, alpha 1", 0)]
    first, failed = rows[:2]
    assert (first["averaged"], first["failure"], first["blue-door/red"], first["weight/red"]) == (True, None, 0.25, 0.5)
    assert (failed["averaged"], failed["failure"]) == (False, "subject: it answered nothing")
    assert failed["blue-door/red"] is None
    assert (failed["world.alpha"], failed["architecture.name"], failed["architecture.channels"]) == (0.0, "glance", 8.0)
    assert [r["agent.bits"] for r in rows if r["condition"] == "rounded, alpha 1"] == [2.0, 2.0]
    assert first["base_optimizer.updates"] == 2.0


def test_types_do_not_hang_on_the_values_and_missing_is_null(study, capsys, tmp_path):
    run(capsys, *study)
    exported(capsys, tmp_path / "out")
    schema = pq.read_schema(tmp_path / "out" / "cells.parquet")
    assert schema.field("world.alpha").type == pa.float64(), "0 and 1 are whole here and 0.5 in the next study"
    assert schema.field("blue-door/green").type == pa.float64(), "no level has it, and it is a number"
    assert schema.field("search").type == pa.string(), "nothing was audited"
    assert (schema.field("seed").type, schema.field("averaged").type) == (pa.int64(), pa.bool_())
    table = pq.read_table(tmp_path / "out" / "cells.parquet")
    assert table["blue-door/green"].null_count == table.num_rows
    assert pa.compute.is_nan(table["blue-door/red"].drop_null()).to_pylist() == [False] * 7


def test_equal_results_give_equal_bytes_whichever_cell_was_done_first(study, capsys, tmp_path):
    run(capsys, *study)
    (tmp_path / "out" / "study.json").unlink()
    exported(capsys, tmp_path / "out")
    once = (tmp_path / "out" / "cells.parquet").read_bytes()
    journal = tmp_path / "out" / "cells.jsonl"
    journal.write_text("".join(reversed(journal.read_text().splitlines(keepends=True))))
    exported(capsys, tmp_path / "out")
    assert (tmp_path / "out" / "cells.parquet").read_bytes() == once


def test_a_study_that_runs_is_exported_as_far_as_it_is(study, capsys, tmp_path):
    run(capsys, *study, "--partial")
    code, _, err = run(capsys, "export", tmp_path / "out")
    assert code == 2, "nothing is done"
    assert "no cell of the study is done" in err
    run(capsys, *study)
    journal, document = tmp_path / "out" / "cells.jsonl", tmp_path / "out" / "study.json"
    every = journal.read_text().splitlines(keepends=True)
    whole = rows_of_export(capsys, tmp_path / "out")
    journal.write_text("".join(every[:3]))
    run(capsys, *study, "--partial")  # a document of three rows
    journal.write_text("".join(every[:5]))  # and two more since
    cell = make_plan(Request(file=tmp_path / "two.toml", out=tmp_path / "out")).cells[-1]
    lease = hold(lease_of(tmp_path / "out", cell.fingerprint))
    try:
        found = exported(capsys, tmp_path / "out")
        told = run(capsys, "export", tmp_path / "out")[1]
    finally:
        let_go(lease)
    assert (found["failed"], found["running"], found["missing"]) == (1, 1, 2)
    assert "1 cells are being made now" in told
    assert "2 of its cells have no row yet" in told
    assert rows_of(tmp_path / "out" / "cells.parquet") == whole[:6]
    document.unlink()
    found = exported(capsys, tmp_path / "out")
    assert (found["failed"], found["missing"]) == (1, None)
    assert [r["averaged"] for r in rows_of(tmp_path / "out" / "cells.parquet")] == [None, False, None, None, None, None]
    assert "no study.json yet" in run(capsys, "export", tmp_path / "out")[1]


def test_a_row_that_the_file_no_longer_asks_for_is_not_taken_for_one_that_is_missing(study, capsys, tmp_path):
    run(capsys, *study)
    (tmp_path / "two.toml").write_text(GRID.replace("updates = 2", "updates = 3"))
    run(capsys, *study, "--partial")  # the same names and seeds, of other trainings
    code, _, err = run(capsys, "export", tmp_path / "out")
    assert code == 2
    assert "no cell of the study is done" in err


def rows_of_export(capsys, folder):
    exported(capsys, folder)
    return rows_of(folder / "cells.parquet")


@pytest.fixture
def audits(monkeypatch):
    """Three audits without their levels, which no table shows."""
    monkeypatch.setattr(sample_audit, "gallery", lambda *of: [])
    return sample_audit.three_seeds()


def test_an_audit_is_a_row_for_each_distribution(audits, capsys, tmp_path):
    for audit in audits:
        (tmp_path / f"seed-{audit['seed']}").mkdir()
        (tmp_path / f"seed-{audit['seed']}" / "audit.json").write_text(json.dumps(audit))
    found = exported(capsys, tmp_path, "--out", tmp_path / "tables")
    assert [file["path"] for file in found["files"]] == [str(tmp_path / "tables" / "audits.parquet")]
    rows = rows_of(tmp_path / "tables" / "audits.parquet")
    keys = [(r["subject"], r["seed"], r["distribution"]) for r in rows]
    assert len(set(keys)) == len(keys) == sum(len(audit["ledger"]) for audit in audits)
    audit = audits[1]
    for r in (r for r in rows if r["seed"] == audit["seed"]):
        ledger = audit["ledger"][r["distribution"]]
        for gap in ("outer", "inner", "capability", "total"):
            assert r[f"ledger/{gap}"] == ledger[gap]["value"]
            assert [r[f"ledger/{gap}/share/{end}"] for end in ("low", "high")] == ledger[gap]["interval"]
        assert r["search"] == audit["search"]["verdict"]
        assert r["alignment.reason"] == audit["alignment"]["reason"]
        for event, told in audit["behavior"][r["distribution"]].items():
            assert r[f"behavior/{event}"] == (told["exact"]["value"] if told["exact"] else told["rate"])


def test_a_csv_has_the_same_rows(study, capsys, tmp_path, monkeypatch):
    run(capsys, *study)
    typed = rows_of_export(capsys, tmp_path / "out")
    monkeypatch.setattr(optional_dependencies, "find_spec", lambda name: None)
    exported(capsys, tmp_path / "out", "--format", "csv")
    read = list(csv.DictReader(io.StringIO((tmp_path / "out" / "cells.csv").read_text())))
    assert list(read[0]) == list(typed[0])
    said = {None: "", True: "true", False: "false"}
    for texts, values in zip(read, typed, strict=True):
        for name, value in values.items():
            assert texts[name] == (said[value] if value is None or isinstance(value, bool) else str(value))


def test_what_cannot_be_exported_is_one_line(audits, capsys, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    code, _, err = run(capsys, "export", tmp_path / "empty")
    assert code == 2
    assert "that `mesascope study` or `mesascope audit` wrote, found no audit.json" in err
    assert "no such folder" in run(capsys, "export", tmp_path / "nowhere")[2]
    audit = audits[0]
    shift = next(iter(audit["behavior"]))
    audit["behavior"][shift]["red/low"] = audit["behavior"][shift]["red"]
    (tmp_path / "empty" / "audit.json").write_text(json.dumps(audit))
    code, _, err = run(capsys, "export", tmp_path / "empty")
    assert code == 2
    assert "called 'behavior/red/low'" in err
    assert not list((tmp_path / "empty").glob("*.parquet"))
    monkeypatch.setattr(optional_dependencies, "find_spec", lambda name: None)
    assert 'pip install "mesascope[parquet]"' in run(capsys, "export", tmp_path / "empty")[2]
