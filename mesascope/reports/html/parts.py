"""Parts that every section is made of: sections, tables, notes, badges, legends."""

from collections.abc import Sequence
from typing import NamedTuple

from mesascope.reports.figures.scale import Scale
from mesascope.reports.figures.tracks import Mark, bar, key
from mesascope.reports.markup import Child, Markup, join, tag
from mesascope.reports.numbers import MISSING, bounds, estimate_text, interval_text, number, point


class Column(NamedTuple):
    """Head of a table's column; `kind` is text, number or figure."""

    head: Child
    kind: str = "number"


def section(level: int, name: str, title: Child, *children: Child) -> Markup:
    """A section under a heading of that level, which can be linked to by name."""
    heading = tag(f"h{level}", title, id=f"{name}-title")
    return tag("section", heading, *children, id=name, aria_labelledby=f"{name}-title")


def table(columns: Sequence[Column], rows: Sequence[Sequence[Child]], *, caption: Child = None) -> Markup:
    """A table whose first cell of each row is its heading; wide ones scroll inside of their frame."""
    heads = [tag("th", column.head, scope="col", class_=column.kind) for column in columns]
    body = []
    for first, *rest in rows:
        cells = [tag("th", first, scope="row")]
        cells += [tag("td", cell, class_=column.kind) for column, cell in zip(columns[1:], rest, strict=True)]
        body.append(tag("tr", *cells))
    drawn = tag(
        "table",
        None if caption is None else tag("caption", caption),
        tag("thead", tag("tr", *heads)),
        tag("tbody", *body),
    )
    return tag("div", drawn, class_="scroll", tabindex="0", role="group", aria_label="table")


def fold(title: Child, *children: Child, opened: bool = False) -> Markup:
    """Detail that opens on demand, and always in print."""
    return tag("details", tag("summary", title), *children, open=opened)


_SIGNS = {
    "good": "\N{CHECK MARK}",
    "bad": "\N{BLACK UP-POINTING TRIANGLE}",
    "open": "?",
    "plain": "\N{BLACK CIRCLE}",
}


def badge(text: Child, tone: str = "plain") -> Markup:
    """A verdict in a word or two. The mark before it says the tone again, so that color never stands alone."""
    return tag("span", tag("span", _SIGNS[tone], aria_hidden="true", class_="sign"), " ", text, class_=f"badge {tone}")


def legend(*entries: tuple[str, str, str]) -> Markup:
    """What each mark stands for: (text, look, shape)."""
    return tag("p", *(tag("span", key(look, shape), " ", text) for text, look, shape in entries), class_="legend")


def value_cell(estimate: object, digits: int = 2) -> Markup:
    """A value with its interval, smaller, under or beside it."""
    value = point(estimate)
    if value is None:
        return tag("span", MISSING, class_="missing", title="does not exist")
    shown = tag("span", number(value, digits), class_="value")
    if bounds(estimate) is None:
        return shown
    return join(shown, " ", tag("span", interval_text(estimate, digits), class_="bounds"))


def barred(estimate: object, look: str, scale: Scale) -> Markup:
    """A bar with its whisker, the numbers under it."""
    return join(bar(mark(estimate, look), scale), tag("div", value_cell(estimate)))


def mark(estimate: object, look: str, shape: str = "dot") -> Mark:
    """An estimate as a mark of a figure."""
    return Mark(point(estimate), bounds(estimate), look, shape)


def paragraph(*children: Child, class_: str | None = None) -> Markup:
    """A paragraph."""
    return tag("p", *children, class_=class_)


def strong(estimate: object, digits: int = 2) -> Markup:
    """An estimate inside of a sentence."""
    return tag("span", estimate_text(estimate, digits), class_="number")
