"""Parts that every section is made of: sections, tables, notes, badges, legends."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from mesascope.reports.figures.scale import Scale, covering
from mesascope.reports.figures.tracks import Mark, axis, bar, key, track
from mesascope.reports.markup import Child, Markup, join, tag
from mesascope.reports.numbers import MISSING, bounds, estimate_text, has_none, interval_text, none_text, number, point

Cell = str | Mapping[str, Any] | None
"""Text or markup stands as it is; an estimate is written with its interval, and what is none as missing."""


class Column(NamedTuple):
    """Head of a table's column; `kind` is text, number or figure."""

    head: Child
    kind: str = "number"


def text(head: Child) -> Column:
    """The head of a column of words."""
    return Column(head, "text")


def figure(head: Child, scale: Scale, most: int = 5) -> Column:
    """The head of a column of figures, which share the scale below it."""
    return Column(join(head, tag("br") if head else None, axis(scale, most)), "figure")


def section(level: int, name: str, title: Child, *children: Child, class_: str | None = None) -> Markup:
    """A section under a heading of that level, which can be linked to by name."""
    heading = tag(f"h{level}", title, id=f"{name}-title")
    return tag("section", heading, *children, id=name, class_=class_, aria_labelledby=f"{name}-title")


def folded(level: int, name: str, title: Child, *children: Child, class_: str = "folded") -> Markup:
    """A section of which only the heading shows until it is opened."""
    heading = tag(f"h{level}", title, id=f"{name}-title")
    body = tag("details", tag("summary", heading), *children)
    return tag("section", body, id=name, class_=class_, aria_labelledby=f"{name}-title")


def table(
    columns: Sequence[Column | str], rows: Sequence[Sequence[Cell]], *, caption: Child = None, digits: int = 2
) -> Markup:
    """A table whose first cell of each row is its heading; wide ones scroll inside of their frame.

    A head that is no `Column` is that of words in the first place and that of numbers elsewhere.
    """
    heads = [c if isinstance(c, Column) else Column(c, "number" if i else "text") for i, c in enumerate(columns)]
    body = []
    for first, *rest in rows:
        cells = [tag("th", _cell(first, digits), scope="row")]
        cells += [tag("td", _cell(cell, digits), class_=head.kind) for head, cell in zip(heads[1:], rest, strict=True)]
        body.append(tag("tr", *cells))
    drawn = tag(
        "table",
        None if caption is None else tag("caption", caption),
        tag("thead", tag("tr", *(tag("th", head.head, scope="col", class_=head.kind) for head in heads))),
        tag("tbody", *body),
    )
    return tag("div", drawn, class_="scroll", tabindex="0", role="group", aria_label="table")


def _cell(cell: Cell, digits: int) -> str:
    return cell if isinstance(cell, str) else value_cell(cell, digits)


def fold(title: Child, *children: Child, opened: bool = False) -> Markup:
    """Detail that opens on demand; a page is printed with what is open."""
    return tag("details", tag("summary", title), *children, open=opened)


def made_by(*commands: str) -> Markup:
    """The commands that a page comes from."""
    told = "Made by this command, which makes it again:" if len(commands) == 1 else "Made by these commands:"
    return join(paragraph(told), *(tag("pre", tag("code", command), tabindex="0") for command in commands))


_SIGNS = {
    "good": "\N{CHECK MARK}",
    "bad": "\N{BLACK UP-POINTING TRIANGLE}",
    "open": "?",
    "plain": "\N{BLACK CIRCLE}",
}


def badge(text: Child, tone: str = "plain") -> Markup:
    """A verdict in a word or two. The mark before it says the tone again, so that color never stands alone."""
    return tag("span", tag("span", _SIGNS[tone], aria_hidden="true", class_="sign"), " ", text, class_=f"badge {tone}")


def either(holds: object, yes: str, no: str, tone: str = "open") -> Markup:
    """A badge for what holds, or one of that tone for what does not."""
    return badge(yes, "good") if holds else badge(no, tone)


def legend(*entries: tuple[str, str, str]) -> Markup:
    """What each mark stands for: (text, look, shape)."""
    return tag("p", *(tag("span", key(look, shape), " ", text) for text, look, shape in entries), class_="legend")


def value_cell(estimate: object, digits: int = 2) -> Markup:
    """A value with its interval, smaller, under or beside it."""
    value = point(estimate)
    if value is None:
        return tag("span", MISSING, class_="missing", title="does not exist")
    shown = tag("span", number(value, digits), class_="value")
    if isinstance(estimate, Mapping) and has_none(estimate):
        return join(shown, " ", tag("span", none_text(estimate), class_="bounds"))
    if bounds(estimate) is None:
        return shown
    return join(shown, " ", tag("span", interval_text(estimate, digits), class_="bounds"))


def spanning(
    estimates: Iterable[object], width: float, least: tuple[float, float] = (0.0, 0.0), others: Sequence[float] = ()
) -> Scale:
    """The scale that holds estimates with their intervals, the range `least` and other values."""
    ends = [end for e in estimates for end in (point(e), *(bounds(e) or ()))]
    return covering([*ends, *others], width, least=least)


def barred(estimate: object, look: str, scale: Scale) -> Markup:
    """A bar with its whisker, the numbers under it."""
    return join(bar(mark(estimate, look), scale), tag("div", value_cell(estimate)))


def bars(
    rows: Mapping[str, Sequence[object]], heads: Sequence[Child], looks: Sequence[str], scale: Scale, ticks: int = 3
) -> Markup:
    """A table of bars on one scale: a row of estimates for each name, a look for each column."""
    drawn: list[list[Cell]] = [
        [name, *(barred(e, look, scale) for e, look in zip(row, looks, strict=True))] for name, row in rows.items()
    ]
    return table(["", *(figure(head, scale, ticks) for head in heads)], drawn)


def marked(estimate: object, look: str, shape: str, scale: Scale, references: Sequence[float] = ()) -> Markup:
    """One estimate on a track."""
    return track([mark(estimate, look, shape)], scale, references)


def mark(estimate: object, look: str, shape: str = "dot") -> Mark:
    """An estimate as a mark of a figure."""
    return Mark(point(estimate), bounds(estimate), look, shape)


def paragraph(*children: Child, class_: str | None = None) -> Markup:
    """A paragraph."""
    return tag("p", *children, class_=class_)


def note(*children: Child) -> Markup:
    """A paragraph in small print."""
    return paragraph(*children, class_="note")


def sentence(text: str) -> str:
    """Text with a capital at its start."""
    return text[:1].upper() + text[1:]


def strong(estimate: object, digits: int = 2) -> Markup:
    """An estimate inside of a sentence."""
    return tag("span", estimate_text(estimate, digits), class_="number")
