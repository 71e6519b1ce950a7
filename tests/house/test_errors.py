import re

from mesascope.core import errors
from tests.house.tree import ROOT


def test_every_error_has_its_row_with_its_exit_code():
    kinds = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.MesascopeError)
    ]
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (\d+) \|", (ROOT / "docs" / "errors.md").read_text(), re.MULTILINE))
    assert {kind.code: str(kind.exit_code) for kind in kinds} == {
        code: exit_code for code, exit_code in rows.items() if code not in ("internal", "interrupted")
    }
    assert len({kind.code for kind in kinds}) == len(kinds)
