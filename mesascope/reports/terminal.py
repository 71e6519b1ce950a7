"""What `mesascope audit` prints: one row for each subject, the conclusion in words, and where the report is.

Text is escaped before it is printed: no name in a document can move the cursor, recolor the screen or hide a word.
"""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mesascope.reports.numbers import MISSING, estimate_text, number
from mesascope.reports.plain import HALVES, alignment_tone, alignment_words, conclusion, half_words, search_words
from mesascope.reports.reading import (
    Audit,
    capability_failure,
    competence_at_base,
    event_words,
    items,
    label,
    look,
    part,
    strongest,
    telling_events,
    telling_shift,
)

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

WIDE = 120
"""Columns of a terminal from which on each subject gets one row."""

_STYLES = {"good": "green", "bad": "red", "open": "yellow", "plain": ""}


def printable(text: object) -> str:
    r"""`text` with everything that a terminal might act on written as an escape such as `\x1b`."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in str(text))


def verdict_rows(audits: Sequence[Audit]) -> tuple[list[str], list[list[str]]]:
    """Column heads and one row of plain text for each audit; lines inside of a cell are apart by a line end."""
    shift = telling_shift(audits) if audits else None
    events = telling_events(audits, shift) if shift else []
    inside = any(part(audit, "mesa_objective", "weights") for audit in audits)
    columns = [
        "subject",
        "competence\nin training",
        *(f"{shift}:\n{event_words(audits[0], event)}" for event in events),
        "search",
    ]
    columns += ["inferred objective\n(behavior)", *(["located objective\n(internals)"] if inside else [])]
    columns += [*HALVES, "alignment"]
    kinds = ("behavioral_objective", "mesa_objective") if inside else ("behavioral_objective",)
    rows = []
    for audit in audits:
        row = [label(audit, audits), _stacked("", competence_at_base(audit)[1])]
        row += [_stacked("", look(audit, "behavior", shift or "", event)) for event in events]
        row += [_search(audit), *(_weights(audit, kind) for kind in kinds)]
        row += [*(half_words(audit, half) for half in HALVES), alignment_words(audit)]
        rows.append([printable(cell) for cell in row])
    return [printable(column) for column in columns], rows


def _stacked(name: str, estimate: object) -> str:
    """A value with its interval under it."""
    value = estimate_text(estimate).replace(" [", "\n[")
    return f"{name} {value}" if name else value


def _search(audit: Audit) -> str:
    """The verdict on search, and under it how far from its threshold it was."""
    margin = look(audit, "search", "margin")
    return search_words(audit) if margin is None else f"{search_words(audit)}\nmargin {number(margin)}"


def _weights(audit: Audit, kind: str) -> str:
    weights = {} if capability_failure(audit) else part(audit, kind, "weights")
    rows = [_stacked(feature, weights[feature]) for feature in strongest(weights, most=2)]
    if rows and look(audit, kind, "sum_over_features") is False:
        rows.append("not a sum over features")
    if rows and look(audit, kind, "known") is True:
        rows.append("(read where it is kept)" if kind == "mesa_objective" else "(built in, not inferred)")
    return "\n".join(rows) or MISSING


def verdict_table(audits: Sequence[Audit]) -> "Table":
    """The rows as a table for rich; the two verdicts stand below the one on alignment, in its column."""
    from rich.table import Table
    from rich.text import Text

    columns, rows = verdict_rows(audits)
    halves = slice(-1 - len(HALVES), -1)
    below = ["\n".join(f"{half}: {said}" for half, said in zip(HALVES, row[halves], strict=True)) for row in rows]
    columns, rows = [*columns[: halves.start], columns[-1]], [[*row[: halves.start], row[-1]] for row in rows]
    drawn = Table(box=None, pad_edge=False, show_edge=False, header_style="bold", leading=1)
    for column in columns:
        drawn.add_column(Text(column))
    for audit, row, said in zip(audits, rows, below, strict=True):
        alignment = Text.assemble((row[-1], _STYLES[alignment_tone(audit)]), "\n", said)
        drawn.add_row(*map(Text, row[:-1]), alignment)
    return drawn


def verdict_blocks(audits: Sequence[Audit]) -> "Table":
    """The same for a terminal too narrow for rows: one line for each column, one block for each audit."""
    from rich.table import Table
    from rich.text import Text

    columns, rows = verdict_rows(audits)
    drawn = Table(box=None, pad_edge=False, show_edge=False, show_header=False)
    for row in rows:
        for column, cell in zip(columns, row, strict=True):
            style = "bold" if column == columns[0] else ""
            drawn.add_row(Text(_one_line(column)), Text(_one_line(cell), style=style))
        drawn.add_row("", "")
    return drawn


def _one_line(cell: str) -> str:
    """A cell of several lines as one: intervals after their value, weights apart by commas."""
    return cell.replace("\n[", " [").replace("]\n", "], ").replace("\n", " ")


def verdict(
    audits: Sequence[Audit], report: str | os.PathLike[str] | None = None, width: int = WIDE
) -> "RenderableType":
    """Table, conclusion and the place of the report, as one renderable for a console of a width."""
    from rich.console import Group
    from rich.text import Text

    drawn = verdict_table(audits) if width >= WIDE else verdict_blocks(audits)
    parts: list[RenderableType] = [drawn, Text(""), Text(printable(conclusion(audits)))]
    if report is not None:
        parts.append(Text(f"Report: {printable(os.fspath(report))}", overflow="fold"))
    return Group(*parts)


def summary(
    audits: Sequence[Audit], report: str | os.PathLike[str] | None = None, console: "Console | None" = None
) -> None:
    """Print the verdict: as a colored table on a terminal, plainly elsewhere and where NO_COLOR is set.

    Without a terminal each line is one record of `name: value` pairs, which no width can fold.
    """
    from rich.console import Console

    shown = console or Console(markup=False, emoji=False, highlight=False)
    if shown.is_terminal:
        shown.print(verdict(audits, report, shown.width))
        return
    for line in plain_lines(audits, report):
        shown.print(line, soft_wrap=True, markup=False, emoji=False, highlight=False)


def plain_lines(audits: Sequence[Audit], report: str | os.PathLike[str] | None = None) -> list[str]:
    """The same as lines of plain text."""
    columns, rows = verdict_rows(audits)
    lines = [
        "; ".join(f"{_one_line(column)} {_one_line(cell)}" for column, cell in zip(columns, row, strict=True))
        for row in rows
    ]
    lines.append(printable(conclusion(audits)))
    return lines if report is None else [*lines, f"Report: {printable(os.fspath(report))}"]


def calibration_lines(document: Audit, page: str | os.PathLike[str] | None = None) -> list[str]:
    """What `mesascope calibrate` prints: subjects, the operating point, pairs."""
    lines = []
    for found in items(document, "subjects"):
        truth = {True: "searches", False: "does not search"}.get(found.get("searches"), "nobody knows")
        said = f"said to search in {found.get('said_to_search')} of {found.get('audits')} audits"
        lines.append(printable(f"{found.get('name')} ({truth}): {said}"))
    point = part(document, "operating_point", "point")
    for half, told in (("tune", "chosen on"), ("test", "held out")):
        rates = [row for row in items(document, "rates", half) if "capacity" in str(row.get("name"))]
        for row in rates:
            lines.append(
                f"{told}: sensitivity {estimate_text(row.get('sensitivity'))}, specificity "
                f"{estimate_text(row.get('specificity'), 3)}"
            )
    lines.append(
        f"Threshold {point.get('threshold')}; pairs that answer alike: {look(document, 'pairs', 'pairs')}, confused: "
        f"{look(document, 'pairs', 'confused')}, {look(document, 'pairs', 'mistaken')} of them by taking the other for a "
        "searcher."
    )
    return lines if page is None else [*lines, f"Page: {printable(os.fspath(page))}"]


def calibration_summary(document: Audit, page: str | os.PathLike[str] | None = None) -> None:
    """Print `calibration_lines`."""
    from rich.console import Console

    shown = Console(markup=False, emoji=False, highlight=False)
    for line in calibration_lines(document, page):
        shown.print(line, soft_wrap=True, markup=False, emoji=False, highlight=False)
