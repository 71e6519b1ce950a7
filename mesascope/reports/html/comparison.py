"""Several audits side by side: the same training score, and what it hides."""

from collections.abc import Sequence

from mesascope.reports import plain
from mesascope.reports.figures.scale import Scale
from mesascope.reports.html.opening import anchor
from mesascope.reports.html.parts import (
    Cell,
    Column,
    badge,
    note,
    paragraph,
    section,
    table,
    text,
    value_cell,
)
from mesascope.reports.markup import Markup, join, tag
from mesascope.reports.reading import (
    Audit,
    competence_at_base,
    event_words,
    label,
    rewarded,
    telling_shift,
    words,
)
from mesascope.reports.study import failure

_SHARE = Scale(0.0, 1.0, 112.0)


def comparison(audits: Sequence[Audit]) -> Markup | None:
    """The section that compares; None for a single audit."""
    if len(audits) < 2:
        return None
    return section(2, "comparison", "Side by side", *_scores(audits))


def _scores(audits: Sequence[Audit]) -> list[Markup]:
    shift = telling_shift(audits)
    columns = [
        text(""),
        Column(join("Competence", tag("small", _measured_at(audits[0]))), "figure"),
        *(text(head) for head in VERDICT_HEADS),
    ]
    rows: list[list[Cell]] = [
        [
            tag("a", label(audit, audits), href=f"#{anchor(audits, audit)}"),
            value_cell(competence_at_base(audit)[1]),
            *verdict_cells(audit),
        ]
        for audit in audits
    ]
    sentence = words(audits[0], "world", "shifts", shift) if shift else ""
    told = []
    if shift and sentence:
        told.append(note("What the training score hides shows under ", tag("b", shift), f": {sentence}."))
    failed = [f"{label(a, audits)}: {why}" for a in audits if (why := failure(a))]
    if failed:
        told.append(paragraph(f"Capability failures, in no average. {'; '.join(failed)}."))
    return [tag("figure", table(columns, rows), class_="verdict-table"), *told]


VERDICT_HEADS = ("Search", "After", *map(str.capitalize, plain.HALVES), "Alignment")
"""Heads of the columns that `verdict_cells` fills."""


def verdict_cells(audit: Audit) -> list[Cell]:
    """The verdicts of one audit, a cell for each of `VERDICT_HEADS`."""
    return [
        badge(plain.search_words(audit), plain.search_tone(audit)),
        plain.answers(audit)[1].verdict,
        *(badge(plain.brief(plain.half_words(audit, half)), plain.half_tone(audit, half)) for half in plain.HALVES),
        badge(plain.alignment_words(audit), plain.alignment_tone(audit)),
    ]


def _measured_at(audit: Audit) -> str:
    name = competence_at_base(audit)[0]
    at_base = name in ("base", "base objective", "+".join(rewarded(audit)))
    return f"in training, at {'+'.join(rewarded(audit))}" if at_base else f"in training, at {name or 'no objective'}"


def _event(audit: Audit, event: str) -> str:
    return "Nothing touched" if event == "nothing" else event_words(audit, event).capitalize()
