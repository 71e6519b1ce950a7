"""Notebooks run from top to bottom, keep no outputs, and use the public names alone."""

import ast
import re

import pytest

from docs.notebooks import execute, markdown, names, page, read, run_plainly, script, text_of

LONG = {"my-pytorch-agent", "reading-the-inside"}
"""What these use is tested without them, in `tests/test_inside.py` and `tests/adapters`."""
NEEDS = {"my-pytorch-agent": "torch"}


def test_there_are_four():
    assert names() == ["deception", "first-audit", "my-pytorch-agent", "reading-the-inside"]


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.long) if n in LONG else n for n in names()])
def test_a_notebook_runs_and_its_displays_show(name):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    shown = run_plainly(name)
    assert any(thing.startswith(("<svg", "<div", "<table", "<iframe")) for thing in shown)


@pytest.mark.parametrize("name", names())
def test_a_notebook_is_kept_without_outputs_and_uses_public_names_alone(name):
    cells = read(name)["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert text_of(cells[0]).startswith("# ")
    assert "After this notebook you can" in text_of(cells[0])
    assert re.search("^## What (this shows|you may say)", text_of(cells[-1]), re.MULTILINE)
    imported = [
        node for node in ast.walk(ast.parse(script(read(name)))) if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert all(isinstance(node, ast.Import) for node in imported)
    assert {alias.name for node in imported for alias in node.names} <= {"mesascope", "numpy", "torch"}


def test_what_a_cell_ends_in_is_shown():
    cells = [{"cell_type": "code", "source": ["x = 2\n", "x"]}, {"cell_type": "code", "source": ["print(x)"]}]
    assert script({"cells": cells}) == "x = 2\ndisplay(x)\nprint(x)\n"


def test_a_page_has_the_outputs_of_a_notebook():
    outputs = [
        {"output_type": "stream", "text": ["one\n"]},
        {"output_type": "display_data", "data": {"text/html": ["<b>\n", "\n", "two</b>"], "text/plain": ["no"]}},
        {"output_type": "execute_result", "data": {"text/plain": ["1 < 2"]}},
    ]
    made = markdown({"cells": [{"cell_type": "code", "source": ["f()"], "outputs": outputs}]})
    assert "```text\none\n```" in made
    assert '<div class="ms-output"><b>&#10;two</b></div>' in made
    assert "1 &lt; 2" in made


@pytest.mark.slow
@pytest.mark.long
def test_displays_survive_a_kernel_and_a_conversion_to_html(tmp_path):
    for library in ("nbclient", "nbconvert", "ipykernel"):
        pytest.importorskip(library)
    text = page(execute("deception", tmp_path)).read_text("utf-8")
    assert "<iframe" in text
    assert "srcdoc=" in text
    assert "<th>alignment</th>" in text
    assert not re.search(r"""<(?:script|link|img)[^>]*(?:src|href)=["']?https?:|import\(|cdnjs""", text)
