"""The page of a reproduction: theirs and ours side by side, the statements tested, why the numbers differ."""

from collections.abc import Mapping
from typing import Any

from mesascope.reports.html.head import page_alone
from mesascope.reports.html.parts import paragraph, section, table, value_cell
from mesascope.reports.markup import tag
from mesascope.reports.reading import items, words
from mesascope.reports.reproduced import claims_table, rows_table


def render_reproduction(document: Mapping[str, Any]) -> str:
    """One self-contained HTML page for a reproduction's document; the same document gives the same bytes."""
    numbers, claims = rows_table(document, value_cell), claims_table(document, value_cell)
    return page_alone(
        f"Reproduction: {words(document, 'name')}",
        paragraph(words(document, "question"), class_="lead"),
        tag(
            "ul",
            tag("li", f"Published: {words(document, 'source')}."),
            tag("li", f"Theirs: {words(document, 'theirs')}."),
            tag("li", f"Ours: {words(document, 'ours')}."),
        ),
        tag("pre", tag("code", words(document, "command")), tabindex="0"),
        section(
            2,
            "claims",
            "What was stated, on our agents",
            paragraph(
                "A statement is borne out where the 95 % interval of the difference over competent seeds lies above zero, "
                "contradicted where it lies below, else not decided; each is tested alone, without a correction for their "
                "number. That is said of our small agents, not of theirs."
            ),
            table(claims.columns, claims.rows),
        ),
        section(2, "numbers", "Numbers side by side", table(numbers.columns, numbers.rows)),
        section(
            2, "because", "Why the numbers differ", tag("ul", *(tag("li", why) for why in items(document, "because")))
        ),
        section(
            2,
            "study",
            "The study",
            paragraph(
                "Every seed and every setting is on the page of our study: ",
                tag("a", "study/report.html", href="study/report.html"),
            ),
        ),
    )
