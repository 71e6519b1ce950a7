"""`start.py` without a network: what it does with the folder, the installer being a stand-in."""

import importlib.util
import json
import subprocess
import sys

import pytest

from tests.house.tree import ROOT


class Installer:
    """Stands in for `venv` and `pip`: notes what was asked of it and makes the folder's Python; can fail."""

    def __init__(self, start):
        self.start, self.asked, self.fails_at, self.refuses = start, [], None, None

    def __call__(self, command, **_):
        if self.fails_at == len(self.asked):
            raise KeyboardInterrupt
        named = [c for c in command if "requirements" in c or c.startswith("torch")]
        self.asked.append("venv" if "venv" in command else next(iter(named), "project"))
        if self.refuses is not None and self.refuses in self.asked[-1]:
            return 1
        self.start.PYTHON.parent.mkdir(parents=True, exist_ok=True)
        self.start.PYTHON.touch()
        return 0

    def names(self):
        return [asked.rpartition("/")[2] for asked in self.asked]


@pytest.fixture
def start(tmp_path, monkeypatch):
    monkeypatch.setenv("MESASCOPE_VENV", str(tmp_path / "venv"))
    spec = importlib.util.spec_from_file_location("start", ROOT / "start.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.installer = Installer(module)
    monkeypatch.setattr(module.subprocess, "call", module.installer)
    return module


RUN = ["requirements.lock", "project"]
TEST = ["requirements-dev.lock", "project", "requirements-agents.lock", "torch==2.13.0"]


def test_the_first_use_installs_and_the_second_does_not(start):
    start.set_up("run")
    assert start.installer.names() == ["venv", *RUN]
    start.set_up("run")
    assert start.installer.names() == ["venv", *RUN]


def test_the_tests_add_to_what_is_there(start):
    start.set_up("run")
    start.set_up("test")
    start.set_up("run")
    assert start.installer.names() == ["venv", *RUN, *TEST]


@pytest.mark.parametrize(("refused", "asked"), [("agents", TEST[:3]), ("torch", TEST)])
def test_the_tests_of_other_peoples_agents_are_left_out_where_their_libraries_are_not(start, capsys, refused, asked):
    start.installer.refuses = refused
    start.set_up("test")
    assert start.installer.names() == ["venv", *asked]
    start.run_checks([])
    assert start.LEFT_OUT in capsys.readouterr().err
    start.set_up("test")
    assert start.installer.names()[:1] == ["venv"]
    assert start.installer.names().count("requirements-dev.lock") == 1


def test_where_they_are_installed_nothing_may_be_left_out(start, monkeypatch, capsys):
    start.set_up("test")
    told = []
    monkeypatch.setattr(
        start.subprocess, "call", lambda command, env, **_: told.append(env.get("MESASCOPE_AGENTS")) or 0
    )
    assert start.run_checks([]) == 0
    assert set(told) == {"1"}
    assert start.LEFT_OUT not in capsys.readouterr().err


@pytest.mark.parametrize("k", [0, 1, 2])
def test_a_half_made_folder_is_made_anew(start, k):
    start.installer.fails_at = k
    with pytest.raises(KeyboardInterrupt):
        start.set_up("run")
    (start.VENV / "rest").touch()
    start.installer.fails_at, start.installer.asked = None, []
    start.set_up("run")
    assert start.installer.names() == ["venv", *RUN]
    assert not (start.VENV / "rest").exists()


def test_a_new_lock_is_installed_into_the_same_folder(start):
    start.set_up("run")
    stamp = json.loads(start.STAMP.read_text())
    start.STAMP.write_text(json.dumps({**stamp, "run": "of an older lock"}))
    start.set_up("run")
    assert start.installer.names() == ["venv", *RUN, *RUN]


def test_another_python_or_another_place_makes_it_anew(start):
    start.set_up("run")
    start.STAMP.write_text(json.dumps({**json.loads(start.STAMP.read_text()), "place": "elsewhere"}))
    start.set_up("run")
    assert start.installer.names() == ["venv", *RUN, "venv", *RUN]


def test_a_folder_that_is_somebody_elses_is_left_alone(start, capsys):
    start.VENV.mkdir()
    (start.VENV / "precious").touch()
    with pytest.raises(SystemExit):
        start.set_up("run")
    assert (start.VENV / "precious").exists()
    assert "was not made by start.py" in capsys.readouterr().err
    assert start.installer.asked == []


def test_what_would_lead_pip_elsewhere_is_taken_out(start, monkeypatch):
    for name in ("PYTHONPATH", "PIP_USER", "PIP_TARGET", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("PIP_CERT", "kept")
    env = start.clean_environment()
    assert env["PIP_CERT"] == "kept"
    assert not {"PYTHONPATH", "PIP_USER", "PIP_TARGET", "VIRTUAL_ENV"} & env.keys()


def test_an_unsupported_python_without_another_is_told_so(start, monkeypatch, capsys):
    monkeypatch.setattr(start, "NEWEST", (3, 10))
    monkeypatch.setattr(start.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit) as left:
        start.suitable_python()
    assert left.value.code == 2
    assert "needs Python 3.11, 3.12 or 3.13; this is 3." in capsys.readouterr().err


@pytest.mark.parametrize("found", [(), ("node", "chromium"), ("node", "google-chrome")])
def test_it_says_which_tests_want_a_program_that_is_not_there(start, monkeypatch, capsys, found):
    monkeypatch.setattr(start.subprocess, "call", lambda *_, **__: 0)
    monkeypatch.setattr(start.shutil, "which", lambda name: name if name in found else None)
    start.run_checks([])
    said = capsys.readouterr().err
    assert ("no Node here" in said, "no Chromium here" in said) == ((False, False) if found else (True, True))


def test_without_any_installer_it_says_what_to_install(start, monkeypatch, capsys):
    monkeypatch.setattr(start, "brings_pip", lambda: False)
    monkeypatch.setattr(start.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit):
        start.set_up("run")
    assert f"apt install python3.{sys.version_info[1]}-venv" in capsys.readouterr().err


def test_without_ensurepip_the_systems_pip_installs(start, monkeypatch):
    monkeypatch.setattr(start, "brings_pip", lambda: False)
    start.set_up("run")
    assert start.installer.names() == ["venv", *RUN]
    assert start.pip() == [sys.executable, "-m", "pip", "--python", str(start.PYTHON)]


def test_every_check_runs_and_the_failed_ones_are_named(start, monkeypatch, capsys):
    ran = []

    def call(command, **_):
        ran.append(command[0].rpartition("/")[2])
        return int(ran[-1] in ("mypy", "pytest"))

    monkeypatch.setattr(start.subprocess, "call", call)
    assert start.run_checks(["-k", "x"]) == 1
    assert ran == ["ruff", "ruff", "mypy", "lint-imports", "pytest", "coverage", "coverage"]
    assert capsys.readouterr().err.splitlines()[-1] == "mesascope: failed: types, tests"


def test_it_needs_nothing_but_the_standard_library():
    script = "import sys; sys.argv = ['x']; import start; print(len(start.CHECKS))"
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {script}"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "7"
