"""A calibration as one document: the operating point, rates of every way of deciding, curves, pairs, and all rows."""

from collections.abc import Sequence
from typing import Any

from mesascope.calibration import rates
from mesascope.calibration.rates import Row


def calibration_document(rows: Sequence[Row], command: str, threshold: float | None = None) -> dict[str, Any]:
    """Everything that a page shows, from rows alone. The threshold is chosen on them unless it is given.

    `rates` hold each way of deciding at the threshold, on the half it was chosen on and on the other; `subjects` how often
    each subject was said to search.
    """
    point = rates.operating_point(rows, command, threshold)
    halves = {half: [row for row in rows if row["half"] == half] for half in ("tune", "test")}
    ways = rates.ways(point.threshold, rates.tests_of(rows))
    return {
        "format": 1,
        "command": command,
        "operating_point": {
            "point": point,
            "sensitivity": point.sensitivity,
            "false_positive_rate": point.false_positive_rate,
            "trusted": point.trusted,
        },
        "rates": {
            half: [rates.rates(name, members, decide) for name, decide in ways.items()]
            for half, members in halves.items()
        },
        "curves": [
            _curve(name, halves["test"], decide_by) for name, decide_by in _scores(rates.tests_of(rows)).items()
        ],
        "pairs": rates.pairs([row for row in rows if row["half"]], point.threshold),
        "subjects": _subjects(rows, point.threshold),
        "rows": list(rows),
    }


def _least_of(test: str):
    return lambda row: row["tests"][test]["least"]


def _scores(tests: Sequence[str]):
    return {
        **{test: _least_of(test) for test in tests},
        "the three tests": lambda row: row["least"],
        "with the capacity bound": lambda row: row["least"] if rates.searches(row, float("-inf")) else None,
    }


def _curve(name: str, rows: Sequence[Row], score) -> dict[str, Any]:
    if len({row["searches"] for row in rows}) < 2:
        return {"name": name, "area": None}
    return rates.curve(name, rows, score)._asdict()


def _subjects(rows: Sequence[Row], threshold: float) -> list[dict[str, Any]]:
    found = []
    for name in dict.fromkeys(row["name"] for row in rows):
        mine = [row for row in rows if row["name"] == name]
        said = sum(rates.searches(row, threshold) for row in mine)
        first = mine[0]
        found.append(
            {
                "name": name,
                "group": first["group"],
                "searches": first["searches"],
                "half": first["half"],
                "twin": first["twin"],
                "audits": len(mine),
                "said_to_search": said,
                "rate": rates.rate_of(said, len(mine)),
                "tests": {test: _median(mine, test) for test in rates.tests_of(rows)},
                "table_excluded": sum(bool(row["capacity"] and row["capacity"]["enough"]) for row in mine),
                "measured": sum(row["capacity"] is not None for row in mine),
            }
        )
    return found


def _median(rows: Sequence[Row], test: str) -> float | None:
    values = sorted(v for row in rows if (v := row["tests"][test]["score"]["value"]) is not None)
    return values[len(values) // 2] if values else None
