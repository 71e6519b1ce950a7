"""Snippets of a page that are written as at Python's prompt, in the order of the page."""

import doctest
import re
from pathlib import Path

_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def snippets_of(page: Path) -> doctest.DocTest:
    """All blocks of a page as one doctest, with the lines of the page; what has no prompt is left out."""
    text = page.read_text(encoding="utf-8")
    kept = ["\n"] * (text.count("\n") + 1)
    for block in _BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(1))
        for number, line in enumerate(block.group(1).splitlines(keepends=True)):
            kept[first + number] = line if ">>>" in block.group(1) else "\n"
    return doctest.DocTestParser().get_doctest("".join(kept), {}, page.name, str(page), 0)
