"""What cannot be done is said in one line, with its exit code, before anything is trained, sampled or written."""

import errno
import json
import os

import jax
import jax.numpy as jnp
import pytest

from mesascope.cli import main
from mesascope.core.errors import SubjectError, UsageError
from mesascope.instruments import context
from mesascope.instruments.evaluation_levels import audit_key
from mesascope.jobs import audit as audit_jobs
from mesascope.jobs import train as training
from mesascope.jobs.audit import job_of
from mesascope.jobs.audit_plan import Request, default_folder, make_plan
from mesascope.jobs.job import Done
from mesascope.jobs.subjects import find_source
from mesascope.store import fs
from mesascope.worlds.grids.red_doors import RedDoors
from tests.cli import own_subjects

OWN = "python:tests.cli.own_subjects:"
WORLD = RedDoors(size=5)


@pytest.fixture(autouse=True)
def nothing_long(monkeypatch):
    def began(*_, **__):
        raise AssertionError("something long began")

    monkeypatch.setattr(training, "begin", began)
    monkeypatch.setattr(context, "draw_sample", began)


def run(capsys, *arguments):
    code = main.run(["audit", *arguments])
    out, err = capsys.readouterr()
    assert err.count("\n") == 1
    return code, out, err.strip()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["red-dors"], "unknown world 'red-dors': did you mean 'red-doors'?"),
        (["--set", "siz=5"], "unknown config key of red-doors 'siz': did you mean 'size'?"),
        (["--set", "size"], "--set size: write --set KEY=VALUE"),
        (["--set", "size=5", "--set", "size=7"], "'size' is given twice"),
        (["--set", "size=4"], "size 4: a maze has a size from"),
        (["--set", "alpha=x"], "alpha 'x': expected a number"),
        (["--architecture", "glanze"], "unknown architecture 'glanze': did you mean 'glance'?"),
        (["--base-optimizer", "imitate"], "unknown base optimizer 'imitate': did you mean 'imitation'?"),
        (["--sedes", "1"], "unknown option '--sedes': did you mean '--seeds'?"),
        (["--levels", "3"], "'--levels'"),
        (["--first-seed", "4294967296"], "seeds run from 0 to"),
        (["--subject", "planner"], "unknown subject 'planner': did you mean 'organism:planner'?"),
        (["--subject", "plannr,objective=red"], "did you mean 'organism:planner,objective=red'?"),
        (["--subject", "organisms:planner"], "did you mean 'organism:planner'?"),
        (["--subject", "pyton:a:b"], "did you mean 'python:a:b'?"),
        (["--subject", "organism:planer"], "unknown organism 'planer': did you mean 'planner'?"),
        (["--subject", "organism:planner,objectiv=red"], "unknown key of organism planner 'objectiv'"),
        (["--subject", "organism:planner,objective=rad"], "unknown feature 'rad': did you mean 'red'?"),
        (["--subject", "organism:planner,memory=recal"], "unknown memory 'recal': did you mean 'recall'?"),
        (["--subject", "organism:planner,ticks=0"], "ticks '0'"),
        (["--subject", "python:json"], "write python:MODULE:ATTRIBUTE"),
        (["--subject", "python:no_such_module_here:x"], "importing no_such_module_here failed"),
        (["--subject", OWN + "Stil"], "unknown attribute of tests.cli.own_subjects 'Stil': did you mean 'Still'?"),
        (["--subject", OWN + "nothing"], "is of type NoneType; expected a"),
        (["--subject", OWN + "still"], "still_untrained has no sites"),
        (["--subject", OWN + "fails"], "calling fails() failed: ValueError: no weights here"),
        (["--subject", "organism:uniform", "--updates", "3"], "--updates says what to train"),
        (
            ["coin", "--adversary"],
            "--adversary has nothing to measure: it changes levels of doors and balls, and coin has others",
        ),
        (
            ["keys-and-chests", "--adversary"],
            "--adversary has nothing to measure: it changes levels of doors and balls",
        ),
        (
            ["keys-and-chests", "--describe"],
            "--describe has nothing to measure: objects are taken one after another here",
        ),
        (
            ["--architecture", "conv-lstm", "--base-optimizer", "walked-imitation", "--describe"],
            "the subject has a memory, and so no policy table",
        ),
        (
            ["--subject", "organism:walking-planner,objective=red", "--adversary"],
            "the subject has a memory, and so no policy table",
        ),
        (
            ["--subject", "organism:walking-planner,objective=red", "--describe"],
            "the subject has a memory, and so no policy table",
        ),
        (["midas", "--adversary"], "--adversary is for maze worlds; midas is an experiment"),
        (
            ["--architecture", "conv-lstm", "--base-optimizer", "walked-imitation", "--adversary"],
            "the subject has a memory, and so no policy table",
        ),
    ],
)
def test_names_and_values(capsys, tmp_path, arguments, said):
    code, out, err = run(capsys, *arguments, "--out", str(tmp_path / "out"))
    assert (code, out) == (2, "")
    assert said in err
    assert list(tmp_path.iterdir()) == []


