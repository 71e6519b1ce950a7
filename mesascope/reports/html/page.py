"""The whole page: head, contents, sections, in the order in which a stranger asks."""

from collections.abc import Sequence

from mesascope.reports.cards import cards_used
from mesascope.reports.html.behavior import behavior
from mesascope.reports.html.bench import bench, script, script_hash
from mesascope.reports.html.capability import capability
from mesascope.reports.html.closed_loop import closed_loop
from mesascope.reports.html.comparison import comparison
from mesascope.reports.html.description import description
from mesascope.reports.html.findings import experiment, findings, not_run
from mesascope.reports.html.gallery import gallery
from mesascope.reports.html.glossary import glossary
from mesascope.reports.html.guide import guide
from mesascope.reports.html.head import page
from mesascope.reports.html.instruments import instruments, references
from mesascope.reports.html.ledger import ledger
from mesascope.reports.html.objectives import objectives
from mesascope.reports.html.opening import anchor, opening, verdicts
from mesascope.reports.html.parts import section, sentence
from mesascope.reports.html.provenance import provenance
from mesascope.reports.html.search import search
from mesascope.reports.html.worst_level import worst_level
from mesascope.reports.markup import Markup, join, tag
from mesascope.reports.reading import Audit, in_experiment, label, words


def render_report(audits: Sequence[Audit], title: str | None = None) -> str:
    """One self-contained HTML page for one audit document or several; the same documents give the same bytes.

    Raises `ValueError` when there is no document to show.
    """
    if not audits:
        raise ValueError("a report needs at least one audit document")
    heading = title or _title(audits)
    shown, data = bench(audits)
    sections = [
        shown,
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
    if data is None:
        return page(heading, body)
    return page(heading, body, data, script(), script=script_hash())


def _title(audits: Sequence[Audit]) -> str:
    world = words(audits[0], "world", "name") or "an unknown world"
    if len(audits) == 1:
        return f"One agent in {world}: what is it after?"
    return f"{len(audits)} agents in {world}: what is each after?"


def _audit(audit: Audit, audits: Sequence[Audit]) -> Markup:
    """Everything about one audit."""
    name = anchor(audits, audit)
    parts = (
        ledger(audit, name),
        behavior(audit, name),
        objectives(audit, name),
        search(audit, name),
        description(audit, name),
        *([closed_loop(audit, name)] if audit.get("closed_loop") else []),
        experiment(audit, name),
        findings(audit, name),
        capability(audit, name),
        worst_level(audit, name),
        gallery(audit, name),
        *not_run(audit),
    )
    return section(2, name, sentence(label(audit, audits)), *parts, class_="audit")


def _contents(audits: Sequence[Audit]) -> Markup:
    """Links to the sections."""
    links = [("comparison", "Side by side")] if len(audits) > 1 else []
    links += [("verdicts", "Verdicts"), ("guide", "How to read this")]
    listed = _links(links)
    for audit in audits:
        name = anchor(audits, audit)
        parts = [("ledger", "ledger"), ("behavior", "behavior"), ("behavioral", "objective"), ("inside", "internals")]
        parts += [("experiment", "experiment")] if in_experiment(audit) else []
        parts += [("search", "search"), *([("gallery", "levels")] if audit.get("gallery") else [])]
        inner = tag("ul", *_links([(f"{name}-{part}", text) for part, text in parts]))
        listed.append(tag("li", tag("a", sentence(label(audit, audits)), href=f"#{name}"), inner))
    ends = [("instruments", "Blind spots")] if any(cards_used(a) for a in audits) else []
    ends += [("provenance", "Provenance"), ("glossary", "Glossary")]
    return tag("nav", tag("ul", *listed, *_links(ends)), aria_label="Contents")


def _links(named: Sequence[tuple[str, str]]) -> list[Markup]:
    return [tag("li", tag("a", text, href=f"#{name}")) for name, text in named]
