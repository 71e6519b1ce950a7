"""A study of a grid in words: headings of its readouts, its failures, its differences. Plain text for terminal and page."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from mesascope.reports.numbers import estimate_text, number, real
from mesascope.reports.reading import items, look, part, words

Shown = TypeVar("Shown")

CONDITION = "condition"
ALL_SEEDS = "share of the optimal training return, all seeds"
"""The only column that those who fail are averaged in."""


def said(name: str) -> str:
    """A readout's name in words: `blue-door: red first`."""
    place, _, what = name.partition("/")
    if place == "weight":
        return f"weight of {what}"
    if place == "net":
        return {"ticks": "ticks of thinking", "nonzero": "weights not zero"}.get(what, what)
    if what == "share":
        return f"{place}: share of the optimal return"
    return f"{place}: {what}" if what in ("competence", "nothing") else f"{place}: {what} first"


def counted(condition: Mapping[str, Any], kind: str) -> str:
    """Verdicts of a condition's audits with how many seeds have each: `search 3, no-search 2`; empty where none was made."""
    return ", ".join(f"{verdict} {count}" for verdict, count in sorted(part(condition, kind).items()))


VERDICTS = ("search", "objective", "capability", "alignment")
"""Verdicts of audits. Those on search are of competent seeds, the others of all."""


def verdicts_made(document: Mapping[str, Any]) -> list[str]:
    """Which of them any condition has."""
    return [kind for kind in VERDICTS if any(part(c, kind) for c in items(document, "conditions"))]


class Conditions(NamedTuple, Generic[Shown]):
    """The table of conditions: a cell of a row for each column."""

    columns: list[str]
    rows: list[list[str | Shown]]


def conditions_table(document: Mapping[str, Any], show: Callable[[Any], Shown]) -> Conditions[Shown]:
    """Condition by condition: competent seeds, the return of all, the readouts shown, the verdicts. `show` writes a value
    with its interval, as terminal and page have their own ways to.
    """
    shown, verdicts = [str(name) for name in items(document, "show")], verdicts_made(document)
    return Conditions(
        [CONDITION, "competent seeds", ALL_SEEDS, *map(said, shown), *verdicts],
        [
            [
                words(condition, "name"),
                f"{number(condition.get('competent'))} of {len(items(condition, 'seeds'))}",
                show(_of_seeds(condition.get("share_of_all"), len(items(condition, "seeds")))),
                *(show(_of_seeds(look(condition, "readouts", name), condition.get("competent"))) for name in shown),
                *(counted(condition, kind) for kind in verdicts),
            ]
            for condition in items(document, "conditions")
        ],
    )


def _of_seeds(estimate: Any, count: Any) -> Any:
    """The estimate, which then says of how many seeds it is."""
    return {**estimate, "seeds": count} if isinstance(estimate, Mapping) else estimate


def heading(document: Mapping[str, Any]) -> str:
    """Title and question in one line."""
    question = words(document, "question")
    return words(document, "title") + (f": {question}" if question else "")


def failure_lines(document: Mapping[str, Any]) -> list[str]:
    """One line for each condition some of whose seeds are capability failures."""
    lines = []
    for condition in items(document, "conditions"):
        failed = part(condition, "capability_failures")
        if failed:
            reasons = _reasons(dict(sorted(failed.items(), key=lambda f: int(f[0]))))
            lines.append(
                f"Capability failures of {condition['name']} ({len(failed)} of {len(condition['seeds'])}): {reasons}"
            )
    missing = items(document, "not_done")
    if missing:
        told = [
            f"seed {cell.get('seed')} of {cell.get('condition')}: {cell.get('error') or 'not made yet'}"
            for cell in missing
        ]
        more = f"; and {len(told) - FEW} more" if len(told) > FEW else ""
        lines.append(f"Cells without a result ({len(told)}), which nothing here counts: {'; '.join(told[:FEW])}{more}")
    return lines


FEW = 3
"""Up to this many seeds each has its reason beside it."""


def _reasons(failed: Mapping[str, Any]) -> str:
    """By seed; of many seeds the first and the last reason in alphabetical order, which of shares is the least and the most."""
    if len(failed) <= FEW:
        return "; ".join(f"seed {seed}: {why}" for seed, why in failed.items())
    ordered = sorted(str(why) for why in failed.values())
    return f"seeds {', '.join(failed)}: from “{ordered[0]}” to “{ordered[-1]}”"


def difference_lines(document: Mapping[str, Any]) -> list[str]:
    """One line for each readout: whether the conditions differ in it, and by how much from the reference."""
    lines = []
    for found in items(document, "differences"):
        name = words(found, "readout")
        p = real(found.get("p"))
        if p is None:
            lines.append(f"{said(name)}: too few competent seeds to compare conditions")
            continue
        adjusted = number(real(found.get("adjusted")), 4)
        compared = len(items(document, "differences"))
        counts = f"{found['seeds']} seeds, {found['conditions']} conditions"
        lines.append(
            f"{said(name)}: seeds dealt out at random differ as much between conditions with p = {number(p, 4)} "
            f"({adjusted} counting that {compared} readouts were compared; {counts})"
        )
        for condition, estimate in part(look(document, "against_reference", name)).items():
            lines.append(f"  {condition} less {words(document, 'reference')}: {estimate_text(estimate)}")
    return lines