def test_a_failure_is_a_document_too(capsys, tmp_path):
    code, out, _ = run(capsys, "--subject", "planner", "--json", "--out", str(tmp_path / "out"))
    assert json.loads(out)["error"]["exit_code"] == code == 2


@pytest.mark.parametrize("name", ["nowhere/at/all", "empty", "file"])
def test_a_saved_subject_that_is_none(capsys, tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    code, _, err = run(capsys, "--subject", str(tmp_path / name), "--out", str(tmp_path / "out"))
    assert code == 3
    assert "expected the folder of a saved learned algorithm" in err
    assert "found" in err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Undefined", "logits of level 2, row 1, column 0 of the interior are no policy: action 0 has NaN"),
        ("Wide", "logits have shape (4, 3, 3, 5); expected (4, 3, 3, 4)"),
        ("Broken", "KeyError: 'lost'"),
        ("Plain", "write it with jax.numpy"),
        ("boxed", "the answer is no policy in level 0, cell row 0 column 0 (interior): action 0 has NaN"),
    ],
)
def test_ones_own_subject_that_breaks_its_promises(name, said):
    with pytest.raises(SubjectError) as error:
        find_source(OWN + name, WORLD)
    assert said in str(error.value)
    assert SubjectError.exit_code == 5


def test_ones_own_subject_by_class_and_what_it_depends_on():
    first, again = find_source(OWN + "Still", WORLD), find_source(OWN + "Still", WORLD)
    assert first.identity == again.identity
    assert first.identity["code"]


def test_the_same_agent_before_training_is_found_by_its_name(monkeypatch):
    source = find_source(OWN + "opened", WORLD)
    found = source.make(None, 0)
    assert float(found.subject.params) == 1.0
    assert float(found.untrained.params) == 0.5
    assert find_source(OWN + "Still", WORLD).make(None, 0).untrained is None
    monkeypatch.setattr("tests.cli.own_subjects.opened_untrained", lambda: own_subjects.opened(0.25))
    assert find_source(OWN + "opened", WORLD).identity != source.identity


def test_a_subject_that_fails_later_names_distribution_level_and_cell(monkeypatch):
    from mesascope.instruments.sample import draw_sample

    late = find_source(OWN + "Late", WORLD).make(None, 0).subject
    with pytest.raises(SubjectError, match=r"blue-door level 0, cell row 0 column 0 .*NaN"):
        draw_sample(WORLD, late, audit_key(0), 8, "blue-door")


