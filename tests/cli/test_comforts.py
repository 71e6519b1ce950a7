"""What makes the command line easy: a version, a list, comparisons, files of options, pages written again, errors that help."""

import json
import webbrowser

import pytest

from mesascope import __version__
from mesascope.auditing.ledger_estimate import holding
from mesascope.cli import main
from mesascope.cli import run as running
from mesascope.jobs import audit as audit_jobs
from mesascope.jobs.job import Done
from mesascope.reports.html.studied import render_study
from mesascope.reports.study import study_document
from tests.reports import sample_audit
from tests.reports.pages import Page


@pytest.fixture(scope="module")
def audits():
    return sample_audit.three_seeds()


@pytest.fixture
def folder(tmp_path, audits):
    for audit in audits:
        place = tmp_path / "several" / f"seed-{audit['seed']}"
        place.mkdir(parents=True)
        (place / "audit.json").write_text(json.dumps(audit))
    (tmp_path / "several" / "study.json").write_text(json.dumps(study_document(audits)))
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "audit.json").write_text(json.dumps(audits[0]))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "audit.json").write_text("{")
    return tmp_path


def run(capsys, *arguments):
    code = main.run([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_version(capsys):
    assert run(capsys, "--version") == (0, f"mesascope {__version__}\n", "")


def test_a_list_has_a_line_for_every_result_and_says_what_cannot_be_read(capsys, folder):
    code, out, _ = run(capsys, "list", folder, "--json")
    found = {row["folder"]: row for row in json.loads(out)["results"]}
    assert code == 0
    assert found.keys() == {"one", "several", "broken"}
    assert found["several"]["kind"] == "3 audits"
    assert "searches inside, pseudo-aligned (proxy)" in found["one"]["result"]
    assert "cannot be read" in found["broken"]["result"]
    assert run(capsys, "list", folder / "nowhere")[0] == 2
    (folder / "empty").mkdir()
    assert "no results below" in run(capsys, "list", folder / "empty")[1]


def test_audits_of_several_folders_are_put_side_by_side_under_names_that_tell_them_apart(capsys, folder):
    page = folder / "both.html"
    code, _, _ = run(capsys, "compare", folder / "one", folder / "several", "--out", page)
    assert code == 0
    text = Page(page.read_text("utf-8")).text(inside="section#comparison")
    assert "(one)" in text
    assert text.count("(several)") == 3
    assert run(capsys, "compare", folder / "one")[0] == 2


def test_audits_of_several_worlds_are_not_compared(capsys, folder, audits):
    other = {**audits[0], "world": {**audits[0]["world"], "name": "coin"}}
    (folder / "one" / "audit.json").write_text(json.dumps(other))
    code, _, err = run(capsys, "compare", folder / "one", folder / "several")
    assert code == 2
    assert "several worlds (coin, red-doors)" in err


def test_another_world_in_a_folder_is_named_before_its_seeds(capsys, folder):
    code, _, err = run(capsys, "audit", "coin", "--out", folder / "several", "--seeds", "2")
    assert code == 4
    assert "holds another audit (of red-doors, not of coin)" in err
    code, _, err = run(capsys, "audit", "coin", "--out", folder / "one", "--seeds", "1")
    assert "holds another audit (of red-doors, not of coin)" in err


def test_the_page_of_a_study_is_written_again(capsys, tmp_path):
    document = {"kind": "study", "title": "Two", "conditions": [], "rows": [], "differences": [], "show": []}
    (tmp_path / "study.json").write_text(json.dumps(document))
    code, out, err = run(capsys, "report", tmp_path)
    assert (code, err) == (0, "")
    assert out == f"Report: {tmp_path / 'report.html'}\n"
    assert (tmp_path / "report.html").read_text("utf-8") == render_study(document)
    (tmp_path / "study.json").unlink()
    assert "none of audit.json, study.json, calibration.json, tuning.json" in run(capsys, "report", tmp_path)[2]


def test_a_page_is_opened_when_that_is_asked_for(capsys, folder, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    assert run(capsys, "report", folder / "one")[0] == 0
    assert opened == []
    assert run(capsys, "report", folder / "one", "--open")[0] == 0
    assert opened == [(folder / "one" / "report.html").resolve().as_uri()]
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    assert "open" in run(capsys, "report", folder / "one", "--open")[2]


@pytest.fixture
def requests(monkeypatch, audits):
    asked = []
    monkeypatch.setattr(running.options, "heavy", lambda device: None)
    monkeypatch.setattr(audit_jobs, "run", lambda request, listener: asked.append(request) or Done(audits[0], None))
    return asked


def test_options_come_from_a_file_and_what_is_typed_goes_before(capsys, tmp_path, requests):
    file = tmp_path / "audit.toml"
    file.write_text('world = "coin"\nquick = true\nseeds = 4\nbase-optimizer = "ppo"\n[set]\nalpha = 0.1\nsize = 9\n')
    assert run(capsys, "audit", "--config", file)[0] == 0
    assert run(capsys, "audit", "red-doors", "--seeds", "2", "--set", "alpha=0.2", "--config", file)[0] == 0
    assert run(capsys, "audit")[0] == 0
    first, second, third = requests
    assert (first.world, first.quick, first.seeds, first.base_optimizer) == ("coin", True, 4, "ppo")
    assert first.knobs == ("alpha=0.1", "size=9")
    assert (second.world, second.seeds, second.knobs) == ("red-doors", 2, ("size=9", "alpha=0.2"))
    assert (third.world, third.quick, third.seeds, third.knobs) == ("red-doors", False, None, ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("quik = true", "did you mean 'quick'?"),
        ("quick = ", "expected TOML"),
        ("set = 3", "expected a table [set]"),
        (None, "cannot be read"),
    ],
)
def test_a_file_of_options_that_is_wrong_says_how(capsys, tmp_path, requests, text, message):
    file = tmp_path / "audit.toml"
    if text is not None:
        file.write_text(text)
    code, out, err = run(capsys, "audit", "--config", file)
    assert (code, out) == (2, "")
    assert message in err
    assert requests == []


def test_an_organism_by_name(capsys):
    code, out, _ = run(capsys, "organisms", "planner")
    assert code == 0
    assert "objective" in out
    assert "--subject organism:planner" in out
    assert "did you mean 'planner'" in run(capsys, "organisms", "planer")[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train", "red-doors", "--base-optimizer", "nosuch.json", "--out", "x"), "found no such file"),
        (("audit", "red-doors", "--subject", "organism:planner,objective=purple"), "valid names: ball, blue, door"),
        (("train", "midas", "--out", "x"), "midas is an experiment, which trains its own subjects"),
    ],
)
def test_what_is_wrong_is_said_in_words_that_help(capsys, arguments, message):
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert "Errno" not in err


def test_train_offers_worlds_alone(capsys):
    assert "experiments train their own agents" in " ".join(run(capsys, "train", "--help")[1].split())


@pytest.mark.parametrize(
    ("given", "ends"),
    [
        ((0.0, 4.5e-8, 4.7e-8), (0.0, 0.0, 0.0)),
        ((4.6e-8, -1e-9, 2e-7), (0.0, 0.0, 0.0)),
        ((0.2, 0.21, 0.3), (0.2, 0.2, 0.3)),
        ((0.2, 0.1, 0.3), (0.2, 0.1, 0.3)),
    ],
)
def test_an_interval_holds_its_value_and_rounding_is_nothing(given, ends):
    found = holding(*given)
    assert (found.value, *found.interval) == ends
    assert found.interval.low <= found.value <= found.interval.high
