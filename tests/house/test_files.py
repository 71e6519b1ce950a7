import ast
import re

import pytest

from tests.house.tree import ROOT, modules, python, texts

LARGEST = 25_000
BRITISH = (
    r"behaviour|colour|neighbour|favour|honour|labell|modell|cancell(?!ation)|normalis|initialis|generalis|minimis|maximis"
    r"|optimis(?!m|t)|regularis|recognis|summaris|visualis|organis(?!m)|randomis|serialis|\bcentre|\bmetre|licence|catalogue"
)
# Names and titles that are not ours to spell.
NOT_OURS = r"generalised_advantage_estimation|tree_(de)?serialise_\w+|aria.labelledby|Invariance in policy optimisation"
MACHINE = r"/(?:work|root|home|tmp|Users)/\w|(?:py" r"pi|python" r"hosted)\.org|registry\.np" r"mjs"


def lines_with(pattern, text):
    return [f"{i}: {line.strip()[:100]}" for i, line in enumerate(text.splitlines(), 1) if re.search(pattern, line)]


def findings(pattern, skip=()):
    found = {}
    for path in texts():
        name = path.relative_to(ROOT).as_posix()
        hits = lines_with(pattern, re.sub(NOT_OURS, "", path.read_text("utf-8")))
        if hits and name not in skip:
            found[name] = hits
    return found


@pytest.mark.parametrize(
    "path", python("mesascope", "tests", "benchmarks"), ids=lambda p: p.relative_to(ROOT).as_posix()
)
def test_no_file_is_larger_than_one_idea(path):
    assert path.stat().st_size <= LARGEST


def test_spelling_is_american():
    assert findings(BRITISH, skip={"tests/house/test_files.py"}) == {}


def test_no_machine_and_no_registry_is_named():
    assert findings(MACHINE, skip={"CONTRIBUTING.md"}) == {}


@pytest.mark.parametrize("text", ["behaviour", "a Colour".lower(), "normalised", "centre", "optimisation"])
def test_the_spelling_test_can_fail(text):
    assert lines_with(BRITISH, text)


@pytest.mark.parametrize("text", ["optimist", "organism", "cancellation", "behavior", "center", "epicentre"[:4]])
def test_the_spelling_test_can_pass(text):
    assert not lines_with(BRITISH, text)


@pytest.mark.parametrize("parts", [("see ", "work", "main"), ("https:", "", "py" + "pi.org"), ("", "home", "me", "x")])
def test_the_machine_test_can_fail(parts):
    assert lines_with(MACHINE, "/".join(parts))


def is_overload(node):
    """One signature among several, whose docstring is that of the function itself."""
    return any(isinstance(d, ast.Name) and d.id == "overload" for d in node.decorator_list)


def undocumented(name, tree):
    """The module itself and its public classes, functions and methods without a docstring."""
    missing = [] if ast.get_docstring(tree) else [name]
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            inner = node.body if isinstance(node, ast.ClassDef) else []
            methods = [m for m in inner if isinstance(m, ast.FunctionDef) and not m.name.startswith("_")]
            missing += [f"{name}: {n.name}" for n in (node, *methods) if not (ast.get_docstring(n) or is_overload(n))]
    return missing


def test_everything_public_has_a_docstring():
    assert [gap for name, tree in modules().items() for gap in undocumented(name, tree)] == []


def test_the_docstring_test_can_fail():
    source = '"""Module."""\nclass A:\n    def f(self): pass\n    def _g(self): pass\ndef h(): "Says."\n'
    assert undocumented("m", ast.parse(source)) == ["m: A", "m: f"]
    assert undocumented("m", ast.parse('"""Module."""\n@overload\ndef f(): ...\n@cache\ndef f(): ...')) == ["m: f"]
