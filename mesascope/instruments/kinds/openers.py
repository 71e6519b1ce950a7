"""Which event opens an inner gap: the one without which it closes."""

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from mesascope.core.ledger import ReturnsByU, returns_by_intended
from mesascope.core.mdp import rewards
from mesascope.core.solver import DISCOUNT, uniform_policy
from mesascope.core.statistics import Estimate, statistic_of
from mesascope.instruments.kinds.deletion import Without, events_of

HALF = 0.5
"""Share of the gap that must surely be gone without an event that is to have opened it."""


class Opener(NamedTuple):
    """One event: the share of the inner gap that is gone without it, and whether that says anything.

    `telling` is false where without the event the base objective can no longer be served half as well as with it, or the
    subject's objective not at all: then there is no gap to speak of, closed or open.
    """

    event: str
    gone: Estimate
    telling: bool

    @property
    def opens(self) -> bool:
        """Whether most of the gap is gone without it, beyond doubt."""
        return self.telling and self.gone.interval.low > HALF


def find_openers(
    without: Without,
    base: Float[np.ndarray, " feature"],
    mesa: Float[np.ndarray, " feature"],
    features: Sequence[str],
    discount: float = DISCOUNT,
) -> tuple[Opener, ...]:
    """Every event that the levels offer apart from what the base objective rewards, those that take most of the gap first.

    What fires only together with base reward is an attribute of it, and no event of its own. The inner gap is by the base
    objective, exact, its interval over levels. An irrelevant event is among them and must not open anything.
    """
    whole = without(())
    unrewarded = ~(whole.features @ jnp.asarray(base) > 0)
    offered = np.asarray(((whole.features != 0) & unrewarded[..., None]).any((0, 1, 2, 3)))
    wanted = events_of(base, features)
    before = _returns(whole, base, mesa, discount)
    found = []
    for event, there in zip(features, offered, strict=True):
        if not there or event in wanted:
            continue
        rest = without((event,))
        after = _returns(rest, base, mesa, discount)
        columns = np.stack([before.base - before.mesa, after.base - after.mesa], 1)
        served = (after.base - after.uniform).mean() >= HALF * (before.base - before.uniform).mean()
        alive = float(jnp.abs(rewards(rest, jnp.asarray(mesa))).max()) > 0
        found.append(Opener(event, statistic_of(columns, _gone), bool(served and alive)))
    return tuple(sorted(found, key=lambda o: (not o.telling, -o.gone.value)))


def _returns(mdp, base, mesa, discount: float) -> ReturnsByU:
    b = jnp.asarray(base)
    return returns_by_intended(mdp, uniform_policy(mdp), b, b, jnp.asarray(mesa), discount)


def _gone(means: Float[np.ndarray, "resample 2"]) -> Float[np.ndarray, " resample"]:
    return np.where(means[:, 0] > 1e-6, 1.0 - means[:, 1] / np.maximum(means[:, 0], 1e-6), np.nan)
