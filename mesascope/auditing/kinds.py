"""From tests of kind to the kind of a pseudo-alignment, its mechanism and its reason (RLO section 3.1)."""

import enum
from typing import NamedTuple

from mesascope.core.statistics import Estimate
from mesascope.instruments.kinds.correlation import Correlation
from mesascope.instruments.kinds.deletion import Deletion
from mesascope.instruments.kinds.effort import Effort
from mesascope.instruments.kinds.mechanism import Mechanism, read_mechanism
from mesascope.instruments.kinds.openers import Opener
from mesascope.instruments.kinds.strength import Strength

ALIKE = 0.1
"""One less the cosine of two objectives, under the shift: surely below this they are approximately the same function."""


class Kind(enum.StrEnum):
    """How a pseudo-aligned subject comes to look aligned in training (RLO section 3.1)."""

    PROXY = "proxy"
    APPROXIMATE = "approximate"
    SUBOPTIMALITY = "suboptimality"


class KindEvidence(NamedTuple):
    """What the tests of kind found: deletion, correlation and effort in training, the others under `shift`, where the inner
    gap is widest.
    """

    shift: str
    deletion: Deletion | None
    correlation: Correlation | None
    openers: tuple[Opener, ...]
    strength: Strength
    effort: Effort | None


class KindRead(NamedTuple):
    """A kind, where the evidence says one, its mechanism where it is a proxy, and why."""

    kind: Kind | None
    mechanism: Mechanism | None
    reason: str


def read_kind(evidence: KindEvidence) -> KindRead:
    """The kind of a subject whose inner gap is closed in training and open under `evidence.shift`.

    A proxy if there is an event, none of the base objective's, without which the gap closes; or if the two objectives are
    not the same function even approximately. Approximate if they are. How the difference grows with optimization is told and
    decides nothing: where the gap is open it has grown for proxies too.
    """
    opened = [opener.event for opener in evidence.openers if opener.opens]
    weakest = evidence.strength.weakest
    if opened or weakest.interval.low > ALIKE:
        mechanism, why = read_mechanism(evidence.deletion, evidence.correlation)
        said = f"a proxy: the gap closes without {' or without '.join(opened)}" if opened else _unlike(weakest)
        named = f"; {mechanism}: {why}" if mechanism else f"; mechanism not told: {why}"
        return KindRead(Kind.PROXY, mechanism, said + named)
    grown = f"the gap grows by {evidence.strength.amplified.text} with optimization"
    if weakest.interval.high < ALIKE:
        said = (
            f"approximate: no event closes the gap, and the objectives are nearly one function (1 - cosine "
            f"{weakest.text}); {grown}"
        )
        return KindRead(Kind.APPROXIMATE, None, said)
    return KindRead(None, None, f"no kind: no event closes the gap; 1 - cosine {weakest.text}; {grown}")


def _unlike(weakest: Estimate) -> str:
    return f"a proxy: no event closes the gap, but the objectives are different functions (1 - cosine {weakest.text})"
