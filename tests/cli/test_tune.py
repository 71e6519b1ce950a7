"""`mesascope tune`, whole and tiny."""

import json
import subprocess

import pytest

from mesascope.cli import main
from mesascope.core import optional_dependencies
from mesascope.jobs import requests, tune, tuning_plan
from mesascope.jobs.processes import Local, Pool
from mesascope.meta_optimizers.contrast import Contrast, Found
from mesascope.reports.html.tuning import render_tuning
from tests.meta_optimizers.test_overfitting import GLANCE, LEVELS

TINY = ["--quick", "--set", "size=5", "--updates", "16", "--fresh-seeds", "2", "--tune", "learning_rate=1e-3:5e-2"]
SAME = ["--elsewhere", "openings=0.25"]
"""The other world is this one again, so that no program is compiled for it."""


def command(out, *more):
    return ["tune", "red-doors", *TINY, *SAME, "--out", str(out), *more]


def small_plan(request):
    """The plan with the net and the sizes of the tests of `meta_optimizers`, whose programs it shares."""
    plan = tuning_plan.make_plan(request)

    def small(problem):
        return problem._replace(architecture_config=GLANCE, config={**problem.config, "batch": 4}, levels=LEVELS)

    return plan._replace(problem=small(plan.problem), other=small(plan.other))


@pytest.fixture(scope="module")
def examined():
    """Stands in for the search examination, which has tests of its own and takes many seconds to compile."""
    patch = pytest.MonkeyPatch()
    asked = []

    def contrast(problem, config, looked, stage):
        asked.append(config)
        return Contrast(problem.base_optimizer, 1, 1000, None, Found("no-search", "it is <b>tiny</b>", (), 0.1))

    patch.setattr(tune, "contrast", contrast)
    patch.setattr(tune, "make_plan", small_plan)
    yield asked
    patch.undo()


@pytest.fixture(scope="module")
def tuned(tmp_path_factory, examined):
    out = tmp_path_factory.mktemp("tuning") / "out"
    assert main.run(command(out, "--trials", "3", "--json")) == 0
    return out


def read(out, name="tuning.json"):
    return json.loads((out / name).read_text())


def test_it_writes_what_it_says(tuned):
    found = read(tuned)
    assert [t["number"] for t in found["trials"]] == [0, 1, 2]
    best = next(t for t in found["trials"] if t["number"] == found["best"])
    assert best["values"][0] == max(t["values"][0] for t in found["trials"] if not t["pruned"])
    assert found["overfitting"]["tuned"]["config"] == best["config"]
    assert found["overfitting"]["tuned"]["chosen_by"]["value"] == pytest.approx(best["values"][0], rel=1e-4)
    both = found["overfitting"]["tuned"]
    assert found["overfitting"]["elsewhere"] == {"openings": 0.25}
    assert both["per_fresh_seed_elsewhere"] == both["per_fresh_seed"]  # in the same world, the same
    optimizer = read(tuned, "optimizer.json")
    assert (optimizer["declared"], optimizer["base_optimizer"]) == ("optimizer", "exact-policy-gradient")
    assert optimizer["config"]["learning_rate"] == pytest.approx(best["config"]["learning_rate"], rel=1e-5)
    null = found["random_null"]
    assert null["trials"] == len(null["best_so_far"]) == 3
    assert null["best_so_far"][-1] == pytest.approx(null["standing"]["chosen_by"]["value"], rel=1e-4)
    assert {c["verdict"] for c in found["verdicts"]} <= {"supported", "not-supported", "cannot-tell"}
    assert found["verdicts"][-1] == {
        "claim": "the trained agent searches inside",
        "verdict": "not-supported",
        "reason": "it is <b>tiny</b>",
    }


def test_the_page_is_safe_and_always_the_same(tuned):
    found = read(tuned)
    page = (tuned / "report.html").read_text()
    assert page == render_tuning(found)
    assert "<b>tiny" not in page
    assert "&lt;b&gt;tiny" in page
    assert "script" not in page
    assert "mesa: found to" in page
    assert "nobody looked" in page
    assert "nobody declared it one" in page
    given = render_tuning({**found, "meta_and_mesa": {**found["meta_and_mesa"], "built_in": True}})
    assert "nobody declared it one" not in given
    assert "search was built into it by whoever wrote the architecture" in given


