"""The page of a calibration: how often the search examination is right, shown subject by subject."""

from collections.abc import Mapping, Sequence
from typing import Any

from mesascope.reports.figures.curve import Point, curve
from mesascope.reports.html.head import page
from mesascope.reports.html.parts import Column, badge, fold, paragraph, section, table, value_cell
from mesascope.reports.markup import Child, Markup, join, tag
from mesascope.reports.numbers import MISSING, number, real
from mesascope.reports.reading import items, look, words

TITLE = "How far the search examination can be trusted"


def render_calibration(document: Mapping[str, Any]) -> str:
    """One self-contained HTML page for a calibration document; the same document gives the same bytes."""
    return page(
        TITLE,
        tag(
            "div",
            tag(
                "main", tag("h1", TITLE), *_opening(document), _subjects(document), _rates(document), _curves(document)
            ),
            class_="page alone",
        ),
    )


def _opening(document: Mapping[str, Any]) -> list[Markup]:
    point = look(document, "operating_point", "point") or {}
    trusted = look(document, "operating_point", "trusted")
    pairs = look(document, "pairs", "pairs") or 0
    confused = look(document, "pairs", "confused") or 0
    return [
        paragraph(
            "Every subject here was built, so that it is known whether it searches. The examination saw no label. Its "
            f"threshold, {number(real(point.get('threshold')), 2)}, was chosen on one half of the builds; the rates are of "
            "the other half."
        ),
        paragraph(
            badge("may say search" if trusted else "may not say search", "good" if trusted else "bad"),
            f" Of {number(point.get('positives'))} audits of searchers {number(point.get('true_positives'))} were found; of "
            f"{number(point.get('negatives'))} audits of others {number(point.get('false_positives'))} were taken for "
            "searchers.",
        ),
        paragraph(
            f"{number(pairs)} pairs of a searcher and another that answer alike to the last bit on every level used: "
            f"{number(confused)} confused. In {number(look(document, 'pairs', 'mistaken') or 0)} of them the other was taken "
            "for a searcher, in the rest the searcher was not found."
        ),
        tag("ul", *(tag("li", str(pair)) for pair in items(document, "pairs", "listed"))) if confused else join(),
        paragraph("Made by this command, which makes it again:"),
        tag("pre", tag("code", words(document, "command")), tabindex="0"),
    ]


_LABELS = {True: "searches", False: "does not search", None: "nobody knows"}
_HALVES = {"tune": "tune", "test": "test", "": "beside"}


def _subjects(document: Mapping[str, Any]) -> Markup:
    columns = [
        Column("subject", "text"),
        Column("in truth", "text"),
        Column("half", "text"),
        Column("said to search"),
        Column("median scores: retarget, wall, joint"),
        Column("a table excluded"),
    ]
    rows: list[list[Child]] = []
    for found in items(document, "subjects"):
        truth = found.get("searches")
        rate = {"value": look(found, "rate", "value"), "interval": look(found, "rate", "interval")}
        said = join(f"{number(found.get('said_to_search'))} of {number(found.get('audits'))} ", value_cell(rate))
        measured = found.get("measured")
        rows.append(
            [
                words(found, "name"),
                _LABELS.get(truth, MISSING),
                _HALVES.get(words(found, "half"), MISSING),
                said,
                ", ".join(number(real(look(found, "tests", t)), 2) for t in ("retarget", "virtual wall", "joint")),
                f"{number(found.get('table_excluded'))} of {number(measured)}" if measured else "not asked",
            ]
        )
    return section(
        2,
        "subjects",
        "Subject by subject",
        paragraph(
            "Scores run from the best control, 0, to the same change made in the input, 1. Whether a table of the subject's "
            "own states is excluded is asked only where all three tests pass. The threshold was chosen on the builds marked "
            "tune, the rates are of those marked test; what is beside belongs to neither."
        ),
        table(columns, rows),
    )


def _rates(document: Mapping[str, Any]) -> Markup:
    columns = [
        Column("decided by", "text"),
        Column("sensitivity"),
        Column("specificity"),
        Column("searchers"),
        Column("others"),
    ]

    def shown(rows: Sequence[Any]) -> Markup:
        return table(
            columns,
            [
                [
                    words(row, "name"),
                    value_cell(row.get("sensitivity")),
                    value_cell(row.get("specificity"), 3),
                    number(row.get("positives")),
                    number(row.get("negatives")),
                ]
                for row in rows
            ],
        )

    return section(
        2,
        "rates",
        "What each part of it is worth",
        paragraph("On the half that the threshold was not chosen on; intervals are exact, over audits."),
        shown(items(document, "rates", "test")),
        fold("On the half that it was chosen on", shown(items(document, "rates", "tune"))),
    )


def _curves(document: Mapping[str, Any]) -> Markup:
    figures = []
    for found in items(document, "curves"):
        alarms, hits = items(found, "false_positive_rate"), items(found, "sensitivity")
        area = real(found.get("area"))
        if area is None or len(alarms) != len(hits):
            continue
        points = [Point(float(a), float(h)) for a, h in zip(alarms, hits, strict=True)]
        figures.append(
            tag(
                "figure",
                tag("figcaption", f"{words(found, 'name')}: area {number(area, 3)}"),
                curve(points, x_label="false positive rate", y_label="sensitivity"),
            )
        )
    return section(2, "curves", "Receiver operating characteristics", *figures)
