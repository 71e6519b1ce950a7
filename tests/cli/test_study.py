"""`mesascope study`: cells that are made once, the same command again, and files that do not fit."""

import json

import equinox as eqx
import pytest

from mesascope.cli import main
from mesascope.core.rng import named_key
from mesascope.jobs import cell as cell_job
from mesascope.jobs import study as studying
from mesascope.jobs.subjects import LEARNED
from mesascope.learned.registry import build
from mesascope.reports.html.studied import render_study
from mesascope.store.learned_algorithm import save_learned_algorithm
from tests.store.test_learned_algorithm import PROVENANCE
from tests.studies.test_aggregate import row

LOOKED_AT = cell_job.row_of

FILE = """
title = "Two"
question = "Do they <differ>?"
seeds = 2
levels = 20
competent = 0.0
shifts = ["blue-door"]
show = ["training/share", "blue-door/red"]
reference = "a"
[world]
size = 5
[architecture]
channels = 8
ticks = 6
[base_optimizer]
updates = 2
batch = 4
[[condition]]
name = "a"
[[condition]]
name = "rounded"
[condition.agent]
bits = 2
"""


@pytest.fixture
def study(tmp_path):
    (tmp_path / "two.toml").write_text(FILE)
    return ["study", str(tmp_path / "two.toml"), "--out", str(tmp_path / "out"), "--workers", "1"]


@pytest.fixture
def made(monkeypatch):
    """Rows out of thin air, and the cells they were made for."""
    found = []

    def row_of(out, cell, live):
        found.append((cell.condition, cell.seed))
        return {**row(cell.condition, cell.seed, 0.25, 1.0), "fingerprint": cell.fingerprint}

    monkeypatch.setattr(cell_job, "row_of", row_of)
    return found


EVERY = [("a", 0), ("a", 1), ("rounded", 0), ("rounded", 1)]


def test_an_interrupted_study_goes_on_where_it_stopped(study, made, monkeypatch, capsys, tmp_path):
    whole = cell_job.row_of

    def once(*arguments):
        if len(made) == 2:
            raise KeyboardInterrupt
        return whole(*arguments)

    monkeypatch.setattr(cell_job, "row_of", once)
    assert main.run(study) == 130
    assert len((tmp_path / "out" / "cells.jsonl").read_text().splitlines()) == 2
    assert not (tmp_path / "out" / "study.json").exists()
    monkeypatch.setattr(cell_job, "row_of", whole)
    assert main.run(study) == 0
    assert made == EVERY, "nothing is made twice"
    capsys.readouterr()
    assert main.run([*study, "--json"]) == 0
    out, err = capsys.readouterr()
    assert "studied before" in err
    assert made == EVERY
    document = json.loads(out)
    assert [(r["condition"], r["seed"]) for r in document["rows"]] == EVERY
    assert document["conditions"][1]["readouts"]["blue-door/red"]["value"] == 0.25
    page = (tmp_path / "out" / "report.html").read_text()
    assert page == render_study(document)
    assert "Do they &lt;differ&gt;?" in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")


def test_a_seed_that_diverged_is_a_capability_failure_and_the_others_are_told(study, made, monkeypatch, tmp_path):
    """The first seed's weights are NaN: it is listed, and neither what is shown nor what is said of the training is lost."""
    whole = [name for name in FILE.splitlines() if not name.startswith("show")]
    (tmp_path / "two.toml").write_text("\n".join(whole))
    cell = studying.make_plan(studying.Request(file=tmp_path / "two.toml", out=tmp_path / "out")).cells[0]
    config, inputs = cell.training.architecture_config, len(cell.training.world.channels)
    net = eqx.filter_jit(lambda: build("glance", config, key=named_key(0), inputs=inputs))()
    broken = eqx.tree_at(lambda n: n.out, net, net.out * float("nan"))
    save_learned_algorithm(
        cell_job.folder_of(tmp_path / "out", cell) / LEARNED, broken, PROVENANCE, allow_nonfinite=True
    )
    thin_air = cell_job.row_of

    def row_of(out, cell, live):
        return LOOKED_AT(out, cell, live) if cell.seed == 0 else thin_air(out, cell, live)

    monkeypatch.setattr(cell_job, "row_of", row_of)
    assert main.run(study) == 0
    document = json.loads((tmp_path / "out" / "study.json").read_text())
    first, second = document["conditions"]
    for condition in (first, second):
        assert condition["capability_failures"] == {"0": "its weights are not finite"}
        assert (condition["averaged"], condition["seeds"]) == ([1], [0, 1])
        assert condition["readouts"]["blue-door/red"]["value"] == 0.25
    assert first["training"]["architecture"][0] == "glance"
    assert second["agent"] == {"bits": 2, "prune": 0.0}
    assert set(document["show"]) == {"training/competence", *(f"blue-door/{e}" for e in ("door", "red", "nothing"))}
    page = (tmp_path / "out" / "report.html").read_text()
    assert "seed 0: its weights are not finite" in page
    assert "exact-policy-gradient (" in page


