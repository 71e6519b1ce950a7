"""The site is whole: every link leads somewhere, every public name has its place, and nothing is asked of another place."""

import html.parser
import importlib
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import PurePosixPath

import pytest

from docs.site_links import led, linked, place
from tests.house.tree import ROOT
from tests.web.browser import CHROMIUM, Browser

WHOLE = [name for name in ("mkdocs", "material", "mkdocstrings") if find_spec(name) is None]
needs_mkdocs = pytest.mark.skipif(bool(WHOLE), reason="the site's libraries are not installed")


def build(folder, config=ROOT / "mkdocs.yml"):
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(config), "--site-dir", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=env)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    done = build(folder)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


class Loads(html.parser.HTMLParser):
    """What a page loads by itself, without a press."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag != "a" and not (tag == "link" and given.get("rel") in ("canonical", "prev", "next")):
            self.found += [given[name] for name in ("src", "href", "data", "poster", "action") if given.get(name)]
        self.found += re.findall(r"url\(([^)]*)\)", given.get("style") or "")


def loads(text):
    parser = Loads()
    parser.feed(text)
    return [url for url in parser.found if re.match(r"(https?:)?//", url)]


@pytest.mark.slow
@needs_mkdocs
def test_no_page_loads_anything_from_elsewhere(site):
    pages, sheets = sorted(site.rglob("*.html")), sorted(site.rglob("*.css"))
    assert len(pages) > 60
    assert {str(page.relative_to(site)): found for page in pages if (found := loads(page.read_text("utf-8")))} == {}
    outside = r"""(?:@import\s*(?:url\()?|url\()["']?(?:https?:)?//"""
    assert [sheet.name for sheet in sheets if re.search(outside, sheet.read_text("utf-8"))] == []


@pytest.mark.slow
@needs_mkdocs
def test_every_public_name_has_its_place(site):
    import mesascope as ms

    text = "".join(page.read_text("utf-8") for page in (site / "api").glob("*.html"))
    assert [name for name in ms._HOMES if f'id="{ms._HOMES[name]}.{name}"' not in text] == []


@pytest.mark.slow
@needs_mkdocs
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: reports are not opened in a browser")
def test_pages_open_from_disk_on_a_phone_and_ask_for_nothing(site):
    with Browser(400, 800) as browser:
        browser.cut_network()
        for name in ("index", "tutorial", "api/audits", "notebooks/first-audit"):
            browser.open(site / f"{name}.html")
            assert browser.run("document.documentElement.scrollWidth") <= 400
        assert [url for url in browser.requests if not url.startswith(("file:", "data:", "blob:"))] == []


@pytest.mark.slow
@pytest.mark.long
@needs_mkdocs
def test_a_link_to_nothing_and_a_name_without_a_page_fail(tmp_path):
    # A clone, because the hooks read the repository around them.
    for name in ("docs", "mesascope", "notebooks", "findings", "examples"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.jsonl"))
    for name in ("mkdocs.yml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    page = tmp_path / "docs" / "errors.md"
    page.write_text(page.read_text("utf-8") + "\n[nowhere](no-such-page.md)\n", "utf-8")
    done = build(tmp_path / "site", tmp_path / "mkdocs.yml")
    assert done.returncode != 0
    assert "no-such-page.md" in done.stderr


def test_links_out_of_the_documentation_lead_to_pages_of_the_site():
    made = linked({"index.md": "[a](examples/own_subject.py) [b](docs/errors.md) [c](no/such/file.md)"}, {"errors.md"})
    assert set(made) >= {"source/examples/own_subject.py.md"}
    assert made["source/examples/own_subject.py.md"][1].startswith("# examples/own_subject.py\n\n~~~python\n")
    text = "[a](../examples/own_subject.py) [b](glossary.md#worlds) [c](no-such.md)\n```python\n[a](errors.md)\n```\n"
    known = {"source/examples/own_subject.py.md", "glossary.md"}
    shown = led(text, "other-agents.md", known)
    assert "[a](source/examples/own_subject.py.md) [b](glossary.md#worlds) [c](no-such.md)" in shown
    assert "[a](errors.md)" in shown
    assert place(PurePosixPath("examples/plugin")) == "source/examples/plugin/README.md"


def test_every_page_is_reached_from_the_navigation_or_a_link():
    config = (ROOT / "mkdocs.yml").read_text("utf-8")
    pages = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    missing = {page for page in pages if f": {page}\n" not in config}
    assert missing == set()


@pytest.mark.parametrize("text", ['<script src="https://x.y/z.js"></script>', '<img src="//x.y/z.png">'])
def test_the_test_of_loads_can_fail(text):
    assert loads(text)
    assert not loads('<a href="https://x.y">x</a><img src="a.png">')


def test_a_public_name_without_a_page_or_a_docstring_is_named(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    site_pages = importlib.import_module("site_pages")
    assert site_pages.undocumented() == []
    title, names = site_pages.API["audits"]
    monkeypatch.setitem(site_pages.API, "audits", (title, names[1:]))
    assert site_pages.undocumented() == ["audit"]
    monkeypatch.setattr(site_pages.ast, "get_docstring", lambda node: None)
    assert "train" in site_pages.undocumented()


def test_every_finding_has_its_statement(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    page = importlib.import_module("site_pages").findings_page()
    scripts = list((ROOT / "findings").glob("*.sh"))
    assert page.count("## ") == len(scripts)
    assert "```text\n3 -> [0, 3]" in page
    assert not re.search(r"```text\n\s*```", page)


def test_the_site_is_not_part_of_what_is_committed():
    assert "build/" in (ROOT / ".gitignore").read_text("utf-8").splitlines()
