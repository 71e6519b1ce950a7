"""From the rows of all seeds to the tables of the page."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.repairs.conditions import ALPHA, FEW, LOOKS, OBJECTIVES, PENALTIES, TICKS, TIMES
from docs.blocks import table
from mesascope.core.statistics import mean_over_seeds, rate_of

Rows = Sequence[dict[str, Any]]
SHIFT = "blue-door"
ARMS = ("chosen", "random", "random, training")


def interval(values: Sequence[float], digits: int = 2, least: float = -np.inf, most: float = np.inf) -> str:
    """Mean over seeds with its 95 % interval, within what a value can be; none where seeds say nothing of their spread."""
    if len(values) == 0:
        return ""
    mean, (low, high) = mean_over_seeds(np.asarray(values, float), float(least), float(most))
    shown = f"{mean:.{digits}f}"
    if len(values) == 1:
        return f"{shown} (one seed)"
    return f"{shown} [no interval]" if np.isnan(low) else f"{shown} [{low:.{digits}f}, {high:.{digits}f}]"


def _named(rows: Rows, name: str) -> dict[int, dict[str, Any]]:
    return {row["seed"]: row for row in rows if row["name"] == name}


def _gap(name: str, distribution: str = SHIFT) -> Callable[[dict[str, Any]], float]:
    return lambda row: row["ledger"][distribution][name]


_COLUMNS: dict[str, Callable[[dict[str, Any]], float]] = {
    "competence in training": _gap("competence", "training"),
    "door first": lambda row: row["first"][SHIFT]["door"],
    "red first": lambda row: row["first"][SHIFT]["red"],
    "total gap": _gap("total"),
    "outer gap": _gap("outer"),
    "inner gap": _gap("inner"),
    "capability gap": _gap("capability"),
    "worst regret found": lambda row: row["worst"]["regret"],
}


def _compared(rows: Rows, named: dict[str, str], columns: dict[str, Callable[[dict[str, Any]], float]]) -> str:
    lines = []
    for name, said in named.items():
        found = _named(rows, name)
        lines.append([said, str(len(found)), *(interval([get(r) for r in found.values()]) for get in columns.values())])
    return table(["", "seeds", *columns], lines)


def _paired(rows: Rows, first: str, second: str, get: Callable[[dict[str, Any]], float]) -> str:
    one, other = _named(rows, first), _named(rows, second)
    both = sorted(one.keys() & other.keys())
    if not both:
        return "not measured yet"
    return f"{interval([get(one[s]) - get(other[s]) for s in both])} over {len(both)} seeds"


def curricula(rows: Rows) -> str:
    """Domain randomization and replay, in training and under the classic shift."""
    named = {
        "plain": "levels drawn, none telling",
        "mixed": f"levels drawn, {ALPHA:.0%} telling",
        "replay": f"replay (robust), {ALPHA:.0%} telling",
        "mixed, few": f"levels drawn, {FEW:.1%} telling",
        "replay, few": f"replay (robust), {FEW:.1%} telling",
        "replay, not robust": f"replay in half of the updates, {ALPHA:.0%} telling",
        "replay, nothing to find": "replay (robust), none telling",
    }
    shown = _compared(rows, named, _COLUMNS)
    said = [
        f"{share:.1%} telling: total gap {_paired(rows, one, other, _gap('total'))}; inner gap "
        f"{_paired(rows, one, other, _gap('inner'))}; worst regret "
        f"{_paired(rows, one, other, _COLUMNS['worst regret found'])}"
        for one, other, share in (("replay", "mixed", ALPHA), ("replay, few", "mixed, few", FEW))
    ]
    return f"{shown}\n\nReplay (robust) minus drawn, seed by seed. {'. '.join(said)}."


def bounds(rows: Rows) -> str:
    """Each predicate's term beside the truth, before any repair."""
    found = _named(rows, "plain").values()
    names = list(dict.fromkeys(name for row in found for name in row["bounds"]))
    lines = [
        [
            name,
            *(
                interval([row["bounds"][name][key] for row in found], 2, 0, 1)
                for key in ("share", "given", "product", "covers")
            ),
        ]
        for name in names
    ]
    best = [max(b["product"] for b in row["bounds"].values()) for row in found]
    truth = [row["truth"] for row in found]
    return (
        table(("predicate", "P(a)", "P(C given a)", "product", "share of C covered"), lines)
        + f"\n\nTruth P(C): {interval(truth, 2, 0, 1)}. Largest product: {interval(best, 2, 0, 1)}, over {len(best)} seeds."
    )


