"""Selects from an audit document what golden files hold: verdicts, weights and figures, no prose, no drawings.

Only keys that every audit promises are read. What is selected is flat: a path such as `ledger/training/outer/value` and what
stands there, which is a text, a truth value, a number, null, a list of texts, or an estimate. An estimate is
`[value, low, high]`, whatever the document calls the value.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Figures = dict[str, Any]
SEPARATOR = "/"

POINTS = ("value", "mean", "rate", "statistic", "share")
"""Keys of a number to which an interval beside it belongs. Of two of them it is the later one."""

TEST = (
    "statistic", "interval", "null", "passed", "edited", "ceiling", "controls", "advantages", "nonlinear", "spread",
    "levels", "cells", "kept", "change", "followed", "turned",
)  # fmt: skip
"""Keys of one test. The last four are those of tests in closed loop."""

PARTLY: dict[str, tuple[str, ...]] = {
    "subject": ("kind",),
    "search": ("verdict", "hard_coded", "mesa_optimizer"),
    "behavioral_objective": ("weights", "identified_in_training", "unidentified"),
    "mesa_objective": ("weights", "site", "confirmed_by_intervention"),
    "alignment": ("verdict", "kind", "proxies", "mechanism"),
}
"""Sections of which these keys are kept."""

WHOLE = (
    "ledger", "ledger_greedy", "ledger_from_outside", "behavior", "competence", "returns", "goal_directedness", "counts",
)  # fmt: skip
"""Sections that are kept whole."""


def figures(document: Mapping[str, Any]) -> Figures:
    """What a golden file holds of an audit document.

    Args:
        document: The document, as `mesascope audit --json` prints it.

    Returns:
        What stands at each path, in the order of the document's sections above.
    """
    return flat(_selected(document))


def flat(nested: Mapping[str, Any]) -> Figures:
    """Nested dictionaries as one dictionary of paths. Estimates become lists; flat figures stay as they are."""
    return dict(_leaves(nested, ()))


def nested(figures: Figures) -> dict[str, Any]:
    """The inverse of `flat`, estimates apart: dictionaries in dictionaries, which take less space in a file."""
    tree: dict[str, Any] = {}
    for path, value in figures.items():
        *above, last = path.split(SEPARATOR)
        at = tree
        for part in above:
            at = at.setdefault(part, {})
        at[last] = value
    return tree


def _selected(document: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for section, keys in PARTLY.items():
        if section in document:
            whole = document[section]
            found[section] = whole and {key: whole[key] for key in keys if key in whole}
    found["tests"] = _by_name(document["search"].get("tests") or [])
    found.update({section: document[section] for section in WHOLE if section in document})
    if document.get("thinking_time"):
        found["thinking_time"] = {str(row["ticks"]): row["competence"] for row in document["thinking_time"]}
    if document.get("closed_loop"):
        found["closed_loop"] = _closed_loop(document["closed_loop"])
    return found


def _closed_loop(loop: Mapping[str, Any]) -> dict[str, Any]:
    steps = {str(row["pauses"]): {key: row[key] for key in ("competence", "gain")} for row in loop["thinking_steps"]}
    return {"tests": _by_name(loop["tests"]), "thinking_steps": steps, "plan_readout": loop["plan_readout"]}


def _by_name(tests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {test["name"]: {key: test[key] for key in TEST if key in test} for test in tests}


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        yield SEPARATOR.join(path), value
        return
    points = [key for key in POINTS if key in value]
    estimated = points[-1] if points and "interval" in value else None
    if estimated and set(value) == {estimated, "interval"}:
        yield SEPARATOR.join(path), _estimate(value, estimated)
        return
    for key, item in value.items():
        if SEPARATOR in key:
            raise ValueError(
                f"'{key}' below {SEPARATOR.join(path)} holds a '{SEPARATOR}', which separates parts of a path"
            )
        if key == estimated:
            yield SEPARATOR.join((*path, key)), _estimate(value, key)
        elif estimated is None or key != "interval":
            yield from _leaves(item, (*path, key))


def _estimate(value: Mapping[str, Any], key: str) -> list[float | None]:
    return [value[key], *(value["interval"] or (None, None))]
