"""A published result beside a study of ours: numbers with their intervals, and which statements ours bear out."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float

from mesascope.core.statistics import Estimate, difference_of_means, mean_over_seeds, rate_of
from mesascope.studies.readouts import limits, readout
from mesascope.studies.reproductions.published import Claim, Reading, Reproduction

Answer = Literal["borne out", "contradicted", "not decided"]


class Compared(NamedTuple):
    """A published number beside ours."""

    what: str
    published: float | None
    setting: str
    condition: str
    ours: Estimate
    seeds: int


class Tested(NamedTuple):
    """A statement, whose it is, how much larger ours is in its direction, and what that comes to.

    `along` is the share of seeds of which the statement holds one by one; None where seeds of two trainings are compared.
    """

    claim: str
    whose: str
    difference: Estimate
    along: Estimate | None
    seeds: list[int]
    answer: Answer


def compared(published: Reproduction, study: Mapping[str, Any]) -> dict[str, Any]:
    """A reproduction's document.

    Args:
        published: what was published.
        study: the document of its study, as `study.json` holds it.

    Returns:
        What was published, the command of the study, and under `rows` and `claims` the fields of `Compared` and `Tested`.
    """
    return {
        "format": 1,
        "kind": "reproduction",
        **{name: getattr(published, name) for name in ("name", "question", "source", "theirs", "ours")},
        "because": list(published.because),
        "command": study["command"],
        "rows": [
            Compared(
                row.what,
                row.published,
                row.setting,
                row.ours.condition,
                _mean(study, row.ours),
                len(_values(study, row.ours)),
            )
            for row in published.rows
        ],
        "claims": [_tested(claim, study) for claim in published.claims],
    }


def _values(study: Mapping[str, Any], reading: Reading) -> Float[np.ndarray, " seed"]:
    """One value for each competent seed."""
    kept = next(set(c["averaged"]) for c in study["conditions"] if c["name"] == reading.condition)
    rows = [row for row in study["rows"] if row["condition"] == reading.condition and row["seed"] in kept]
    values = []
    for row in rows:
        own, other = readout(row, reading.readout), readout(row, reading.less) if reading.less else 0.0
        if own is not None and other is not None:
            values.append(own - other)
    return np.array(values, np.float64)


def _limits(reading: Reading) -> tuple[float, float]:
    least, most = limits(reading.readout)
    return (least - most, most - least) if reading.less else (least, most)


def _mean(study: Mapping[str, Any], reading: Reading) -> Estimate:
    return mean_over_seeds(_values(study, reading), *_limits(reading))


def _tested(claim: Claim, study: Mapping[str, Any]) -> Tested:
    more = _values(study, claim.more)
    along = None
    if claim.than is None:
        difference, counts = mean_over_seeds(more, *_limits(claim.more)), [len(more)]
        along = rate_of((more > 0).sum(), len(more))
    else:
        than = _values(study, claim.than)
        difference = difference_of_means(more, than, *_limits(claim.more))
        counts = [len(more), len(than)]
    low, high = difference.interval
    answer: Answer = "not decided"
    if min(counts) >= claim.fewest and low > 0:
        answer = "borne out"
    elif min(counts) >= claim.fewest and high < 0:
        answer = "contradicted"
    return Tested(claim.text, claim.whose, difference, along, counts, answer)
