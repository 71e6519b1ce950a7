"""The whole page: head, contents, sections, in the order in which a stranger asks."""

from collections.abc import Sequence
from importlib import resources

from mesascope.reports.html.behavior import behavior
from mesascope.reports.html.capability import capability
from mesascope.reports.html.closed_loop import closed_loop
from mesascope.reports.html.comparison import comparison
from mesascope.reports.html.gallery import gallery
from mesascope.reports.html.glossary import glossary
from mesascope.reports.html.guide import guide
from mesascope.reports.html.instruments import instruments, references
from mesascope.reports.html.ledger import ledger
from mesascope.reports.html.objectives import objectives
from mesascope.reports.html.opening import anchor, opening, verdicts
from mesascope.reports.html.provenance import provenance
from mesascope.reports.html.search import search
from mesascope.reports.markup import Markup, join, tag
from mesascope.reports.pictures import PICTURE_CSS
from mesascope.reports.reading import Audit, label, words

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""Content security policy of the page: it may draw itself and nothing else. No script runs, nothing is fetched."""


def render_report(audits: Sequence[Audit], title: str | None = None) -> str:
    """One self-contained HTML page for one audit document or several; the same documents give the same bytes.

    Raises `ValueError` when there is no document to show.
    """
    if not audits:
        raise ValueError("a report needs at least one audit document")
    heading = title or _title(audits)
    sections = [
        comparison(audits),
        verdicts(audits),
        guide(audits),
        *(_audit(audit, audits) for audit in audits),
        instruments(audits),
        provenance(audits),
        references(audits),
        glossary(),
    ]
    body = join(
        tag("a", "Skip to the verdicts", href="#verdicts", class_="skip"),
        tag("div", _contents(audits), tag("main", opening(audits, heading), *sections), class_="page"),
    )
    return f"<!DOCTYPE html>\n{tag('html', _head(heading), tag('body', body), lang='en')}\n"


def _title(audits: Sequence[Audit]) -> str:
    world = words(audits[0], "world", "name") or "an unknown world"
    if len(audits) == 1:
        return f"One agent in {world}: what is it after?"
    return f"{len(audits)} agents in {world}: what is each after?"


def _head(title: str) -> Markup:
    style = resources.files("mesascope.reports.html").joinpath("report.css").read_text(encoding="utf-8")
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", Markup(style + PICTURE_CSS)),
    )


def _audit(audit: Audit, audits: Sequence[Audit]) -> Markup:
    """Everything about one audit."""
    name = anchor(audits, audit)
    parts = (
        ledger(audit, name),
        behavior(audit, name),
        objectives(audit, name),
        search(audit, name),
        *([closed_loop(audit, name)] if audit.get("closed_loop") else []),
        capability(audit, name),
        gallery(audit, name),
    )
    title = label(audit, audits)
    heading = tag("h2", title[:1].upper() + title[1:], id=f"{name}-title")
    return tag("section", heading, *parts, id=name, class_="audit", aria_labelledby=f"{name}-title")


def _contents(audits: Sequence[Audit]) -> Markup:
    """Links to the sections."""
    links = [("comparison", "Side by side")] if len(audits) > 1 else []
    links += [("verdicts", "Verdicts"), ("guide", "How to read this")]
    listed = [tag("li", tag("a", text, href=f"#{name}")) for name, text in links]
    for audit in audits:
        name = anchor(audits, audit)
        parts = [("ledger", "ledger"), ("behavior", "behavior"), ("behavioral", "objective"), ("inside", "inside")]
        parts += [("search", "search"), *([("gallery", "levels")] if audit.get("gallery") else [])]
        inner = [tag("li", tag("a", text, href=f"#{name}-{part}")) for part, text in parts]
        title = label(audit, audits)
        listed.append(tag("li", tag("a", title[:1].upper() + title[1:], href=f"#{name}"), tag("ul", *inner)))
    ends = [("instruments", "Blind spots")] if any(a.get("cards") for a in audits) else []
    ends += [("provenance", "Provenance"), ("glossary", "Words")]
    listed += [tag("li", tag("a", text, href=f"#{name}")) for name, text in ends]
    return tag("nav", tag("ul", *listed), aria_label="Contents")
