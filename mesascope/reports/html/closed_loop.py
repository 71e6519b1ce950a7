"""What was found about an agent that walks with a memory: edited walks, thinking steps, plans read out."""

from collections.abc import Mapping
from typing import Any

from mesascope.reports.figures.scale import Scale
from mesascope.reports.figures.tracks import axis, track
from mesascope.reports.html.parts import Column, badge, legend, mark, paragraph, section, strong, table, value_cell
from mesascope.reports.markup import Child, Markup
from mesascope.reports.numbers import number, point
from mesascope.reports.reading import Audit, items, look, words
from mesascope.reports.reading import table as part

_SHARE = Scale(0.0, 1.0, 340.0)
_KEYS = (("edited inside", "red", "diamond"), ("ceiling", "ink", "tick"), ("control", "quiet", "ring"))
_ASKS = {
    "retarget": "The goal is moved inside, and only inside. Which object is reached first?",
    "virtual wall": "A wall is put up inside that does not exist. Is the detour taken?",
}
_STATISTICS = {
    "followed": "walks that end as if the change were true",
    "turned": "moves away from the patch that only the change makes right",
}
_PROBED = {
    "plan": "Will the agent leave this cell later in this episode, and by which action?",
    "direction": "By which action, on cells that it will leave?",
}


def closed_loop(audit: Audit, name: str) -> Markup:
    """All findings of one audit; no verdict."""
    return section(
        3,
        f"{name}-closed-loop",
        "In closed loop",
        paragraph(
            "The agent walks while its state is rewritten, step by step, with what that state would be on a changed level. "
            "These are findings and no verdict: their error rate is not calibrated."
        ),
        legend(*_KEYS),
        *(
            _test(test, f"{name}-loop-{index}")
            for index, test in enumerate(items(audit, "closed_loop", "tests"))
            if isinstance(test, Mapping)
        ),
        _thinking(audit, name),
        _plans(audit, name),
    )


def _test(test: Mapping[str, Any], name: str) -> Markup:
    title = words(test, "name") or "test"
    passed = badge("passed", "good") if look(test, "passed") else badge("not passed", "open")
    place = words(test, "place", "text")
    parts: list[Child] = []
    for statistic, says in _STATISTICS.items():
        found = part(test, statistic)
        if found:
            score = strong(found.get("score"))
            parts += [paragraph(f"{statistic.capitalize()} ({says}): score ", score, "."), _arms(found)]
    return section(
        4,
        name,
        title.capitalize(),
        paragraph(passed, f" {_ASKS.get(title, '')}"),
        *parts,
        paragraph(f"Place of the edit: {place}." if place else "No place could be written to.", class_="note"),
        paragraph(f"{number(test.get('levels'), 3)} levels, one walk on each.", class_="note"),
    )


def _arms(found: Mapping[str, Any]) -> Markup:
    rows: list[list[Child]] = [
        [arm, track([mark(found.get(key), ink, shape)], _SHARE), value_cell(found.get(key)), ""]
        for arm, key, ink, shape in (
            ("edited inside", "edited", "red", "diamond"),
            ("ceiling", "ceiling", "ink", "tick"),
        )
    ]
    for arm, share in part(found, "controls").items():
        ahead = value_cell(look(found, "advantages", arm))
        rows.append([arm, track([mark(share, "quiet", "ring")], _SHARE), value_cell(share), ahead])
    columns = [Column("", "text"), Column(axis(_SHARE), "figure"), Column("share"), Column("edit ahead by")]
    return table(columns, rows)


def _thinking(audit: Audit, name: str) -> Markup:
    rows: list[list[Child]] = [
        [number(look(row, "pauses"), 3), value_cell(look(row, "competence")), value_cell(look(row, "gain"))]
        for row in items(audit, "closed_loop", "thinking_steps")
    ]
    columns = [Column("pauses"), Column("competence"), Column("gain over none")]
    says = "Steps in which it may think and not move, before its first move: what they are worth in training levels."
    return section(4, f"{name}-thinking-steps", "Thinking steps", paragraph(says), table(columns, rows))


def _plans(audit: Audit, name: str) -> Markup:
    found = part(audit, "closed_loop", "plan_readout")
    title = "Plans read out"
    if point(look(found, "plan", "f1")) is None:
        says = "The state is no map over the level's cells: no plan was looked for in it."
        return section(4, f"{name}-plans", title, paragraph(says))
    says = "Linear probes of one cell's state, on levels they were not fitted on. What can be read is not thereby used."
    tables = [(paragraph(sentence), _probe(part(found, key))) for key, sentence in _PROBED.items()]
    return section(4, f"{name}-plans", title, paragraph(says), *(child for pair in tables for child in pair))


def _probe(found: Mapping[str, Any]) -> Markup:
    rows: list[list[Child]] = [["state of the cell", value_cell(found.get("f1")), ""]]
    for arm, f1 in part(found, "controls").items():
        rows.append([arm, value_cell(f1), value_cell(look(found, "ahead", arm))])
    return table([Column("", "text"), Column("macro F1"), Column("state ahead by")], rows)