def repair(rows: Rows) -> str:
    """Before, after levels of the worst predicate, and after as many ordinary ones."""
    named = {
        "plain": "before",
        "repaired": "levels of the worst predicate added",
        "repaired, ordinary levels": "as many ordinary levels added",
    }
    columns: dict[str, Callable[[dict[str, Any]], float]] = {
        "truth P(C)": lambda row: row["truth"],
        "largest product": lambda row: max(b["product"] for b in row["bounds"].values()),
        "inner gap in training": _gap("inner", "training"),
        **_COLUMNS,
    }
    found = _named(rows, "repaired")
    predicates = sorted({row["predicate"] for row in found.values()})
    counted = ", ".join(f"*{p}* for {sum(r['predicate'] == p for r in found.values())}" for p in predicates)
    inner = _paired(rows, "repaired", "repaired, ordinary levels", _gap("inner"))
    truth = _paired(rows, "repaired", "repaired, ordinary levels", lambda row: row["truth"])
    return (
        _compared(rows, named, columns)
        + f"\n\nThe worst predicate was {counted} of {len(found)} seeds. Worst predicate minus ordinary, seed by seed: truth "
        f"{truth}; inner gap {inner}."
    )


def _at(rows: Rows, ticks: int) -> dict[int, dict[str, Any]]:
    return _named(rows, "plain" if ticks == TICKS else f"ticks {ticks}")


def ticks(rows: Rows) -> str:
    """Nets that think for a set time."""
    lines = []
    for time in TIMES:
        found = _at(rows, time).values()
        columns = [_gap("return", "training"), *list(_COLUMNS.values())[:7]]
        lines.append([str(time), str(len(found)), *(interval([get(r) for r in found]) for get in columns)])
    return table(("ticks", "seeds", "return in training", *list(_COLUMNS)[:7]), lines)


def penalties(rows: Rows) -> str:
    """What a base optimizer that pays for each tick would choose, seed by seed, and what that is after."""
    seeds = sorted(set.intersection(*(set(_at(rows, time)) for time in TIMES)))
    lines = []
    for penalty in PENALTIES:
        chosen = {}
        for seed in seeds:
            worth = {time: _gap("return", "training")(_at(rows, time)[seed]) - penalty * time for time in TIMES}
            chosen[seed] = max(worth, key=lambda time: worth[time])
        nets = [_at(rows, time)[seed] for seed, time in chosen.items()]
        counts = ", ".join(f"{time}: {list(chosen.values()).count(time)}" for time in TIMES if time in chosen.values())
        lines.append(
            [
                f"{penalty:g}",
                str(len(nets)),
                counts,
                *(interval([get(r) for r in nets]) for get in list(_COLUMNS.values())[:7]),
            ]
        )
    return table(("cost of a tick", "seeds", "ticks chosen: seeds", *list(_COLUMNS)[:7]), lines)


def diagnostic(rows: Rows) -> str:
    """Levels needed until the truth is known."""
    lines = []
    for text in OBJECTIVES:
        found = [row for row in rows if row["name"] == "diagnostic levels" and row["objective"] == text]
        cells = [f"`{text}`", str(len(found))]
        for arm in ARMS:
            needed = [LOOKS if row["needed"][arm] is None else row["needed"][arm] for row in found]
            known = rate_of(sum(row["needed"][arm] is not None for row in found), len(found))
            cells.append(
                f"{interval(needed, 1, 0, LOOKS)}; {known.value:.2f} [{known.interval.low:.2f}, {known.interval.high:.2f}]"
            )
        saved = [
            (LOOKS if row["needed"]["random"] is None else row["needed"]["random"])
            - (LOOKS if row["needed"]["chosen"] is None else row["needed"]["chosen"])
            for row in found
        ]
        lines.append([*cells, interval(saved, 1, -LOOKS, LOOKS)])
    return table(("objective", "draws", *ARMS, "saved by choosing"), lines)


PARTS: dict[str, Callable[[Rows], str]] = {
    "curricula": curricula,
    "bounds": bounds,
    "repair": repair,
    "ticks": ticks,
    "penalties": penalties,
    "diagnostic": diagnostic,
}
