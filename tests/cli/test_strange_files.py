"""Files that a command reads back, damaged or made by somebody else: one line that names the file, at once, and no traceback."""

import json
import os

import pytest

from mesascope.cli import main
from mesascope.core.errors import MesascopeError
from mesascope.jobs.train import Curve, read_curve
from mesascope.store.learned_algorithm import Provenance
from mesascope.studies.cells import cells_of
from mesascope.studies.spec import read_spec
from tests.reports.sample_audit import sample_audit
from tests.store.test_learned_algorithm import PROVENANCE

STRANGE = {
    "nested": b"[" * 100_000,
    "an object nested": b'{"a":' * 100_000,
    "no object": b"[]",
    "nothing": b"",
    "not a number": b'{"seed": NaN}',
    "infinite": b'{"seed": 1e999}',
    "huge": b'{"seed": 1' + b"0" * 400 + b"}",
    "twice": b'{"seed": 1, "seed": 2}',
    "no text": b"\xff\xfe",
    "a NUL": b'{"seed": 1}\x00',
    "half": b'{"seed": 1',
    "half a pair": b'{"seed": "\\ud800"}',
}
strange = pytest.mark.parametrize("data", STRANGE.values(), ids=STRANGE.keys())


def one_line(capsys, *says):
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "internal" not in err
    assert "fault of mesascope" not in err
    for text in says:
        assert text in err


@strange
def test_an_audit(data, tmp_path, capsys):
    (tmp_path / "audit.json").write_bytes(data)
    assert main.run(["report", str(tmp_path)]) in (2, 4)
    one_line(capsys, "audit.json")
    assert os.listdir(tmp_path) == ["audit.json"]


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "0", None, True, [0]])
def test_an_audit_of_no_seed(seed, tmp_path, capsys):
    (tmp_path / "audit.json").write_text(json.dumps({**sample_audit(), "seed": seed}))
    assert main.run(["report", str(tmp_path)]) in (2, 4)
    one_line(capsys, "audit.json", "seed")


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
@pytest.mark.parametrize("name", ["audit.json", "cells.jsonl", "two.toml", "optimizer.json"])
@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_file(name, kind, tmp_path, capsys):
    path = tmp_path / name
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    study = tmp_path / "two.toml"
    if name == "cells.jsonl":
        study.write_text('title = "t"\nseeds = 1\n')
    command = {
        "audit.json": ["report", str(tmp_path)],
        "optimizer.json": ["train", "--base-optimizer", str(path), "--out", str(tmp_path / "out")],
    }.get(name, ["study", str(study), "--out", str(tmp_path)])
    assert main.run(command) in (2, 4)
    one_line(capsys, name)


@strange
def test_rows_of_a_study(data, tmp_path, capsys):
    (tmp_path / "two.toml").write_text('title = "t"\nseeds = 1\n')
    (tmp_path / "cells.jsonl").write_bytes(data + b"\n")
    expected = 0 if not data else 4
    assert main.run(["study", str(tmp_path / "two.toml"), "--out", str(tmp_path), "--status"]) == expected
    if expected:
        one_line(capsys, "cells.jsonl, line 1")
    assert (tmp_path / "cells.jsonl").read_bytes() == data + b"\n"


@strange
def test_a_curve_that_cannot_be_read_counts_for_nothing(data, tmp_path):
    (tmp_path / "training.json").write_bytes(data)
    assert read_curve(tmp_path) == Curve()


GRID = "[grid.world]\nalpha = [{0}]\nsize = [{0}]\nopenings = [{0}]\n[grid.base_optimizer]\nupdates = [{0}]\n".format(
    ", ".join(map(str, range(999)))
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GRID, "the 'grid' comes to 996005996001 conditions"),
        (
            '[[condition]]\nname = "a"\nseeds = 1000\n[grid.base_optimizer]\nupdates = [' + "1, " * 101 + "]",
            "and 101000 cells",
        ),
        ("first_seed = 4294967295\nseeds = 2", "seed 4294967296: seeds run from 0 to 4294967295"),
        ("[world]\nalpha = [" + "[" * 50_000, "nests too deep"),
        ("levels = 1" + "0" * 5_000, "expected TOML"),
        ("levels = 1" + "0" * 400, "the key 'levels'"),
        ("[world]\nalpha = nan", "alpha 'nan': expected a number"),
        ("[world]\nsize = 1" + "0" * 400, "size"),
        ("[base_optimizer]\nlearning_rate = 1" + "0" * 400, "learning_rate"),
    ],
)
def test_a_study_that_no_machine_could_run_is_refused_before_anything_is_made(text, says):
    with pytest.raises(MesascopeError) as caught:
        cells_of(read_spec(f'title = "t"\n{text}\n'.encode()))
    assert says in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("seed", [-1, 2**32, 10**30])
def test_provenance_takes_no_seed_that_is_none(seed):
    with pytest.raises(ValueError, match="seed"):
        Provenance(**{**PROVENANCE.model_dump(), "seed": seed})


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("seeds = 0", 2),
        ("sedes = 2", 2),
        ("[world]\nalpha = nan", 3),
        ("[world]\nsize = 5\n\n[base_optimizer]\nupdate = 3 # updates", 6),
        ('[[condition]]\nname = "a"\n[[condition]]\nname = "b"\n[condition.agent]\nbites = 2', 7),
        ('[[condition]]\nname = "a"\nagent = { bits = 2 }\n[[condition]]\nname = "b"\nagent = { bits = 99 }', 7),
        ("[grid.world]\nalpha = [0, 0.0]", 3),
        ('show = ["training/shar"]', 2),
        ('reference = "b"', 2),
    ],
)
def test_what_does_not_fit_is_named_with_its_line(text, line, tmp_path, capsys):
    (tmp_path / "two.toml").write_text(f'title = "t"\n{text}\n')
    assert main.run(["study", str(tmp_path / "two.toml"), "--out", str(tmp_path / "out")]) == 2
    one_line(capsys, f"(line {line})")
    assert not (tmp_path / "out").exists()
