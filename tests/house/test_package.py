import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement

import mesascope
from tests.house.tree import ROOT

HEAVY = ("jax", "numpy", "equinox", "scipy", "pydantic", "rich", "blackjax", "PIL")


@pytest.mark.parametrize("statement", ["import mesascope; dir(mesascope)", "import mesascope.cli.main"])
def test_importing_loads_nothing_heavy(statement):
    script = f"{statement}; import sys; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", mesascope.__all__)
def test_every_public_name_is_there(name):
    assert getattr(mesascope, name) is not None


def test_other_names_are_not():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = mesascope.nothing


def test_the_version_is_the_project_files():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == mesascope.__version__


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_the_locks_pin_and_hash_everything_and_name_no_place(name):
    blocks = (ROOT / name).read_text().replace("\\\n", " ").splitlines()
    assert len(blocks) > 30
    for block in blocks:
        assert "==" in str(Requirement(block.partition("--hash")[0]).specifier)
        assert "--hash=sha256:" in block
        assert "//" not in block


def test_the_locks_agree_and_hold_every_dependency():
    def pins(name):
        lines = (ROOT / name).read_text().splitlines()
        pinned = [Requirement(line.rstrip("\\ ")) for line in lines if line[0].isalnum()]
        # A package may be pinned twice, for different Pythons.
        return {(pin.name, str(pin.marker)): str(pin.specifier) for pin in pinned}

    run, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    # What runs somewhere only may be needed everywhere by what develops.
    held = {**{(name, marker): dev.get((name, "None")) for name, marker in run}, **dev}
    assert run.items() <= held.items()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    named = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
    assert {word.split(">")[0] for word in named} <= {name for name, _ in run}
    wanted = {word.split(">")[0] for word in project["project"]["optional-dependencies"]["dev"]}
    assert wanted <= {name for name, _ in dev}
