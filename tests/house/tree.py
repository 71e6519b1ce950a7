"""The project's own files, as a fresh clone has them."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("mesascope", "tests", "benchmarks", "docs", "notebooks", "examples", ".ci")
TEXT = {".py", ".md", ".toml", ".cff", ".txt", ".html", ".css", ".js", ".ts", ".svg", ".ipynb", ""}


def files(*folders):
    """Every file below the folders."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file())
    return sorted(path for path in found if "__pycache__" not in path.parts)


def texts():
    """Every text file that a person wrote, the license left out."""
    top = [path for path in ROOT.iterdir() if path.is_file() and path.name not in ("LICENSE", ".coverage", ".git")]
    return [path for path in (*top, *files(*FOLDERS)) if path.suffix in TEXT]


@cache
def modules():
    """Every module of the package with its syntax tree; read once, for everybody."""
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8")) for path in python("mesascope")}


def python(*folders):
    """Every Python file below the folders."""
    return [path for path in files(*folders) if path.suffix == ".py"]
