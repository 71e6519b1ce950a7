"""The page of a calibration: how often the search examination is right, shown subject by subject."""

from collections.abc import Iterable, Mapping
from typing import Any

from mesascope.reports.figures.curve import Point, curve
from mesascope.reports.html.head import page_alone
from mesascope.reports.html.parts import (
    Cell,
    either,
    fold,
    made_by,
    paragraph,
    section,
    table,
    text,
    value_cell,
)
from mesascope.reports.markup import Markup, join, tag
from mesascope.reports.numbers import MISSING, number, real
from mesascope.reports.reading import items, look, part, words

TITLE = "How far the search examination can be trusted"


def render_calibration(document: Mapping[str, Any]) -> str:
    """One self-contained HTML page for a calibration document; the same document gives the same bytes."""
    return page_alone(TITLE, *_opening(document), _subjects(document), _rates(document), _curves(document))


def _opening(document: Mapping[str, Any]) -> list[Markup]:
    point, pairs = part(document, "operating_point", "point"), part(document, "pairs")
    confused = pairs.get("confused") or 0
    return [
        paragraph(
            "Every subject here was built, so that it is known whether it searches. The examination saw no label. Its "
            f"threshold, {number(real(point.get('threshold')), 2)}, was chosen on one half of the builds; the rates are of "
            "the other half."
        ),
        paragraph(
            either(look(document, "operating_point", "trusted"), "may say search", "may not say search", "bad"),
            f" Of {number(point.get('positives'))} audits of searchers {number(point.get('true_positives'))} were found; of "
            f"{number(point.get('negatives'))} audits of others {number(point.get('false_positives'))} were taken for "
            "searchers.",
        ),
        paragraph(
            f"{number(pairs.get('pairs') or 0)} pairs of a searcher and another that answer alike to the last bit on every "
            f"level used: {number(confused)} confused. In {number(pairs.get('mistaken') or 0)} of them the other was taken "
            "for a searcher, in the rest the searcher was not found."
        ),
        tag("ul", *(tag("li", str(pair)) for pair in items(pairs, "listed"))) if confused else join(),
        made_by(words(document, "command")),
    ]


_LABELS = {True: "searches", False: "does not search", None: "nobody knows"}
_HALVES = {"tune": "tune", "test": "test", "": "beside"}


def _subjects(document: Mapping[str, Any]) -> Markup:
    named = dict.fromkeys(name for found in items(document, "subjects") for name in part(found, "tests"))
    scores = f"median scores: {', '.join(named)}"
    return section(
        2,
        "subjects",
        "Subject by subject",
        paragraph(
            "Scores run from the best control, 0, to the same change made in the input, 1. Whether a table of the subject's "
            "own states is excluded is asked only where all three tests pass. The threshold was chosen on the builds marked "
            "tune, the rates are of those marked test; what is beside belongs to neither."
        ),
        table(
            ["subject", text("label"), text("half"), "verdict search", scores, "a table excluded"],
            [_subject(found, named) for found in items(document, "subjects")],
        ),
    )


def _subject(found: Mapping[str, Any], named: Iterable[str]) -> list[Cell]:
    rate, measured = part(found, "rate"), found.get("measured")
    said = f"{number(found.get('said_to_search'))} of {number(found.get('audits'))} "
    return [
        words(found, "name"),
        _LABELS.get(found.get("searches"), MISSING),
        _HALVES.get(words(found, "half"), MISSING),
        join(said, value_cell({"value": rate.get("value"), "interval": rate.get("interval")})),
        ", ".join(number(real(look(found, "tests", t)), 2) for t in named),
        f"{number(found.get('table_excluded'))} of {number(measured)}" if measured else "not asked",
    ]


def _rates(document: Mapping[str, Any]) -> Markup:
    def shown(half: str) -> Markup:
        rows: list[list[Cell]] = [
            [
                words(row, "name"),
                row.get("sensitivity"),
                value_cell(row.get("specificity"), 3),
                number(row.get("positives")),
                number(row.get("negatives")),
            ]
            for row in items(document, "rates", half)
        ]
        return table(["decided by", "sensitivity", "specificity", "searchers", "others"], rows)

    return section(
        2,
        "rates",
        "What each part of it is worth",
        paragraph("On the half that the threshold was not chosen on; intervals are exact, over audits."),
        shown("test"),
        fold("On the half that it was chosen on", shown("tune")),
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
