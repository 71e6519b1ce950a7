"""The ledger of an experiment from returns of each unit that was sampled: a context, a picture, a life."""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from mesascope.auditing.ledger_estimate import GAPS, LedgerEstimate, Returns, mean_returns
from mesascope.core.ledger import ReturnsByU, ledger
from mesascope.core.statistics import Estimate, exactly, statistic_of


class Candidate(NamedTuple):
    """Returns by an objective that the subject might have: its own, those of the best policy, those of chance."""

    subject: Float[np.ndarray, " level"]
    optimal: Float[np.ndarray, " level"]
    uniform: Float[np.ndarray, " level"]


def exact_returns(
    intended: Float[np.ndarray, " level"],
    base: Float[np.ndarray, " level"],
    mesa: Float[np.ndarray, " level"],
    subject: Float[np.ndarray, " level"],
    uniform: Float[np.ndarray, " level"],
) -> ReturnsByU:
    """Returns by the intended goal where no two policies are optimal for the same objective: no ties."""
    return ReturnsByU(intended, base, np.stack([base, base]), mesa, np.stack([mesa, mesa]), subject, uniform)


def estimate_ledger(
    distribution: str, returns: ReturnsByU, candidates: Mapping[str, Candidate], *, whole: bool = False
) -> LedgerEstimate:
    """Gaps and competences with intervals over the units.

    Args:
        distribution: Its name.
        returns: By the intended goal, of every unit.
        candidates: Objectives that the subject might have; they must hold `base`, the base objective.
        whole: Whether the units are the whole distribution. Nothing was drawn then, and every figure is exact.
    """
    columns = np.stack([returns.intended, returns.base, returns.mesa, returns.subject, returns.uniform], 1)
    terms = {"outer": (0, 1), "inner": (1, 2), "capability": (2, 3), "total": (0, 3)}
    shares = {gap: statistic_of(columns, partial(_share, *ends)) for gap, ends in terms.items()}
    base, competence = candidates["base"], {name: competence_of(found) for name, found in candidates.items()}
    if whole:
        shares, competence = ({n: exactly(e.value) for n, e in found.items()} for found in (shares, competence))
    return LedgerEstimate(
        distribution,
        ledger(returns),
        {gap: shares[gap] for gap in GAPS},
        ledger(returns),
        competence,
        Returns(float(base.subject.mean()), float(base.optimal.mean()), float(base.uniform.mean())),
        mean_returns(returns),
        {name: float((found.optimal - found.uniform).mean()) for name, found in candidates.items()},
    )


def _share(better: int, worse: int, means: Float[np.ndarray, "resample 5"]) -> Float[np.ndarray, " resample"]:
    """A gap over what can be had: best for the intended goal less chance."""
    return _over(means[:, better] - means[:, worse], means[:, 0] - means[:, 4])


def competence_of(found: Candidate) -> Estimate:
    """Competence with its interval over the units: 0 uniform, 1 optimal."""
    columns = np.stack([found.subject, found.optimal, found.uniform], 1)
    return statistic_of(columns, lambda m: _over(m[:, 0] - m[:, 2], m[:, 1] - m[:, 2]))


def _over(
    value: Float[np.ndarray, " resample"], room: Float[np.ndarray, " resample"]
) -> Float[np.ndarray, " resample"]:
    return np.where(room > 1e-9, value / np.maximum(room, 1e-9), np.nan)
