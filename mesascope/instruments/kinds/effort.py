"""Compliance against effort: what becomes of a subject that plans further, or with a better model."""

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.competence import competence_scale
from mesascope.core.mdp import FiniteMDP
from mesascope.core.solver import DISCOUNT, feature_returns
from mesascope.core.statistics import Estimate, statistic_of

LOST = 0.1
"""Competence at the base objective that must surely be lost with more effort."""


class Spent(NamedTuple):
    """Competence at the base and at the subject's own objective with so much effort: 0 uniform, 1 optimal."""

    effort: float
    base: Estimate
    own: Estimate


class Effort(NamedTuple):
    """The sweep, the effort the subject makes by itself, and what changes from there to the greatest effort.

    `base_lost` is competence at the base objective lost, `own_gained` competence at its own objective gained.
    """

    sweep: tuple[Spent, ...]
    own_effort: float
    base_lost: Estimate
    own_gained: Estimate

    @property
    def vanishes(self) -> bool:
        """Whether more effort serves the subject's objective and costs the base objective, beyond doubt."""
        return self.base_lost.interval.low > LOST and self.own_gained.interval.low > 0


def measure_effort(
    mdp: FiniteMDP,
    policies: Mapping[float, Float[Array, "level state action"]],
    own_effort: float,
    base: Float[np.ndarray, " feature"],
    mesa: Float[np.ndarray, " feature"],
    discount: float = DISCOUNT,
) -> Effort:
    """`policies` by effort, in which `own_effort` must be. Exact returns, intervals over levels."""
    if own_effort not in policies:
        raise ValueError(f"the subject's own effort {own_effort:g} is not among {sorted(policies)}")
    b, m = jnp.asarray(base), jnp.asarray(mesa)
    ends = [np.asarray(x, np.float64) for w in (b, m) for x in competence_scale(mdp, w, discount)]
    earned = {
        effort: np.asarray(feature_returns(mdp, jax.lax.stop_gradient(policy), discount), np.float64)
        for effort, policy in sorted(policies.items())
    }
    rows = {
        effort: (e @ np.asarray(base, np.float64), e @ np.asarray(mesa, np.float64)) for effort, e in earned.items()
    }

    def columns(effort: float) -> list[Float[np.ndarray, " level"]]:
        return [*ends, *rows[effort]]

    sweep = tuple(
        Spent(effort, *(statistic_of(np.stack(columns(effort), 1), _competence(k, 4 + k)) for k in (0, 1)))
        for effort in rows
    )
    most = max(rows)
    both = np.stack([*columns(own_effort), *rows[most]], 1)
    lost = statistic_of(both, lambda x: _competence(0, 4)(x) - _competence(0, 6)(x))
    gained = statistic_of(both, lambda x: _competence(1, 7)(x) - _competence(1, 5)(x))
    return Effort(sweep, own_effort, lost, gained)


def _competence(objective: int, column: int):
    """Competence from columns: uniform and optimal returns by the base, by the own objective, then what was earned."""
    low, high = 2 * objective, 2 * objective + 1
    return lambda x: (x[:, column] - x[:, low]) / np.maximum(x[:, high] - x[:, low], 1e-9)
