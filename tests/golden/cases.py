"""The list of cases, read from `cases.toml`."""

import shlex
import tomllib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, NamedTuple

HERE = Path(__file__).resolve().parent
COMMON = ("--quick", "--seeds", "1", "--json")
"""Arguments of every case."""


class Case(NamedTuple):
    """One audit whose result is kept.

    Attributes:
        name: Name of the case and of its file below `values/`.
        arguments: What follows `mesascope audit`, without `COMMON` and `--out`.
        kind: `exact` where the subject is built, `trained` where it is trained first.
        quick: Whether it takes a few seconds, so that every run of the tests includes it.
    """

    name: str
    arguments: tuple[str, ...]
    kind: Literal["exact", "trained"]
    quick: bool = False

    def command(self, out: Path) -> tuple[str, ...]:
        """Arguments of `mesascope`, writing to a folder."""
        return ("audit", *self.arguments, *COMMON, "--out", str(out))

    @property
    def golden(self) -> Path:
        """The file of golden values."""
        return HERE / "values" / f"{self.name}.json"


def read_cases() -> tuple[Case, ...]:
    """All cases, in the order of the file; those of the zoo last."""
    listed = tomllib.loads((HERE / "cases.toml").read_text("utf-8"))
    cases = [
        Case(name, tuple(shlex.split(row["audit"])), row["kind"], row.get("quick", False))
        for name, row in listed["case"].items()
    ]
    zoo = listed["zoo"]
    for text in zoo["organisms"]:
        arguments = (*shlex.split(zoo["audit"]), "--subject", f"organism:{text}")
        name = "zoo-" + "".join(c if c.isalnum() or c == "-" else "-" for c in text)
        cases.append(Case(name, arguments, "exact"))
    return tuple(cases)


def select(names: Sequence[str], quick: bool = False) -> tuple[Case, ...]:
    """The cases whose names match one of the patterns (all, if there is none).

    Args:
        names: Names, which may hold `*` and `?`.
        quick: Only those that take a few seconds.

    Raises:
        SystemExit: If a pattern matches no case.
    """
    cases = read_cases()
    for name in names:
        if not any(fnmatchcase(case.name, name) for case in cases):
            raise SystemExit(f"no golden case is called '{name}'; tests/golden/cases.toml lists them")
    wanted = [case for case in cases if not names or any(fnmatchcase(case.name, name) for name in names)]
    return tuple(case for case in wanted if case.quick or not quick)
