import hashlib

import pytest

from mesascope.core.errors import UsageError
from mesascope.core.named_code import named_code


def test_code_of_the_current_folder_is_found_with_the_hash_of_its_file(tmp_path, monkeypatch):
    text = "def twice(x):\n    return 2 * x\n"
    (tmp_path / "named_code_of_mine.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    code = named_code("named_code_of_mine:twice", "observe")
    assert code.called(4, what="observe") == 8
    assert code.identity == {"name": "named_code_of_mine:twice", "sha256": hashlib.sha256(text.encode()).hexdigest()}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("math", "observe: expected code as MODULE:ATTRIBUTE, found 'math'"),
        (":sqrt", "observe: expected code as MODULE:ATTRIBUTE, found ':sqrt'"),
        ("no_such_module_here:f", "observe: importing no_such_module_here failed"),
        ("math:sqr", "unknown attribute of math 'sqr': did you mean 'sqrt'?"),
    ],
)
def test_what_is_no_code_is_named(name, message):
    with pytest.raises(UsageError, match=message.replace("?", r"\?")):
        named_code(name, "observe")


def test_code_that_cannot_be_called_and_code_that_fails_are_named():
    with pytest.raises(UsageError, match="observe: math:pi is a float; expected a function or a class"):
        named_code("math:pi", "observe").called(what="observe")
    with pytest.raises(UsageError, match=r"observe: calling sqrt\(str\) failed: TypeError: must be real number"):
        named_code("math:sqrt", "observe").called("4", what="observe")
