"""`mesascope audit` of an experiment: the same files, the same keys, the same resumption; what does not apply is refused."""

import json

import pytest

from mesascope.cli import main

SMALL = ("glyphs", "--quick", *(part for knob in ("networks=2", "updates=5") for part in ("--set", knob)))
KEYS = {
    "format", "world", "subject", "seed", "search", "behavioral_objective", "mesa_objective", "ledger", "behavior",
    "competence", "returns", "alignment", "cards", "laboratory", "provenance", "fingerprint",
}  # fmt: skip


def run(capsys, *arguments):
    code = main.run(["audit", *arguments])
    out, err = capsys.readouterr()
    return code, out, err.strip()


def test_an_audit_is_written_reported_and_not_done_again(capsys, tmp_path):
    out = tmp_path / "out"
    code, printed, _ = run(capsys, *SMALL, "--out", str(out), "--json")
    document = json.loads(printed)
    assert code == 0
    assert set(document) >= KEYS
    assert "seconds" not in document
    assert document["provenance"]["seconds"]["subject"] > 0
    assert json.loads((out / "audit.json").read_text()) == document
    page = (out / "report.html").read_text()
    assert "What the experiment found" in page
    assert "correct first" not in page
    before = (out / "audit.json").read_bytes()
    code, printed, err = run(capsys, *SMALL, "--out", str(out))
    assert code == 0
    assert "audited before" in err
    assert "competence in training" in printed
    assert (out / "audit.json").read_bytes() == before
    code, _, err = run(capsys, *SMALL, "--set", "noise=0.5", "--out", str(out))
    assert code == 4
    assert "holds another audit" in err


def test_two_seeds_are_a_study(capsys, tmp_path):
    code, printed, _ = run(capsys, *SMALL, "--seeds", "2", "--out", str(tmp_path), "--json")
    study = json.loads(printed)
    assert code == 0
    assert [audit["seed"] for audit in study["audits"]] == [0, 1]
    assert study["aggregate"]["seeds"] == [0, 1]
    assert study["audits"][0]["returns"] != study["audits"][1]["returns"]
    assert {path.name for path in tmp_path.iterdir()} == {"seed-0", "seed-1", "study.json", "report.html"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["glyps"], "unknown world 'glyps': did you mean 'glyphs'?"),
        (["glyphs", "--architecture", "glance"], "--architecture is for maze worlds; glyphs is an experiment"),
        (["glyphs", "--base-optimizer", "ppo"], "--base-optimizer is for maze worlds"),
        (["glyphs", "--updates", "5"], "whose config is given by --set: networks"),
        (["glyphs", "--levels", "50"], "--levels is for maze worlds"),
        (["glyphs", "--describe"], "--describe is for maze worlds"),
        (["glyphs", "--set", "width=x"], "width 'x': expected a whole number"),
        (["glyphs", "--subject", "somewhere"], "takes its reference subjects only"),
        (["glyphs", "--subject", "organism:none-such"], "unknown organism of glyphs"),
        (["glyphs", "--first-seed", "4294967296"], "seeds run from 0 to"),
    ],
)
def test_what_does_not_apply_is_refused(capsys, tmp_path, arguments, said):
    code, out, err = run(capsys, *arguments, "--out", str(tmp_path / "out"))
    assert (code, out) == (2, "")
    assert said in err
    assert list(tmp_path.iterdir()) == []


def test_training_alone_is_refused(capsys, tmp_path):
    assert main.run(["train", "glyphs", "--out", str(tmp_path / "out")]) == 2
    assert "mesascope audit glyphs" in capsys.readouterr().err
