"""What pages show at Python's prompt is what comes out."""

import doctest
from pathlib import Path

import pytest

from tests.docs.snippets import snippets_of

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if "\n>>> " in page.read_text(encoding="utf-8"))


def test_there_are_pages():
    assert DOCS / "concepts.md" in PAGES


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_snippets_of_pages_run_and_say_what_they_show(page):
    told = []
    ran = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF).run(snippets_of(page), out=told.append)
    assert ran.attempted > 0
    assert ran.failed == 0, "".join(told)


def test_a_snippet_that_says_something_else_fails(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Page\n\n```python\n>>> 1 + 1\n3\n```\n\n```python\nnot run\n```\n")
    told = []
    ran = doctest.DocTestRunner().run(snippets_of(page), out=told.append)
    assert (ran.attempted, ran.failed) == (1, 1)
    assert "line 4" in "".join(told)
