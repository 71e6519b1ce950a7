"""The whole page: head, contents, sections, in the order in which a stranger asks."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from mesascope.reports.html.behavior import behavior
from mesascope.reports.html.bench import bench, script, script_hash
from mesascope.reports.html.capability import capability
from mesascope.reports.html.closed_loop import closed_loop
from mesascope.reports.html.compared import compared
from mesascope.reports.html.comparison import comparison
from mesascope.reports.html.description import description
from mesascope.reports.html.findings import experiment, findings, not_run
from mesascope.reports.html.gallery import gallery
from mesascope.reports.html.glossary import glossary
from mesascope.reports.html.guide import guide
from mesascope.reports.html.head import POLICY, page
from mesascope.reports.html.instruments import instruments, references
from mesascope.reports.html.ledger import ledger
from mesascope.reports.html.objectives import objectives
from mesascope.reports.html.opening import anchor, opening, verdicts
from mesascope.reports.html.parts import folded, section, sentence
from mesascope.reports.html.provenance import provenance
from mesascope.reports.html.search import search
from mesascope.reports.html.worst_level import worst_level
from mesascope.reports.markup import Markup, join, tag
from mesascope.reports.reading import Audit, in_experiment, label, words

_FIRST = (
    ("comparison", "Side by side"),
    ("verdicts", "Verdicts"),
    ("bench", "One level"),
    ("ledgers", "Ledger"),
    ("behaviors", "Behavior"),
    ("weights", "Objectives"),
    ("searches", "Search"),
)
_PARTS = (
    ("ledger", "ledger"),
    ("behavior", "behavior"),
    ("behavioral", "objective"),
    ("inside", "internals"),
    ("search", "search"),
)
_LAST = (
    ("guide", "How to read this"),
    ("instruments", "Blind spots"),
    ("provenance", "Provenance"),
    ("references", "References"),
    ("glossary", "Glossary"),
)
"""Names of sections, in the order of the page: those before the audits, those of an audit, those after."""

_NAMED = re.compile(r'<section id="([\w-]+)"')


class Server(NamedTuple):
    """What a page has that a server sends, beyond one that is a file.

    Attributes:
        script: A script that runs before the page's own, and through which that may ask the server.
        policy: What the content security policy allows beyond that of a file.
        before: What stands above the contents, such as a way back.
        ids: What it calls each of the audits.
    """

    script: Markup
    policy: str
    before: Markup
    ids: Sequence[str]


def render_report(audits: Sequence[Audit], title: str | None = None, server: Server | None = None) -> str:
    """One self-contained HTML page for one audit document or several; the same documents give the same bytes.

    Args:
        audits: The documents.
        title: The heading; by default one is made from the documents.
        server: What is added where a server sends the page; None for a file.

    Raises:
        ValueError: There is no document to show.
    """
    if not audits:
        raise ValueError("a report needs at least one audit document")
    heading = title or _title(audits)
    shown, data = bench(audits, () if server is None else server.ids)
    sections = [
        *((comparison(audits), shown, verdicts(audits)) if len(audits) > 1 else (verdicts(audits), shown)),
        *compared(audits),
        *(_audit(audit, audits) for audit in audits),
        guide(audits),
        instruments(audits),
        provenance(audits),
        references(audits),
        glossary(),
    ]
    body = join(
        tag("a", "Skip to the verdicts", href="#verdicts", class_="skip"),
        tag(
            "div",
            _contents(audits, sections, None if server is None else server.before),
            tag("main", opening(audits, heading), *sections),
            class_="page",
        ),
    )
    if data is None:
        return page(heading, body)
    if server is None:
        return page(heading, body, data, script(), policy=f"{POLICY}; script-src {script_hash()}")
    policy = f"{POLICY}; script-src {script_hash()} {server.policy}"
    return page(heading, body, data, server.script, script(), policy=policy)


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
    title = sentence(label(audit, audits))
    if len(audits) > 1:
        return folded(2, name, join(title, tag("small", " in full")), *parts)
    return section(2, name, title, *parts, class_="audit")


def _contents(audits: Sequence[Audit], sections: Sequence[Markup | None], before: Markup | None) -> Markup:
    """Links to the sections that are there, and to the parts of an audit that is alone; `before` stands above them."""
    there = {found[1] for part in sections if part and (found := _NAMED.match(part))}
    links = [
        [tag("li", tag("a", text, href=f"#{name}")) for name, text in names if name in there]
        for names in (_FIRST, _LAST)
    ]
    each = []
    for audit in audits:
        name, parts = anchor(audits, audit), None
        if len(audits) == 1:
            inner = [*_PARTS, *([("experiment", "experiment")] if in_experiment(audit) else [])]
            parts = tag("ul", *(tag("li", tag("a", text, href=f"#{name}-{part}")) for part, text in inner))
        each.append(tag("li", tag("a", sentence(label(audit, audits)), href=f"#{name}"), parts))
    return tag("nav", before, tag("ul", *links[0], *each, *links[1]), aria_label="Contents")
