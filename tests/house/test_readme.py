"""The README: short, and every file it points to is there."""

import re

from tests.house.tree import ROOT

README = ROOT / "README.md"


def test_it_has_at_most_150_lines():
    assert len(README.read_text().splitlines()) <= 150


def test_its_links_lead_somewhere():
    for page in (README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))):
        targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
        missing = [target for target in targets if not (page.parent / target).exists()]
        assert not missing, f"{page.name} points to {', '.join(missing)}"
