"""What was found about an agent that walks with a memory: edited walks, thinking steps, plans read out."""

from collections.abc import Mapping
from typing import Any

from mesascope.reports.html.arms import arms, arms_legend, passed, placed, tested
from mesascope.reports.html.known_world import asked
from mesascope.reports.html.parts import Cell, note, paragraph, section, strong, table
from mesascope.reports.markup import Child, Markup
from mesascope.reports.numbers import number, point
from mesascope.reports.reading import Audit, items, look, part, words

_STATISTICS = {
    "followed": "walks that end as if the change were true",
    "turned": "moves away from the patch that only the change makes right",
}
_PROBED = {
    "plan": "Will the agent leave this cell later in this episode, and by which action?",
    "direction": "By which action, on cells that it will leave?",
}


def closed_loop(audit: Audit, name: str) -> Markup:
    """All findings of one audit."""
    return section(
        3,
        f"{name}-closed-loop",
        "In closed loop",
        paragraph(
            "The agent walks while its state is rewritten, step by step, with what that state would be on a changed level. "
            "The verdict on search rests on these tests; for agents with a memory its error rate is not calibrated."
        ),
        arms_legend(),
        *(
            _test(audit, test, f"{name}-loop-{index}")
            for index, test in enumerate(items(audit, "closed_loop", "tests"))
            if isinstance(test, Mapping)
        ),
        _thinking(audit, name),
        _plans(audit, name),
    )


def _test(audit: Audit, test: Mapping[str, Any], name: str) -> Markup:
    scored: list[Child] = []
    for statistic, says in _STATISTICS.items():
        found = part(test, statistic)
        if found:
            score = strong(found.get("score"))
            scored += [paragraph(f"{statistic.capitalize()} ({says}): score ", score, ".")]
            scored += [arms(found, "share", explained=False)]
    return tested(
        test,
        name,
        paragraph(passed(test), f" {asked(audit, words(test, 'name'), walking=True)}"),
        *scored,
        placed(test),
        note(f"{number(test.get('levels'), 3)} levels, one walk on each."),
    )


def _thinking(audit: Audit, name: str) -> Markup:
    rows: list[list[Cell]] = [
        [number(look(row, "pauses"), 3), look(row, "competence"), look(row, "gain")]
        for row in items(audit, "closed_loop", "thinking_steps")
    ]
    says = "Steps in which it may think and not move, before its first move: what they are worth in training levels."
    drawn = table(["pauses", "competence", "gain over none"], rows)
    return section(4, f"{name}-thinking-steps", "Thinking steps", paragraph(says), drawn)


def _plans(audit: Audit, name: str) -> Markup:
    found = part(audit, "closed_loop", "plan_readout")
    if point(look(found, "plan", "f1")) is None:
        told: list[Child] = [paragraph("The state is no map over the level's cells: no plan was looked for in it.")]
    else:
        says = "Linear probes of one cell's state, on levels they were not fitted on. What can be read is not thereby used."
        told = [paragraph(says)]
        told += [child for key, asks in _PROBED.items() for child in (paragraph(asks), _probe(part(found, key)))]
    return section(4, f"{name}-plans", "Plan readout", *told)


def _probe(found: Mapping[str, Any]) -> Markup:
    rows: list[list[Cell]] = [["state of the cell", found.get("f1"), ""]]
    rows += [[arm, f1, look(found, "ahead", arm)] for arm, f1 in part(found, "controls").items()]
    return table(["", "macro F1", "state minus control"], rows)
