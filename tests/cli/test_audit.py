"""One tiny audit, and everything that can be asked of it. The world is so small that most instruments can say nothing:
that must come out as reasons and not as failures."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from mesascope.auditing.alignment import Alignment, Kind
from mesascope.cli import main
from mesascope.experiments.registry import every_card
from mesascope.instruments.search.verdict import Verdict
from mesascope.worlds.grids.red_doors import RedDoors
from tests.cli.shape import misfits

SHIFTS = ("blue-door", "denser")
"""Of one size, so that little is compiled; all shifts are in an audit of tests/test_api.py."""
SMALL = ("--set", "size=5", "--levels", "20", "--shifts", ",".join(SHIFTS))
TINY = ("--quick", *SMALL, "--updates", "3")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("audit") / "out"


@pytest.fixture(scope="module")
def first(folder):
    """Exit code of the first run, which does all the work."""
    return main.run(["audit", *TINY, "--out", str(folder)])


@pytest.fixture(scope="module")
def audit(first, folder):
    return json.loads((folder / "audit.json").read_text())


def again(capsys, folder, *more, settings=TINY):
    code = main.run(["audit", *settings, "--out", str(folder), *more])
    out, err = capsys.readouterr()
    return code, out, err


def bytes_in(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


NUMBER, INTERVAL = (int, float), [(int, float, None)]
ESTIMATE = {"value": (int, float, None), "interval": INTERVAL}
SHAPE = {
    "format": int,
    "world": {
        "name": str,
        "knobs": dict,
        "features": [str],
        "intended_goal": dict,
        "base_objective": dict,
        "shifts": dict,
    },
    "subject": {"kind": str, "ref": str, "name": str, "open": bool, "architecture": dict, "training": dict},
    "seed": int,
    "search": {
        "verdict": str,
        "reason": str,
        "hard_coded": (bool, None),
        "mesa_optimizer": bool,
        "tests": [
            {"name": str, "statistic": (*NUMBER, None), "interval": INTERVAL, "null": (*NUMBER, None), "passed": bool}
        ],
    },
    "behavioral_objective": {
        "weights": {"*": {"mean": NUMBER, "interval": INTERVAL}},
        "identified_in_training": bool,
        "unidentified": list,
    },
    "mesa_objective": (dict, None),
    "ledger": {
        "*": {gap: {"value": NUMBER, "interval": INTERVAL} for gap in ("outer", "inner", "capability", "total")}
    },
    "behavior": {"*": {"*": {"rate": (*NUMBER, None), "interval": (list, None), "offered": bool}}},
    "competence": {"*": {"*": ESTIMATE}},
    "alignment": {"verdict": str, "kind": (str, None), "proxies": [str], "reason": str},
    "gallery": [{"distribution": str, "level": str, "policy": list, "path": [int], "caption": str}],
    "provenance": {"command": str, "version": str, "packages": dict, "created": str, "seconds": {"*": NUMBER}},
}


def test_every_named_key_is_there_with_its_type(audit):
    assert misfits(audit, SHAPE) == []


def test_names_are_those_of_the_vocabulary(audit):
    distributions = ["training", *SHIFTS]
    assert sorted(audit["ledger"]) == sorted(audit["behavior"]) == sorted(distributions)
    assert {*RedDoors.features, "nothing"} <= audit["behavior"]["training"].keys()
    assert audit["search"]["verdict"] in set(Verdict)
    assert [test["name"] for test in audit["search"]["tests"]] == ["retarget", "virtual wall", "joint"]
    assert audit["alignment"]["verdict"] in set(Alignment)
    assert audit["alignment"]["kind"] in {None, *Kind}
    ran = [i["name"] for i in audit["instruments"] if i["ran"]]
    assert [card["name"] for card in audit["cards"]] == ran
    assert {"behavior", "search", "ledger", "alignment"} <= set(ran)
    assert "compliance gap" not in ran


def test_an_untrained_net_on_levels_too_small_for_the_tests_is_no_crash(audit, first):
    assert first == 0
    assert audit["search"]["verdict"] == "cannot-tell"
    assert audit["search"]["reason"]
    assert audit["alignment"]["verdict"] == "capability-failure"
    assert audit["mesa_objective"] is None
    assert audit["ledger_from_outside"] == audit["ledger"]


def test_the_ledger_telescopes_in_the_document(audit):
    for gaps in audit["ledger"].values():
        parts = sum(gaps[gap]["value"] for gap in ("outer", "inner", "capability"))
        assert parts == pytest.approx(gaps["total"]["value"], abs=1e-5)


def test_again_changes_nothing_and_says_the_same(capsys, audit, folder):
    before = bytes_in(folder)
    assert {path.name for path in before} == {
        "audit.json", "report.html", "training.json", "manifest.json", "weights.safetensors",
    }  # fmt: skip
    code, out, err = again(capsys, folder)
    assert code == 0
    assert f"audited before: {folder}" in err
    assert "subject glance net, seed 0;" in out
    assert "seed 0, seed 0" not in out
    assert out.rstrip().endswith(f"Report: {folder / 'report.html'}")
    assert bytes_in(folder) == before
    assert again(capsys, folder)[1] == out


def test_a_missing_report_is_written_again_alike(capsys, audit, folder):
    report = folder / "report.html"
    before = report.read_bytes()
    report.unlink()
    assert again(capsys, folder)[0] == 0
    assert report.read_bytes() == before
    report.unlink()
    assert main.run(["report", str(folder)]) == 0
    assert report.read_bytes() == before


def test_json_is_the_audit_and_nothing_else(capsys, audit, folder):
    code, out, _ = again(capsys, folder, "--json")
    assert code == 0
    assert json.loads(out) == audit
    assert main.run(["report", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == audit


@pytest.mark.parametrize(
    "other",
    [
        (*TINY, "--levels", "21"),
        (*TINY, "--updates", "4"),
        (*TINY, "--shifts", "blue-door"),
        (*SMALL, "--updates", "3", "--seeds", "1"),
        (*TINY, "--set", "alpha=0.1"),
        (*TINY, "--first-seed", "1"),
        (*TINY, "--architecture", "recall"),
        (*TINY, "--seeds", "2"),
        ("--quick", *SMALL, "--subject", "organism:uniform"),
    ],
)
def test_another_audit_in_the_same_folder_is_refused_and_overwrites_nothing(capsys, audit, folder, other):
    before = bytes_in(folder)
    code, out, err = again(capsys, folder, settings=other)
    assert (code, out) == (4, "")
    assert re.search(r"(holds another audit|is the audit of a single subject).*name another folder with --out", err)
    assert bytes_in(folder) == before


def test_another_training_in_the_same_folder_is_refused(capsys, audit, folder, tmp_path):
    (tmp_path / "learned").mkdir()
    for path in (folder / "learned").iterdir():
        (tmp_path / "learned" / path.name).write_bytes(path.read_bytes())
    for settings, word in (((*TINY, "--set", "alpha=0.1"), "knobs"), ((*TINY, "--first-seed", "1"), "seed")):
        code, _, err = again(capsys, tmp_path, settings=settings)
        assert code == 4
        assert f"holds another training ({word} differ)" in err


def test_what_is_no_audit_is_refused(capsys, tmp_path):
    for text, said in (
        ("[]", "expected a JSON object"),
        ("{}", "whose 'world' is wrong"),
        ("{", "cannot be read"),
    ):
        (tmp_path / "audit.json").write_text(text)
        code, _, err = again(capsys, tmp_path)
        assert code == 4
        assert said in err
        assert (tmp_path / "audit.json").read_text() == text


def test_a_study_of_other_seeds_is_not_overwritten(capsys, tmp_path):
    (tmp_path / "study.json").write_text('{"audits": [{"seed": 5}]}')
    for seeds in ("1", "2"):
        code, _, err = again(capsys, tmp_path, "--seeds", seeds)
        assert code == 4
        assert "is a study of the seeds 5" in err
    assert [path.name for path in tmp_path.iterdir()] == ["study.json"]


def test_the_saved_net_is_a_subject_and_a_damaged_one_is_not(capsys, audit, folder, tmp_path):
    from mesascope.core.errors import AgentFileError
    from mesascope.jobs.subjects import find_source

    world = RedDoors(size=5)
    source = find_source(str(folder), world)
    assert (
        source.identity["sha256"] == json.loads((folder / "learned" / "manifest.json").read_text())["weights"]["sha256"]
    )
    weights = (folder / "learned" / "weights.safetensors").read_bytes()
    (tmp_path / "manifest.json").write_bytes((folder / "learned" / "manifest.json").read_bytes())
    for damaged in (weights[:-8], weights[:-1] + bytes([weights[-1] ^ 1]), b""):
        (tmp_path / "weights.safetensors").write_bytes(damaged)
        with pytest.raises(AgentFileError, match=r"expected .* found"):
            find_source(str(tmp_path), world)
        code = main.run(["audit", "--subject", str(tmp_path), "--out", str(tmp_path / "out")])
        assert code == 3
        assert not (tmp_path / "out").exists()
    capsys.readouterr()


def test_cite_lists_the_references_of_what_was_used(capsys, audit, folder):
    assert main.run(["cite", str(folder)]) == 0
    out = capsys.readouterr().out
    cards = {card["name"]: card for card in audit["cards"]}
    assert all(reference in out for reference in cards["search"]["references"])
    assert "mesa-objective:" not in out  # it was not read: there was no search
    assert main.run(["cite", "--json"]) == 0
    assert [c["name"] for c in json.loads(capsys.readouterr().out)["instruments"]] == list(every_card())


@pytest.mark.parametrize(
    ("command", "none"), [("cite", "no audit.json in it"), ("report", "found none of audit.json, ")]
)
def test_a_folder_without_an_audit_is_named(capsys, tmp_path, command, none):
    for folder, said in ((tmp_path, none), (tmp_path / "none", "no such folder")):
        assert main.run([command, str(folder)]) == 2
        assert said in capsys.readouterr().err


def lasting(audit):
    """All of an audit that a repetition must find again."""
    passing = ("command", "created", "seconds")
    kept = {key: value for key, value in audit["provenance"].items() if key not in passing}
    return {**audit, "provenance": kept}


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_another_process_interrupted_half_way_comes_to_the_same_bytes(audit, folder, tmp_path):
    hearing = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    script = hearing + "from mesascope.cli.main import main; main()"
    out = tmp_path / "out"
    command = [sys.executable, "-c", script, "audit", *TINY, "--out", str(out), "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not (out / "learned" / "manifest.json").exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=60)
    assert (process.returncode, json.loads(told)["error"]["code"]) == (130, "interrupted")
    assert time.monotonic() - begun < 5
    assert not (out / "audit.json").exists()
    found = subprocess.run(command, check=True, capture_output=True)
    assert lasting(json.loads(found.stdout)) == lasting(audit)
    for name in ("weights.safetensors", "manifest.json"):
        assert (out / "learned" / name).read_bytes() == (folder / "learned" / name).read_bytes()
