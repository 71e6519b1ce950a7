"""The study files of the documentation fit this version, and the pages that show their results name them."""

import re

import pytest

from mesascope.jobs.study import Request, make_plan
from tests.house.tree import ROOT

FILES = sorted((ROOT / "docs" / "studies").glob("*.toml"))
PAGES = {name: (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("conditions.md", "base-optimizers.md")}


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_every_file_is_a_study(file):
    job = make_plan(Request(file=file))
    assert len(job.cells) >= 10
    assert f"mesascope study docs/studies/{file.name} --out studies/{file.stem}" in file.read_text(encoding="utf-8")


def test_every_study_has_its_place_in_a_page_and_every_place_its_study():
    places = [name for text in PAGES.values() for name in re.findall(r"<!-- ([\w-]+): python docs/studies.py", text)]
    assert sorted(places) == sorted(path.stem for path in FILES)


def test_the_example_of_the_page_is_a_study(tmp_path):
    text = (ROOT / "docs" / "studies.md").read_text(encoding="utf-8")
    example = [line[4:] for line in text.split("## How far")[0].splitlines() if line.startswith("    ")]
    (tmp_path / "example.toml").write_text("\n".join(example))
    assert {cell.condition for cell in make_plan(Request(file=tmp_path / "example.toml")).cells} == {
        f"{name}, alpha {alpha}" for name in ("glance", "reflex") for alpha in (0.0, 0.1)
    }
