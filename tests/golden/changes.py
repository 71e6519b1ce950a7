"""Changes on purpose: the rows of `CHANGES.md`."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from tests.golden.compare import Difference


class Change(NamedTuple):
    """Differences that are meant: patterns of cases and of paths, and why."""

    case: str
    path: str
    reason: str


def read_changes(text: str) -> tuple[Change, ...]:
    """Read the table of `CHANGES.md`.

    Args:
        text: The page. Rows of its table are `| case | path | reason |`; `*` and `?` stand for any letters.

    Raises:
        ValueError: If a row has another number of cells, or no reason.
    """
    rows = [line.strip() for line in text.splitlines() if line.strip().startswith("|")]
    found = []
    for row in rows[2:]:  # after the header and the line below it
        cells = [cell.strip().strip("`") for cell in row.strip("|").split("|")]
        if len(cells) != 3 or not all(cells):
            raise ValueError(f"CHANGES.md: expected `| case | path | reason |`, found: {row}")
        found.append(Change(*cells))
    return tuple(found)


def split(
    case: str, differences: Sequence[Difference], changes: Sequence[Change]
) -> tuple[list[Difference], list[tuple[Difference, Change]]]:
    """Tell differences that nobody meant from those that are listed.

    Args:
        case: Name of the case that they were found in.
        differences: What was found.
        changes: What is listed.

    Returns:
        The unlisted differences, and the listed ones, each with the first row that lists it.
    """
    mine = [change for change in changes if fnmatchcase(case, change.case)]
    unlisted, listed = [], []
    for difference in differences:
        row = next((change for change in mine if fnmatchcase(difference.path, change.path)), None)
        if row is None:
            unlisted.append(difference)
        else:
            listed.append((difference, row))
    return unlisted, listed
