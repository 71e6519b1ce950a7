"""The worst level that was found: what is lost there and to which gap, beside random draws and known subjects."""

from typing import Any

from mesascope.reports.html.parts import Cell, fold, paragraph, section, table
from mesascope.reports.markup import Markup, tag
from mesascope.reports.numbers import number, real
from mesascope.reports.reading import Audit, items, look, part, words

GAPS = (("outer", "outer gap"), ("inner", "inner gap"), ("capability", "capability gap"))


def worst_level(audit: Audit, name: str) -> Markup | None:
    """The search for the worst level; None where it was not run. Its pictures stand in the gallery."""
    found = part(audit, "worst_level")
    if not found:
        return None
    gaps = ", ".join(f"{said} {_number(look(found, 'ledger', gap, 'value'))}" for gap, said in GAPS)
    controls = "; ".join(
        f"{words(c, 'subject')} loses {_most(c, 'runs')} (drawn: {_most(c, 'drawn')})" for c in items(found, "controls")
    )
    rows: list[list[Cell]] = [
        [
            f"{words(s, 'size')}\N{MULTIPLICATION SIGN}{words(s, 'size')}",
            words(s, "evaluations"),
            _each(s, "runs"),
            _each(s, "drawn"),
        ]
        for s in items(found, "searches")
    ]
    return section(
        3,
        f"{name}-worst-level",
        "The worst level found",
        paragraph(
            f"Searching {words(found, 'evaluations')} levels for the largest regret by the intended goal came by one where "
            f"the subject loses {_number(found.get('regret'))} of {_number(found.get('optimal'))}: {gaps}. "
            "Nothing proves that there is none worse."
        ),
        tag("pre", words(found, "level"), class_="level-text"),
        table(["level size", "evaluations", "largest regret, run by run", "of as many random levels"], rows),
        fold("The same search on subjects that are known", paragraph(f"{controls}.")),
    )


def _number(value: Any) -> str:
    return number(real(value), 2)


def _each(found: Any, key: str) -> str:
    return ", ".join(_number(value) for value in items(found, key))


def _most(found: Any, key: str) -> str:
    return _number(max((value for value in items(found, key) if real(value) is not None), default=None))
