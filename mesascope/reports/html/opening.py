"""The top of the report: the question, the conclusion, and one verdict card for each audit."""

from collections.abc import Sequence

from mesascope.reports import plain
from mesascope.reports.html.parts import badge, folded, paragraph, section
from mesascope.reports.markup import Markup, tag
from mesascope.reports.numbers import number
from mesascope.reports.reading import Audit, label, look, part, words


def opening(audits: Sequence[Audit], title: str) -> Markup:
    """The question, and the conclusion."""
    return tag(
        "header",
        paragraph(_kicker(audits), class_="kicker"),
        tag("h1", title),
        paragraph(plain.conclusion(audits), class_="lead"),
        id="top",
    )


def verdicts(audits: Sequence[Audit]) -> Markup:
    """A card of the answers for each audit: at once of one, and on demand of several, whose table says them already."""
    cards = tag("div", *(_card(audit, audits) for audit in audits), class_="cards")
    if len(audits) > 1:
        return folded(2, "verdicts", "The verdicts and why", cards)
    return section(2, "verdicts", "The verdict", cards)


def anchor(audits: Sequence[Audit], audit: Audit) -> str:
    """Name of an audit's part of the page."""
    return f"audit-{next(i for i, other in enumerate(audits) if other is audit) + 1}"


def _card(audit: Audit, audits: Sequence[Audit]) -> Markup:
    rows = [
        tag(
            "div", tag("dt", answer.question), tag("dd", badge(answer.verdict, answer.tone), paragraph(answer.sentence))
        )
        for answer in plain.answers(audit)
    ]
    name = label(audit, audits)
    heading = name if len(audits) == 1 else tag("a", name, href=f"#{anchor(audits, audit)}")
    return tag("article", tag("h3", heading), tag("dl", *rows), class_="card")


def _kicker(audits: Sequence[Audit]) -> str:
    first = audits[0]
    size = look(first, "world", "knobs", "size")
    world = words(first, "world", "name") or "unknown world"
    shape = f" {number(size)}\N{MULTIPLICATION SIGN}{number(size)}" if size is not None else ""
    created = words(first, "provenance", "created")[:10]
    kinds = {words(a, "subject", "kind") for a in audits} - {""}
    parts = ["Mesascope audit", world + shape, " and ".join(sorted(kinds))]
    parts.append("one subject" if len(audits) == 1 else f"{len(audits)} subjects")
    optimizer = words(part(first, "subject", "training"), "base_optimizer")
    return " \N{MIDDLE DOT} ".join(filter(None, [*parts, optimizer, created]))
