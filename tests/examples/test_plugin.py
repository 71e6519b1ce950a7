"""The plug-in package, installed from outside of the checkout: found by its entry points, audited, and in the report."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Where the package is installed: a folder of its own, on the path beside this checkout."""
    target = tmp_path_factory.mktemp("installed")
    command = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(target)]
    subprocess.run([sys.executable, "-m", "pip", *command, str(ROOT / "examples" / "plugin")], check=True)
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(target), str(ROOT)))}


def mesascope(environment, folder, *arguments):
    return started(environment, folder, "-m", "mesascope", *arguments)


def started(environment, folder, *arguments):
    command = [sys.executable, *arguments]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_its_own_tests_pass(environment, tmp_path):
    tests = ROOT / "examples" / "plugin" / "tests"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tests), str(tests)]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout


@pytest.mark.slow
def test_its_world_and_organism_are_audited_with_its_instrument(environment, tmp_path):
    several = (
        "from mesascope.cli.main import run; print([run([name]) for name in ('worlds', 'organisms', 'instruments')])"
    )
    listed = started(environment, tmp_path, "-c", several)
    assert all(name in listed for name in ("two-lamps", "lamp-seeker", "dithering", "[0, 0, 0]")), listed
    audit = ("audit", "two-lamps", "--subject", "organism:lamp-seeker", "--quick", "--levels", "20", "--set", "size=5")
    document = json.loads(mesascope(environment, tmp_path, *audit, "--json", "--out", "found"))
    found = document["findings"]["dithering"]
    assert 0 <= found["data"]["back"]["training"]["value"] <= 1
    assert "dithering" in {i["name"] for i in document["instruments"] if i["ran"]}
    page = (tmp_path / "found" / "report.html").read_text()
    assert found["summary"] in page
    assert "Going back and forth" in page
    assert "white lamp" in page, "its levels are drawn with its own words"
    assert "Pearson 1905" in mesascope(environment, tmp_path, "cite", "found")