def test_the_same_command_does_nothing_again_and_more_trials_go_on(tuned, examined, capsys):
    before, asked = read(tuned), len(examined)
    assert main.run(command(tuned, "--trials", "3")) == 0
    shown = capsys.readouterr().out
    assert "3 trials" in shown
    assert "mesascope train red-doors --base-optimizer" in shown
    after = read(tuned)
    assert {k: v for k, v in after.items() if k != "provenance"} == {
        k: v for k, v in before.items() if k != "provenance"
    }
    assert len(examined) == asked
    assert main.run(command(tuned, "--trials", "4")) == 0
    assert read(tuned)["trials"][:3] == before["trials"]
    assert len(read(tuned)["trials"]) == 4


def test_what_it_hands_over_is_what_would_be_trained(tuned):
    optimizer = read(tuned, "optimizer.json")
    training = requests.make_training(requests.TrainingRequest(base_optimizer=str(tuned / "optimizer.json")))
    assert training.base_optimizer == optimizer["base_optimizer"]
    assert training.base_optimizer_config == optimizer["config"]
    fewer = requests.TrainingRequest(base_optimizer=str(tuned / "optimizer.json"), updates=5)
    assert requests.make_training(fewer).base_optimizer_config == {**optimizer["config"], "updates": 5}


@pytest.mark.slow
def test_what_it_hands_over_trains(tuned, tmp_path, capsys):
    made = ["train", "--set", "size=5", "--base-optimizer", str(tuned / "optimizer.json"), "--out", str(tmp_path / "x")]
    assert main.run([*made, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["base_optimizer_config"] == read(tuned, "optimizer.json")["config"]
    assert told["updates"] == 16


@pytest.mark.parametrize(
    "content", ["", "[]", '{"base_optimizer": 1, "config": {}}', '{"base_optimizer": "ppo"}', '{"config": NaN}']
)
def test_a_file_that_is_no_optimizer_is_refused(tmp_path, capsys, content):
    path = tmp_path / "optimizer.json"
    path.write_text(content)
    assert main.run(["train", "--base-optimizer", str(path), "--out", str(tmp_path / "x")]) == 2
    assert 'expected {"base_optimizer": NAME' in capsys.readouterr().err


def test_another_tuning_in_the_same_folder_is_refused(tuned, capsys):
    assert main.run([*command(tuned), "--sampler", "random"]) == 4
    assert "holds another tuning" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--sampler", "tpee"], "unknown sampler 'tpee': did you mean 'tpe'?"),
        (["--storage", "journl"], "did you mean 'journal'?"),
        (["--base-optimizer", "pppo"], "unknown base optimizer 'pppo': did you mean 'ppo'?"),
        (["--elsewhere", "siz=7"], "did you mean 'size'?"),
        (["--shift", "blue-door"], "add --objectives return,inner-gap"),
    ],
)
def test_bad_names_are_one_line(tmp_path, capsys, arguments, says):
    assert main.run(["tune", *arguments, "--out", str(tmp_path / "x")]) == 2
    shown = capsys.readouterr()
    assert says in shown.err
    assert len(shown.err.strip().splitlines()) == 1
    assert shown.out == ""


def test_without_the_extra_it_says_what_to_install(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(optional_dependencies, "find_spec", lambda name: None)
    assert main.run(["tune", "--out", str(tmp_path / "x")]) == 2
    assert 'pip install "mesascope[tuning]"' in capsys.readouterr().err


def test_a_helper_is_asked_for_the_same(tmp_path, monkeypatch):
    request = tuning_plan.Request(
        objectives=("return", "inner-gap"),
        tune=("clip", "floor=0:1"),
        quick=True,
        knobs=("size=5",),
        out=tmp_path,
        jobs=2,
    )
    started = []

    class Process:
        def __init__(self, command, stdin):
            started.append(command)

    monkeypatch.setattr(subprocess, "Popen", Process)
    with Pool(Local(), request, range(1, 3)) as processes:
        assert len(processes) == 2
    assert [(command[3], command[5]) for command in started] == [("worker", "1"), ("worker", "2")]
    assert tuning_plan.Request.model_validate_json(started[0][4]) == request
    with Pool(Local(), request, range(1, 1)) as processes:
        assert len(processes) == 0
