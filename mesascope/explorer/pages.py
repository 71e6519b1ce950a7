"""The explorer's own pages: the door, the list, and the pages of results as they are sent."""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from mesascope.explorer.folders import Result
from mesascope.explorer.progress import Progress
from mesascope.reports.html import render_report
from mesascope.reports.html.bench import script_hash
from mesascope.reports.html.comparison import VERDICT_HEADS, verdict_cells
from mesascope.reports.html.head import POLICY, page_alone
from mesascope.reports.html.page import Server
from mesascope.reports.html.parts import Cell, Column, note, paragraph, section, table, text
from mesascope.reports.markup import Markup, join, tag
from mesascope.reports.reading import Audit, label, words

SCRIPT = "explorer.js"
BARE = "default-src 'none'"
"""Content security policy of what is no page."""

_OWN = "'self'; connect-src 'self'"
"""The explorer's own script may run, and ask its own server."""
DOOR_POLICY = f"{POLICY}; script-src {_OWN}"
LIST_POLICY = DOOR_POLICY.replace("form-action 'none'", "form-action 'self'")


def report_policy() -> str:
    """Of a report: beside the explorer's own script the report's may run, by its hash."""
    return f"{POLICY}; script-src {script_hash()} {_OWN}"


Entry = tuple[Result, Sequence[tuple[Path, Audit]]]
"""A result with its audits."""


def script() -> str:
    """The script through which pages ask the server; built from `web/`."""
    return resources.files("mesascope.explorer").joinpath(SCRIPT).read_text(encoding="utf-8")


def _script_tag(token: str | None) -> Markup:
    return tag("script", src=f"/{SCRIPT}", data_token=token)


def door() -> str:
    """What anybody sees: it lets in whoever has the token of the printed link in the fragment of the address."""
    told = paragraph("Opening ...", class_="lead")
    return page_alone("Mesascope", tag("div", told, data_door=""), _script_tag(None), policy=DOOR_POLICY)


def trouble(title: str, reason: str) -> str:
    """A page that says why there is no other."""
    return page_alone(title, paragraph(reason), paragraph(tag("a", "Back to the list", href="/")))


def listing(
    entries: Sequence[Entry], problems: Sequence[tuple[Result, str]], running: Sequence[Progress], token: str
) -> str:
    """Everything below the folders: audits with their verdicts, the rest in lines, and what is running.

    Args:
        entries: Results that were read.
        problems: Results that cannot be read, with the reason.
        running: Studies that are not done.
        token: Of this start.
    """
    audits = [(result, pairs) for result, pairs in entries if pairs]
    others = [result for result, pairs in entries if not pairs]
    parts = [
        tag("div", progress(running), data_progress=""),
        _audits(audits) if audits else None,
        _others(others) if others else None,
        _problems(problems) if problems else None,
    ]
    if not entries and not problems and not running:
        parts.append(
            paragraph("There are no results here yet. ", tag("code", "mesascope audit red-doors"), " makes some.")
        )
    return page_alone("Audits and studies", *parts, _script_tag(token), policy=LIST_POLICY)


def progress(running: Sequence[Progress]) -> Markup | None:
    """Studies that are not done, and how far they are; the page replaces it as that changes."""
    if not running:
        return None
    rows: list[list[Cell]] = [
        [
            one.name,
            str(one.done),
            str(one.running),
            str(one.failed),
            one.problem or ", ".join(f"{name}: {count}" for name, count in one.conditions.items()),
        ]
        for one in running
    ]
    heads: list[Column | str] = ["", "cells done", "running", "failed", text("done by condition")]
    return section(2, "running", "In progress", table(heads, rows))


def _audits(entries: Sequence[Entry]) -> Markup:
    rows: list[list[Cell]] = []
    for result, pairs in entries:
        audits = [audit for _, audit in pairs]
        for number, audit in enumerate(audits):
            named = label(audit, audits)
            choose = tag("input", type="checkbox", name="id", value=result.id, aria_label=f"{result.name}: choose")
            link = tag("a", result.name, href=f"/result/{result.id}")
            first = tag("label", choose, " ", link) if number == 0 else ""
            made = words(audit, "provenance", "created")[:10]
            rows.append([join(first, tag("small", named)), words(audit, "world", "name"), *verdict_cells(audit), made])
    heads = [text(""), *(text(head) for head in ("World", *VERDICT_HEADS, "Made"))]
    together = tag("button", "Open those that are ticked together", type="submit")
    told = note(
        "Verdicts as in the reports. A folder's name opens its report, with a level that can be edited. Folders of one world "
        "that are ticked open side by side."
    )
    form = tag(
        "form",
        tag("figure", table(heads, rows), class_="verdict-table of-list"),
        together,
        action="/together",
        method="get",
    )
    return section(2, "audits", "Audits", told, tag("div", form, class_="panel"))


def _others(results: Sequence[Result]) -> Markup:
    rows: list[list[Cell]] = [
        [tag("a", r.name, href=f"/result/{r.id}"), r.about.kind, r.about.of, r.about.result, r.about.made]
        for r in results
    ]
    heads = [text(head) for head in ("", "What", "Of", "Result", "Made")]
    return section(2, "others", "Studies, calibrations and tunings", table(heads, rows))


def _problems(problems: Sequence[tuple[Result, str]]) -> Markup:
    rows: list[list[Cell]] = [[result.name, reason] for result, reason in problems]
    return section(2, "problems", "What cannot be read", table([text(""), text("Why")], rows))


def report(audits: Sequence[dict[str, Any]], ids: Sequence[str], reasons: Sequence[str], token: str) -> str:
    """The report of audits, in which agents that their page cannot run are asked here.

    Args:
        audits: The documents, completed by `Agents.completed`.
        ids: Their ids.
        reasons: Why the agent of each is not answered for; "" where it is.
        token: Of this start.
    """
    told = [f"{label(audit, audits)}: {reason}" for audit, reason in zip(audits, reasons, strict=True) if reason]
    before = join(
        paragraph(tag("a", "All audits and studies", href="/")),
        tag("details", tag("summary", "Agents that are not asked here"), note("; ".join(told))) if told else None,
    )
    return render_report(audits, server=Server(_script_tag(token), _OWN, before, ids))
