"""The document of a study: every row, and what the competent seeds of each condition come to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.core.machine import comparison
from mesascope.core.robust_statistics import interquartile_mean, probability_of_improvement
from mesascope.core.statistics import Estimate, difference_of_means, mean_over_seeds
from mesascope.reports.reading import TRAINING, words
from mesascope.studies.across import differences
from mesascope.studies.readouts import ARRANGED, Row, limits, readout, share, usual
from mesascope.studies.spec import Spec

FORMAT = 1


def study_results(
    spec: Spec, rows: Sequence[Row], command: str, not_done: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """What `study.json` holds. `rows` come in the order of the study's cells and are plain values, as read from a file;
    `not_done` are the cells without a row, with the error of those that failed.
    """
    shown = list(spec.show) or usual([row for row in rows if not row.get("failed")])
    conditions = list(dict.fromkeys(words(row, "condition") for row in rows))
    by_name = {name: [row for row in rows if row["condition"] == name] for name in conditions}
    able = {name: [row for row in found if failure(row, spec.competent) is None] for name, found in by_name.items()}
    # Agents whose objective is known differ by design, and say nothing of whether what was trained differs.
    trained = [name for name in conditions if not by_name[name][0].get("subject")]
    values = {name: {n: _values(able[n], name) for n in trained} for name in shown if name not in ARRANGED}
    return {
        "format": FORMAT,
        "kind": "study",
        "title": spec.title,
        "question": spec.question,
        "command": command,
        "depth": spec.depth,
        "levels": spec.levels,
        "competent": spec.competent,
        "reference": spec.reference,
        "show": shown,
        "comparison": comparison([row.get("machine") for row in rows]),
        "conditions": [_condition(name, by_name[name], able[name], shown, spec) for name in conditions],
        "differences": differences({name: list(by_condition.values()) for name, by_condition in values.items()}),
        "against_reference": {}
        if spec.reference is None
        else {
            name: {n: less(able[n], able.get(spec.reference, []), name) for n in conditions if n != spec.reference}
            for name in shown
        },
        "robust": {name: _robust(name, able, spec.reference) for name in shown},
        "rows": list(rows),
        "not_done": list(not_done),
    }


def less(rows: Sequence[Row], others: Sequence[Row], name: str) -> Estimate:
    """Mean of a readout less its mean over other rows: of all seeds, with Welch's interval; where both sides treat the same
    trained agents, of the seeds that both have, pair by pair, with Student's.
    """
    pairs = _pairs(rows, others)
    if not pairs:
        return difference_of_means(_values(rows, name), _values(others, name), *limits(name))
    both = [(readout(row, name), readout(other, name)) for row, other in pairs]
    least, most = limits(name)
    moved = np.array([a - b for a, b in both if a is not None and b is not None], np.float64)
    return mean_over_seeds(moved, least - most, most - least)


def _pairs(rows: Sequence[Row], others: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Rows of the same trained agent on both sides; none where an agent of one side is not that of the other."""
    before = {row["seed"]: row for row in others if row.get("trained")}
    pairs = [(row, before[row["seed"]]) for row in rows if row["seed"] in before]
    return pairs if all(row.get("trained") == other["trained"] for row, other in pairs) else []


def _robust(name: str, able: Mapping[str, Sequence[Row]], reference: str | None) -> dict[str, Any]:
    """By condition: the interquartile mean over seeds, and the chance that a training comes to more than one of the reference.

    The chance is of two independent trainings, so there is none where both conditions treat the same trained agents.
    """
    others = able.get(reference, []) if reference is not None else []
    return {
        condition: {
            "interquartile_mean": interquartile_mean(_values(rows, name), *limits(name)),
            "improvement": None
            if reference in (None, condition) or _pairs(rows, others)
            else probability_of_improvement(_values(rows, name), _values(others, name)),
        }
        for condition, rows in able.items()
    }


def failure(row: Row, competent: float) -> str | None:
    """Why the agent of a row is a capability failure: it earns less than this share of the optimal training return."""
    if row.get("failed"):
        return words(row, "failed")
    own = share(row, TRAINING)
    if own is not None and own >= competent:
        return None
    return (
        "its return in training was not measured"
        if own is None
        else (f"it earns {own:.3f} of the optimal training return (needs {competent:g})")
    )


def _condition(name: str, rows: Sequence[Row], able: Sequence[Row], shown: Sequence[str], spec: Spec) -> dict[str, Any]:
    failed = {str(row["seed"]): failure(row, spec.competent) for row in rows if row not in able}
    return {
        "name": name,
        "settings": rows[0].get("settings", {}),
        "subject": rows[0].get("subject"),
        "training": next((row["training"] for row in rows if row.get("training")), {}),
        "agent": next((row["agent"] for row in rows if row.get("agent")), {}),
        "seeds": [row["seed"] for row in rows],
        "competent": len(able),
        "averaged": [row["seed"] for row in able],
        "capability_failures": failed,
        "readouts": {
            readout_name: mean_over_seeds(_values(able, readout_name), *limits(readout_name)) for readout_name in shown
        },
        "each": {readout_name: [readout(row, readout_name) for row in able] for readout_name in shown},
        "share_of_all": mean_over_seeds(
            np.array([s for row in rows if (s := share(row)) is not None], np.float64), 0.0, 1.0
        ),
        "search": _counted(able, "search"),
        **{half: _counted(rows, "alignment", half) for half in ("objective", "capability")},
        "alignment": _counted(rows, "alignment"),
    }


def _counted(rows: Sequence[Row], *keys: str) -> dict[str, int]:
    return dict(Counter(verdict for row in rows if (verdict := words(row, *keys, "verdict"))))


def _values(rows: Sequence[Row], name: str) -> Float[np.ndarray, " seed"]:
    found = (readout(row, name) for row in rows)
    return np.array([value for value in found if value is not None], np.float64)
