"""A recurrent agent, trained and audited through the command line, in a world so small that most tests
find no level: that must come out as missing numbers and not as failures."""

import json

import pytest

from mesascope.cli import main
from tests.cli.shape import misfits

TINY = ("--set", "size=5")
ESTIMATE = {"value": (int, float, None), "interval": [(int, float, None)]}
MEASURED = {"score": ESTIMATE, "edited": ESTIMATE, "ceiling": ESTIMATE, "controls": dict, "advantages": dict}
READ = {"f1": ESTIMATE, "controls": {"*": ESTIMATE}, "ahead": {"*": ESTIMATE}}
SHAPE = {
    "search": {"verdict": str, "reason": str, "tests": list},
    "closed_loop": {
        "pauses": int,
        "tests": [
            {
                "name": str,
                "place": (dict, None),
                "followed": MEASURED,
                "turned": MEASURED,
                "kept": ESTIMATE,
                "passed": bool,
                "levels": int,
                "refused": int,
            }
        ],
        "thinking_steps": [{"pauses": int, "competence": ESTIMATE, "gain": ESTIMATE}],
        "plan_readout": {"plan": READ, "direction": READ, "channels": int, "levels": int},
    },
    "behavior": {"*": {"*": {"offered": bool, "rate": (int, float, None), "exact": type(None)}}},
    "provenance": dict,
}


@pytest.mark.long
@pytest.mark.slow
def test_train_audit_and_report(tmp_path, capsys):
    walker = ("--architecture", "conv-lstm", "--base-optimizer", "walked-imitation", "--updates", "2")
    assert main.run(["train", "--out", str(tmp_path / "net"), *TINY, *walker]) == 0
    audit = [
        "audit",
        *TINY,
        "--quick",
        "--levels",
        "20",
        "--subject",
        str(tmp_path / "net"),
        "--out",
        str(tmp_path / "a"),
    ]
    assert main.run(audit) == 0
    document = json.loads((tmp_path / "a" / "audit.json").read_text())
    assert misfits(document, SHAPE) == []
    assert document["search"]["verdict"] == "cannot-tell"
    assert "levels to score" in document["search"]["reason"]
    assert [test["name"] for test in document["search"]["tests"]] == ["retarget", "virtual wall", "joint"]
    assert document["subject"]["architecture"]["name"] == "conv-lstm"
    assert "In closed loop" in (tmp_path / "a" / "report.html").read_text()
    capsys.readouterr()
    assert main.run(audit) == 0
    assert "audited before" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("organism:walking-planer", "did you mean 'walking-planner'"),
        ("organism:walking-planner,pase=2", "did you mean 'pace'"),
        ("walking-lookup", "did you mean 'organism:walking-lookup'"),
    ],
)
def test_a_walking_organism_that_is_none(subject, said, tmp_path, capsys):
    assert main.run(["audit", *TINY, "--subject", subject, "--out", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["--adversary", "--describe"])
@pytest.mark.parametrize("optimizer", ["ppo", "walked-imitation"])
def test_what_a_recurrent_agent_cannot_be_asked_is_refused_before_training(flag, optimizer, tmp_path, capsys):
    recurrent = ("--architecture", "local-gru", "--base-optimizer", optimizer, "--updates", "1")
    assert main.run(["audit", *TINY, *recurrent, "--quick", flag, "--out", str(tmp_path / "a")]) == 2
    assert f"{flag} " in capsys.readouterr().err
    assert not (tmp_path / "a").exists()
