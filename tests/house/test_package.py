import subprocess
import sys
import tomllib

import pytest

import mesascope
from tests.house.tree import ROOT

HEAVY = ("jax", "numpy", "equinox", "scipy", "pydantic", "rich", "numpyro", "PIL")


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
        assert "==" in block.split()[0]
        assert "--hash=sha256:" in block
        assert "//" not in block


def test_the_locks_agree_and_hold_every_dependency():
    def pins(name):
        lines = (ROOT / name).read_text().splitlines()
        return dict(line.split()[0].split("==") for line in lines if line[0].isalnum())

    run, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    assert run.items() <= dev.items()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    named = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
    assert {word.split(">")[0] for word in named} <= run.keys()
    assert {word.split(">")[0] for word in project["project"]["optional-dependencies"]["dev"]} <= dev.keys()
