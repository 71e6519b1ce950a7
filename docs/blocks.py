"""Blocks of a page that a command writes, each between `<!-- NAME: COMMAND -->` and `<!-- end of NAME -->`."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [list(columns), ["---"] * len(columns), *map(list, rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def put(page: Path, command: str, made: Mapping[str, str]) -> None:
    """Write what was made into its blocks of a page, or leave the page alone and say which block it does not have."""
    text = page.read_text(encoding="utf-8")
    for name, inside in made.items():
        begin, end = f"<!-- {name}: {command} -->", f"<!-- end of {name} -->"
        before, begun, rest = text.partition(begin)
        _, ended, after = rest.partition(end)
        if not begun or not ended:
            sys.exit(f"{page}: expected a line {begin} and after it a line {end}")
        text = f"{before}{begin}\n\n{inside}\n\n{end}{after}"
    page.write_text(text, encoding="utf-8")
