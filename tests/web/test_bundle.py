"""The scripts of pages are what `web/` builds and small; that of a report reaches for nothing outside of its page."""

import hashlib
import re
import subprocess
from importlib import resources

import pytest

from tests.house.tree import ROOT
from tests.web.node import NODE

WEB = ROOT / "web"
LARGEST = 250_000
REACHES = (
    r"https?://(?!www\.w3\.org/)|\bfetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts"
    r"|\bimport\(|\beval\(|new Function"
)
MARKUP = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write"
BUILT = pytest.mark.skipif(
    NODE is None or not (WEB / "node_modules").exists(),
    reason="no Node, or no web/node_modules (npm ci in web/): the sources of the script are not built anew",
)


SCRIPTS = {"bench.js": "mesascope.reports.html", "explorer.js": "mesascope.explorer"}


def bundle(name="bench.js"):
    return resources.files(SCRIPTS[name]).joinpath(name).read_text("utf-8")


def sources():
    """As `web/build.mjs` computes it."""
    files = [p for p in (WEB / "src").rglob("*") if p.is_file()] + [WEB / "build.mjs", WEB / "package-lock.json"]
    found = hashlib.sha256()
    for path in sorted(files, key=lambda p: p.relative_to(WEB).as_posix()):
        found.update(f"{path.relative_to(WEB).as_posix()}\n".encode())
        found.update(path.read_text("utf-8").encode())
    return found.hexdigest()


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_names_the_sources_it_was_built_from(name):
    assert re.search(r"sources ([0-9a-f]{64})", bundle(name))[1] == sources(), "run `node build.mjs` in web/"


def test_the_scripts_are_small():
    assert sum(len(bundle(name).encode()) for name in SCRIPTS) <= LARGEST


def test_the_script_of_a_report_reaches_for_nothing():
    assert re.findall(REACHES, bundle()) == []


def test_the_script_of_the_explorer_reaches_for_its_own_server_alone():
    assert set(re.findall(REACHES, bundle("explorer.js"))) == {"fetch("}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_writes_no_markup(name):
    assert re.findall(MARKUP, bundle(name)) == []


@pytest.mark.parametrize("text", ["fetch('x')", "a=new WebSocket(b)", "https://example.org", "x.innerHTML=y"])
def test_the_reaching_test_can_fail(text):
    assert re.findall(REACHES, text) or re.findall(MARKUP, text)


def test_the_lock_names_no_place_and_every_hash():
    lock = (WEB / "package-lock.json").read_text("utf-8")
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') > 10


@BUILT
def test_the_scripts_are_what_the_sources_build(tmp_path):
    subprocess.run([NODE, "build.mjs", tmp_path], cwd=WEB, check=True, timeout=120)
    assert {name: (tmp_path / name).read_text("utf-8") for name in SCRIPTS} == {name: bundle(name) for name in SCRIPTS}


@BUILT
@pytest.mark.slow
def test_types_hold_and_the_scripts_own_tests_pass():
    for command in (["node_modules/.bin/tsc", "--noEmit"], ["node_modules/.bin/vitest", "run"]):
        done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
