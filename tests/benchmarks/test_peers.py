import json
import sys
from pathlib import Path

import pytest

from benchmarks.peers import environments, run
from benchmarks.peers.conversation import Worker, parse
from benchmarks.peers.environments import Environment, PeerError
from benchmarks.peers.measure import measure
from benchmarks.peers.plan import QUESTIONS, Case, cases, wanted

WORKER = """
import json, sys
def say(**words): print(json.dumps(words), flush=True)
mode = json.loads(sys.argv[2])["mode"]
print("chatter of a package")
if mode == "broken": raise ImportError("no network here")
if mode == "mute": import time; time.sleep(60)
say(say="ready", about={"copies": 2}, seconds=1.0, cpu=1.0)
for line in sys.stdin:
    word, _, number = line.strip().partition(" ")
    if word == "end": break
    if mode == "dies" and number == "1":
        say(say="failed", why="ValueError: at the second repeat"); sys.exit(1)
    say(say="measured", values={"levels": 10.0 + int(number)}, seconds=0.1, cpu=0.1)
say(say="end", peak_mb=12.5)
"""


@pytest.fixture
def workers(tmp_path, monkeypatch):
    for who in ("mesascope", "navix", "gymnax"):
        (tmp_path / f"with_{who}.py").write_text(WORKER)
    monkeypatch.setattr("benchmarks.peers.measure.WORKERS", tmp_path)
    return tmp_path


def rows(workers, *found, repeats=3, **places):
    here = Environment(Path(sys.executable), {})
    return measure(found, {"mesascope": here, "navix": here, "gymnax": here, **places}, repeats, workers / "work")


def test_chatter_is_no_answer():
    assert parse("Downloading...") is None
    assert parse("[1, 2]") is None
    assert parse('{"say": "end", "peak_mb": 3}').held["peak_mb"] == 3.0


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('{"say": "hello"}', "one of ready, measured, end, failed"),
        ('{"values": {}}', "one of ready"),
        ('{"say": "measured"}', "without values as a dict"),
        ('{"say": "measured", "values": {"steps": NaN}}', "finite number or null"),
        ('{"say": "measured", "values": {"steps": "many"}}', "finite number or null"),
        ('{"say": "end", "peak_mb": null}', "without peak_mb"),
    ],
)
def test_a_wrong_answer_is_refused(line, what):
    with pytest.raises(PeerError, match=what):
        parse(line)


def test_one_that_fails_is_named_and_the_rest_goes_on(workers):
    good, broken, dies, absent = rows(
        workers,
        Case("levels", "mesascope", "ours", {"mode": "good"}),
        Case("levels", "navix", "theirs", {"mode": "broken"}),
        Case("levels", "navix", "halfway", {"mode": "dies"}),
        Case("levels", "gymnax", "absent", {"mode": "good"}),
        gymnax=PeerError("gymnax cannot be installed: no network"),
    )
    assert [r["levels"] for r in good.repeats] == [10.0, 11.0, 12.0]
    assert (good.failed, good.peak_mb) == (None, 12.5)
    assert broken.failed == "ended without an answer: ImportError: no network here"
    assert dies.failed == "ValueError: at the second repeat"
    assert len(dies.repeats) == 1
    assert absent.failed == "gymnax cannot be installed: no network"


def test_a_worker_that_says_nothing_is_given_up(workers, tmp_path):
    command = [sys.executable, str(workers / "with_navix.py"), "levels", json.dumps({"mode": "mute"})]
    worker = Worker(command, tmp_path / "log", {})
    with pytest.raises(PeerError, match="no answer within 0 s"):
        worker.hear("ready", 0.2)
    worker.close()


def test_a_folder_that_is_no_checkout(tmp_path):
    with pytest.raises(PeerError, match=r"is no checkout of jaxgmg: it has no pyproject\.toml and no jaxgmg/"):
        environments.checkout(tmp_path)
    with pytest.raises(PeerError, match="--jaxgmg FOLDER"):
        environments.checkout(None)


class Pip:
    """Stands in for `subprocess.run`: notes what was asked; fails at the step named."""

    def __init__(self, fails=None):
        self.asked, self.fails = [], fails

    def __call__(self, command, **_):
        step = "venv" if "venv" in command else command[command.index("pip") + 1]
        self.asked.append(step)
        if step == "venv":
            python = Path(command[-1]) / "bin" / "python"
            python.parent.mkdir(parents=True, exist_ok=True)
            python.touch()
        said = json.dumps([{"name": "Navix", "version": "1.0"}]) if step == "list" else ""
        failed = step == self.fails

        class Done:
            returncode, stdout, stderr = int(failed), said, "note\nERROR: Could not find a version\n" if failed else ""

        return Done()


def test_an_environment_is_made_once(tmp_path):
    pip = Pip()
    assert environments.prepare("navix", tmp_path, run=pip).versions == {"navix": "1.0"}
    environments.prepare("navix", tmp_path, run=pip)
    assert pip.asked == ["venv", "install", "list", "list"]


def test_without_a_network_it_is_said_which_and_why_and_it_is_tried_again(tmp_path):
    with pytest.raises(PeerError, match="navix cannot be installed: ERROR: Could not find a version"):
        environments.prepare("navix", tmp_path, run=Pip("install"))
    again = Pip()
    environments.prepare("navix", tmp_path, run=again)
    assert again.asked == ["venv", "install", "list"]


def test_a_package_that_cannot_be_had_does_not_stop_the_others(tmp_path, monkeypatch):
    def prepare(who, work, jaxgmg):
        if who == "navix":
            raise PeerError("no network")
        return Environment(Path("python"), {who: "1"})

    monkeypatch.setattr(run, "prepare", prepare)
    made = run.environments(cases(10.0, True), tmp_path, None)
    assert str(made["navix"]) == "no network"
    assert isinstance(made["jaxgmg"], Environment)


@pytest.mark.parametrize("quick", [True, False])
def test_every_question_has_ours_and_a_peer_and_every_worker_exists(quick):
    found = cases(10.0, quick)
    for question in QUESTIONS:
        of_it = [case for case in found if case.job == question.job]
        assert any(case.ours for case in of_it)
        assert not all(case.ours for case in of_it)
    folder = Path(run.__file__).parent / "workers"
    assert all((folder / f"with_{case.who}.py").is_file() for case in found)
    assert len({(case.job, case.name) for case in found}) == len(found)


def test_only_the_packages_asked_for():
    assert {case.who for case in wanted(cases(10.0, True), ["navix", "mesascope"])} == {"navix", "mesascope"}


@pytest.mark.parametrize("given", [["--repeats", "0"], ["--cap", "-1"], ["--only", "nobody"], ["--jobs", "none"]])
def test_bad_arguments_are_refused(given):
    with pytest.raises(SystemExit):
        run.arguments(given)