def test_conditions_that_come_to_the_same_share_what_was_found(study, made, tmp_path):
    (tmp_path / "two.toml").write_text(FILE.replace("bits = 2", "bits = 0"))
    assert main.run(study) == 0
    assert len(made) == 2
    document = json.loads((tmp_path / "out" / "study.json").read_text())
    assert [(r["condition"], r["seed"]) for r in document["rows"]] == EVERY


def test_a_changed_file_makes_only_what_is_new(study, made, tmp_path):
    assert main.run(study) == 0
    (tmp_path / "two.toml").write_text(FILE.replace("bits = 2", "bits = 3").replace("seeds = 2", "seeds = 1"))
    made.clear()
    assert main.run(study) == 0
    assert made == [("rounded", 0)]
    assert len(json.loads((tmp_path / "out" / "study.json").read_text())["rows"]) == 2
    (tmp_path / "two.toml").write_text(FILE)
    assert main.run(study) == 0
    assert made == [("rounded", 0)], "what was done before is still there"


@pytest.mark.parametrize("line", ['{"condition": "a"}', '{"fingerprint": 3}', '{"fingerprint": ["a"]}'])
def test_a_line_that_is_of_no_cell_is_named_and_nothing_is_lost(study, made, line, capsys, tmp_path):
    assert main.run(study) == 0
    cells = tmp_path / "out" / "cells.jsonl"
    damaged = cells.read_text() + line + "\n"
    cells.write_text(damaged)
    made.clear()
    assert main.run(study) != 0
    err = capsys.readouterr().err
    assert "cells.jsonl, line 5: expected the text 'fingerprint'" in err
    assert "Traceback" not in err
    assert cells.read_text() == damaged
    assert made == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("seeds =", "sedes ="), "two.toml: unknown key 'sedes': did you mean 'seeds'?"),
        (("shifts = [", 'depth = "quick"\nshifts = ['), "two.toml: 'shifts' at depth 'quick': an audit runs all"),
        (("bits", "bites"), "two.toml: unknown option of the agent 'bites': did you mean 'bits'?"),
    ],
)
def test_a_file_that_does_not_fit(study, change, said, capsys, tmp_path):
    (tmp_path / "two.toml").write_text(FILE.replace(*change))
    assert main.run(study) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_not_there(tmp_path, capsys):
    assert main.run(["study", str(tmp_path / "none.toml")]) == 2
    assert "none.toml cannot be read: No such file" in capsys.readouterr().err


@pytest.mark.slow
def test_cells_are_trained_treated_and_looked_at(study, capsys, tmp_path):
    assert main.run([*study, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [c["competent"] for c in document["conditions"]] == [2, 2]
    plain, rounded = ([r for r in document["rows"] if r["condition"] == name] for name in ("a", "rounded"))
    assert [r["trained"] for r in plain] == [r["trained"] for r in rounded], "a treatment does not train again"
    assert len(list((tmp_path / "out" / "trainings").iterdir())) == 2
    assert plain[0]["returns"]["training"]["subject"] != rounded[0]["returns"]["training"]["subject"]
    assert plain[0]["returns"]["training"]["optimal"] == rounded[0]["returns"]["training"]["optimal"]
    rates = plain[0]["behavior"]["blue-door"]
    assert rates["door"]["exact"]["value"] + rates["ball"]["exact"]["value"] + rates["nothing"]["exact"][
        "value"
    ] == pytest.approx(1, abs=1e-4)
