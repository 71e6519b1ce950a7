"""Scripts of the documentation, benchmarks and examples import names that are there: nothing else looks at most of them."""

import ast
import importlib

import pytest

from tests.house.tree import ROOT

SCRIPTS = sorted(path for folder in ("docs", "benchmarks", "examples") for path in (ROOT / folder).rglob("*.py"))


def imported(path):
    """Module and name of everything that a script takes from the package."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "mesascope":
            yield from ((node.module, alias.name) for alias in node.names)


def there(module, name):
    """Whether a module has a name, or a module of that name below it."""
    try:
        if hasattr(importlib.import_module(module), name):
            return True
        importlib.import_module(f"{module}.{name}")
    except ModuleNotFoundError as error:
        return error.name == "torch"  # an extra, which the developers' environment does not bring
    return True


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_script_imports_what_is_there(path):
    missing = [f"{module}.{name}" for module, name in imported(path) if not there(module, name)]
    assert not missing, f"{path.name} imports {', '.join(missing)}"
