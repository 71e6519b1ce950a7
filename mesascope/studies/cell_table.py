"""A study as a table: one row for each cell, its settings and readouts in columns of their own."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mesascope.core.data_frame import Cell, DataFrame, data_frame, number_or_text
from mesascope.reports.reading import look, part, words
from mesascope.studies.document import failure
from mesascope.studies.readouts import Row, readout, readout_names
from mesascope.studies.spec import TABLES

VERDICTS = {
    "search": ("search", "verdict"),
    "alignment": ("alignment", "verdict"),
    "alignment.objective": ("alignment", "objective", "verdict"),
    "alignment.capability": ("alignment", "capability", "verdict"),
}
"""Verdicts of an audit, and where they stand in it."""


def cell_table(
    rows: Sequence[Row], errors: Sequence[tuple[str, int, str]], competent: float | None, about: Mapping[str, str]
) -> DataFrame:
    """Cells with their settings, whether the study averages them, why not, and every readout.

    Args:
        rows: Rows of cells, in any order.
        errors: Cells that raised an error: condition, seed, error.
        competent: The share of the optimal training return below which a cell is not averaged; None where it is not known.
        about: What is said of the study.

    Returns:
        The table, condition by condition in the order in which they come, and by seed. The columns of a cell without a result are
        missing but for its settings, which are those of its condition.

    Raises:
        UsageError: Two columns have one name.
    """
    of_condition = {words(row, "condition"): row for row in reversed(rows)}
    failed: list[Row] = [
        {**_settings_alone(of_condition.get(condition, {})), "condition": condition, "seed": seed, "error": error}
        for condition, seed, error in errors
    ]
    order = {name: i for i, name in enumerate(dict.fromkeys(words(row, "condition") for row in [*rows, *failed]))}
    every = sorted([*rows, *failed], key=lambda row: (order[words(row, "condition")], row["seed"]))
    blocks = [
        [_named(row, competent) for row in every],
        *([_of_table(row, table) for row in every] for table in ("subject", *TABLES)),
        [[Cell(name, "text", words(row, *keys) or None) for name, keys in VERDICTS.items()] for row in every],
        [[Cell(name, "real", readout(row, name)) for name in readout_names(row)] for row in every],
    ]
    return data_frame("cells", blocks, about)


def _settings_alone(row: Row) -> dict[str, Any]:
    return {key: row[key] for key in ("settings", "world", "training", "agent", "subject") if key in row}


def _named(row: Row, competent: float | None) -> list[Cell]:
    error = row.get("error") or row.get("failed")
    why = error if error or competent is None else failure(row, competent)
    known = bool(error) or competent is not None
    return [
        Cell("condition", "text", words(row, "condition")),
        Cell("seed", "whole", int(row["seed"])),
        Cell("averaged", "flag", why is None if known else None),
        Cell("failure", "text", why),
    ]


def _of_table(row: Row, table: str) -> list[Cell]:
    return [cell for cell in settings_cells(row) if cell.column.partition(".")[0] == table]


def settings_cells(row: Row) -> Iterable[Cell]:
    """What a cell was made with, as a study's file names it: `world.alpha`, `architecture.name`, `base_optimizer.updates`."""
    if row.get("subject"):
        yield Cell("subject", "text", words(row, "subject"))
    found = {"world": _with_name(words(row, "world", "name"), part(row, "world", "knobs"))}
    for table in ("architecture", "base_optimizer"):
        told = look(row, "training", table)
        if isinstance(told, Sequence) and len(told) == 2:
            found[table] = _with_name(str(told[0]), told[1])
    found["agent"] = dict(part(row, "agent"))
    varied: dict[str, Any] = dict(part(row, "settings"))
    for table, options in found.items():
        for option, value in options.items():
            name = f"{table}.{option}"
            varied.pop(name, None)  # the same, with defaults filled in
            yield number_or_text(name, value)
    for name, value in varied.items():
        yield number_or_text(name, value)


def _with_name(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    return {**({"name": name} if name else {}), **options}