def test_what_somebodys_code_raises_in_a_compiled_program_is_no_fault_of_ours(capsys, monkeypatch):
    def fails(request, listener):
        jax.jit(lambda seen: own_subjects.boxed().logits(seen))(jnp.zeros((2, 3, 3, 7))).block_until_ready()

    monkeypatch.setattr(audit_jobs, "run", fails)
    code, _, err = run(capsys)
    assert code == SubjectError.exit_code
    assert err.startswith(
        "mesascope: the answer is no policy in level 0, cell row 0 column 0 (interior): action 0 has NaN"
    )


def test_a_file_in_the_place_of_the_folder(capsys, tmp_path):
    (tmp_path / "file").write_text("mine")
    code, _, err = run(capsys, "--set", "size=5", "--out", str(tmp_path / "file" / "out"))
    assert code == 4
    assert str(tmp_path / "file" / "out") in err
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "the disk is full"), (errno.EACCES, "permission denied"), (errno.EROFS, "read-only")],
)
def test_a_folder_that_cannot_be_written_is_left_with_nothing_half_written(capsys, tmp_path, monkeypatch, number, said):
    def breaks_off(path, data):
        path.write_bytes(data[: len(data) // 2])
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fs, "_write_through", breaks_off)
    code, _, err = run(capsys, "--set", "size=5", "--out", str(tmp_path / "out"))
    assert code == 4
    assert said in err
    assert str(tmp_path / "out") in err
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def seeds(monkeypatch, *arguments):
    """The seeds that a command line asks for."""
    asked = []

    def run(request, listener):
        asked.append(request)
        return Done({})

    monkeypatch.setattr(audit_jobs, "run", run)
    assert main.run(["audit", *arguments, "--json"]) == 0
    return asked[0].all_seeds


def test_quick_means_one_seed_unless_seeds_are_asked_for(monkeypatch):
    assert seeds(monkeypatch) == (0, 1, 2)
    assert seeds(monkeypatch, "--quick") == (0,)
    assert seeds(monkeypatch, "--quick", "--seeds", "3") == (0, 1, 2)
    assert seeds(monkeypatch, "--first-seed", "4", "--seeds", "2") == (4, 5)
    assert seeds(monkeypatch, "--subject", "organism:uniform") == (0,)
    assert seeds(monkeypatch, "--subject", "organism:uniform", "--seeds", "2") == (0, 1)


def test_a_plan_depends_on_all_that_was_asked_and_on_nothing_else(tmp_path):
    def fingerprint(request, seed=0):
        return job_of(make_plan(request), seed).fingerprint

    asked = Request(out=tmp_path / "one")
    assert fingerprint(asked) == fingerprint(asked.model_copy(update={"out": tmp_path / "two"}))
    others = [
        asked.model_copy(update={"quick": True}),
        asked.model_copy(update={"levels": 50}),
        asked.model_copy(update={"updates": 5}),
        asked.model_copy(update={"knobs": ("alpha=0.1",)}),
        asked.model_copy(update={"architecture": "recall"}),
        asked.model_copy(update={"base_optimizer": "ppo"}),
        asked.model_copy(update={"subject": "organism:uniform"}),
        asked.model_copy(update={"subject": "organism:compass"}),
    ]
    fingerprints = [*map(fingerprint, others), fingerprint(asked), fingerprint(asked, 1)]
    assert len(set(fingerprints)) == len(fingerprints)
    assert make_plan(others[3]).world.alpha == 0.1
    folders = [default_folder(other) for other in [asked, *others]]
    assert len(set(folders)) == len(folders)


def test_a_damaged_or_doubled_knob_is_refused():
    for knobs in (("a",), ("=1",), ("a=",), ("a=1", "a=2")):
        with pytest.raises(UsageError, match="--set"):
            make_plan(Request(knobs=knobs))


def test_a_table_is_as_large_as_what_it_is_trained_on():
    training = make_plan(Request(architecture="table", knobs=("size=7",), quick=True)).training
    about, optimizer = training.architecture_config, training.base_optimizer_config
    assert about["rows"] == optimizer["batch"] * optimizer["batches"]
    assert (about["height"], about["width"]) == (5, 5)
