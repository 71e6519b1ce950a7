"""Values are discounted as the world at hand says, and not by a number of everybody's."""

import ast

import pytest

from tests.house.tree import ROOT

OWN = ("core", "worlds", "experiments", "learned")
"""Where the number comes from; experiments, which have it in their cards and no other; and what agents are made of."""


def discounting() -> dict[str, int]:
    """Functions whose discount may be left out, each with its place among the positional arguments."""
    found = {}
    for path in (ROOT / "mesascope").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                given, named = [a.arg for a in node.args.args], [a.arg for a in node.args.kwonlyargs]
                if "discount" in given[len(given) - len(node.args.defaults) :]:
                    found[node.name] = given.index("discount")
                elif "discount" in named and node.args.kw_defaults[named.index("discount")] is not None:
                    found[node.name] = len(given)
    return found


DISCOUNTING = discounting()


def passes_over_the_world(tree) -> list[str]:
    """Calls that leave the discount to the default, and uses of the default that are no defaults."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)]
    defaults = {id(d) for node in functions for d in (*node.args.defaults, *node.args.kw_defaults)}
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    ours = {alias.name for node in imports for alias in node.names} & set(DISCOUNTING)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "DISCOUNT" and isinstance(node.ctx, ast.Load):
            found += [] if id(node) in defaults else [f"line {node.lineno}: DISCOUNT"]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ours:
            enough = len(node.args) > DISCOUNTING[node.func.id] or any(k.arg == "discount" for k in node.keywords)
            if not enough and not any(isinstance(argument, ast.Starred) for argument in node.args):
                found.append(f"line {node.lineno}: {ast.unparse(node)}")
    return found


CHECKED = sorted(
    path
    for folder in ("mesascope", "docs")
    for path in (ROOT / folder).rglob("*.py")
    if path.relative_to(ROOT).parts[1] not in OWN
)


@pytest.mark.parametrize("path", CHECKED, ids=lambda path: str(path.relative_to(ROOT)))
def test_whoever_has_a_world_discounts_as_it_does(path):
    assert passes_over_the_world(ast.parse(path.read_text(encoding="utf-8"))) == []


def test_what_is_looked_for_is_found():
    text = """
from mesascope.core.solver import DISCOUNT, optimal_values
v = optimal_values(mdp, weights)
w = DISCOUNT * optimal_values(mdp, weights, world.discount)
def f(d=DISCOUNT): ...
"""
    assert passes_over_the_world(ast.parse(text)) == ["line 3: optimal_values(mdp, weights)", "line 4: DISCOUNT"]
