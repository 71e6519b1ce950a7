"""A reproduction in words: published numbers beside ours, and which published statements ours bear out."""

from collections.abc import Callable, Mapping
from typing import Any

from mesascope.reports.numbers import number, real
from mesascope.reports.reading import items, words
from mesascope.reports.studied import Conditions, Shown

ROWS = ("what", "published", "their setting", "our condition", "ours, mean over seeds", "seeds")
CLAIMS = ("statement", "whose", "difference, ours", "share of seeds for which it holds", "seeds", "on ours")


def rows_table(document: Mapping[str, Any], show: Callable[[Any], Shown]) -> Conditions[Shown]:
    """Numbers side by side. `show` writes a value with its interval."""
    return Conditions(
        list(ROWS),
        [
            [
                words(row, "what"),
                number(real(row.get("published")), 2),
                words(row, "setting"),
                words(row, "condition"),
                show(row.get("ours")),
                str(row.get("seeds")),
            ]
            for row in items(document, "rows")
        ],
    )


def claims_table(document: Mapping[str, Any], show: Callable[[Any], Shown]) -> Conditions[Shown]:
    """Statements, how much larger ours is in their direction, and what that comes to."""
    return Conditions(
        list(CLAIMS),
        [
            [
                words(claim, "claim"),
                words(claim, "whose"),
                show(claim.get("difference")),
                "—" if claim.get("along") is None else show(claim.get("along")),
                " and ".join(map(str, items(claim, "seeds"))),
                words(claim, "answer"),
            ]
            for claim in items(document, "claims")
        ],
    )
