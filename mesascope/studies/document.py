"""The document of a study: every row, and what the competent seeds of each condition come to."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.core.statistics import mean_over_seeds
from mesascope.reports.reading import TRAINING, words
from mesascope.studies.across import difference_of_means, differences
from mesascope.studies.readouts import Row, limits, readout, share, usual
from mesascope.studies.spec import Spec

FORMAT = 1


def study_results(spec: Spec, rows: Sequence[Row], command: str) -> dict[str, Any]:
    """What `study.json` holds. `rows` come in the order of the study's cells and are plain values, as read from a file."""
    shown = list(spec.show) or usual(rows)
    conditions = list(dict.fromkeys(words(row, "condition") for row in rows))
    by_name = {name: [row for row in rows if row["condition"] == name] for name in conditions}
    able = {name: [row for row in found if failure(row, spec.competent) is None] for name, found in by_name.items()}
    # Agents whose objective is known differ by design, and say nothing of whether what was trained differs.
    trained = [name for name in conditions if not by_name[name][0].get("subject")]
    values = {name: {n: _values(able[n], name) for n in conditions} for name in shown}
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
        "conditions": [_condition(name, by_name[name], able[name], shown, spec) for name in conditions],
        "differences": differences({name: [values[name][n] for n in trained] for name in shown}),
        "against_reference": {
            name: {
                n: difference_of_means(values[name][n], values[name][spec.reference])
                for n in conditions
                if n != spec.reference
            }
            for name in shown
        }
        if spec.reference is not None
        else {},
        "rows": list(rows),
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
        "training": rows[0].get("training", {}),
        "agent": rows[0].get("agent", {}),
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
        "search": dict(Counter(words(row, "search", "verdict") for row in able if row.get("search"))),
        "alignment": dict(Counter(words(row, "alignment", "verdict") for row in rows if row.get("alignment"))),
    }


def _values(rows: Sequence[Row], name: str) -> Float[np.ndarray, " seed"]:
    found = (readout(row, name) for row in rows)
    return np.array([value for value in found if value is not None], np.float64)
