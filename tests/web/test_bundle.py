"""The script that reports carry is what `web/` builds, is small, and reaches for nothing outside of its page."""

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


def bundle():
    return resources.files("mesascope.reports.html").joinpath("bench.js").read_text("utf-8")


def sources():
    """As `web/build.mjs` computes it."""
    files = [p for p in (WEB / "src").rglob("*") if p.is_file()] + [WEB / "build.mjs", WEB / "package-lock.json"]
    found = hashlib.sha256()
    for path in sorted(files, key=lambda p: p.relative_to(WEB).as_posix()):
        found.update(f"{path.relative_to(WEB).as_posix()}\n".encode())
        found.update(path.read_text("utf-8").encode())
    return found.hexdigest()


def test_the_bundle_names_the_sources_it_was_built_from():
    assert re.search(r"sources ([0-9a-f]{64})", bundle())[1] == sources(), "run `node build.mjs` in web/"


def test_the_bundle_is_small():
    assert len(bundle().encode()) <= LARGEST


@pytest.mark.parametrize("pattern", [REACHES, MARKUP])
def test_the_bundle_reaches_for_nothing_and_writes_no_markup(pattern):
    assert re.findall(pattern, bundle()) == []


@pytest.mark.parametrize("text", ["fetch('x')", "a=new WebSocket(b)", "https://example.org", "x.innerHTML=y"])
def test_the_reaching_test_can_fail(text):
    assert re.findall(REACHES, text) or re.findall(MARKUP, text)


def test_the_lock_names_no_place_and_every_hash():
    lock = (WEB / "package-lock.json").read_text("utf-8")
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') > 10


@BUILT
def test_the_bundle_is_what_the_sources_build(tmp_path):
    subprocess.run([NODE, "build.mjs", tmp_path / "bench.js"], cwd=WEB, check=True, timeout=120)
    assert (tmp_path / "bench.js").read_text("utf-8") == bundle()


@BUILT
@pytest.mark.slow
def test_types_hold_and_the_scripts_own_tests_pass():
    for command in (["node_modules/.bin/tsc", "--noEmit"], ["node_modules/.bin/vitest", "run"]):
        done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
