"""From event deletions and a correlation to the way in which a proxy and the base objective hang together."""

import enum

from mesascope.core.statistics import Estimate
from mesascope.instruments.kinds.correlation import Correlation
from mesascope.instruments.kinds.deletion import Deletion

NONE, SOME = 0.05, 0.1
"""Shares of what can be had: a loss surely below the first is none, one surely above the second is one."""

TOGETHER = 0.5
"""Two objectives rise together where the interval of the correlation of their returns, over levels and policies, is all above."""


class Mechanism(enum.StrEnum):
    """How a proxy comes to serve the base objective in training (RLO section 3.1)."""

    SIDE_EFFECT = "side effect"
    INSTRUMENT = "instrument"
    COMMON_CAUSE = "common cause"


def read_mechanism(deletion: Deletion | None, correlation: Correlation | None) -> tuple[Mechanism | None, str]:
    """The mechanism and why; None where both losses are there, where neither is clear, or where nothing goes together."""
    if deletion is None or correlation is None:
        return None, "no event of its own that could be deleted"
    losses = (
        f"without its event the base objective loses {deletion.mesa_on_base.text}, without the base event its own "
        f"loses {deletion.base_on_mesa.text}"
    )
    forth = _is_there(deletion.mesa_on_base, deletion.null_on_base)
    back = _is_there(deletion.base_on_mesa, deletion.null_on_mesa)
    if forth is None or back is None:
        return None, f"{losses}: not clear"
    if forth and back:
        return None, f"{losses}: each is a cause of the other"
    if forth:
        return Mechanism.SIDE_EFFECT, losses
    if back:
        return Mechanism.INSTRUMENT, losses
    together = correlation.own.interval.low > max(TOGETHER, correlation.null.interval.high)
    said = f"{losses}; over policies the returns correlate by {correlation.own.text}"
    return (Mechanism.COMMON_CAUSE, said) if together else (None, said)


def _is_there(loss: Estimate, null: Estimate) -> bool | None:
    """Whether a loss is surely there, also beside that of an irrelevant event; None where it is not clear."""
    if loss.interval.low > max(SOME, null.interval.high):
        return True
    return False if loss.interval.high < NONE else None
