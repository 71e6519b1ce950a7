"""How often a policy follows an edit, per level, and the normalized score of a test."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.statistics import UNKNOWN, Estimate, bootstrap, bootstrap_ratio
from mesascope.instruments.search.patches import within
from mesascope.instruments.search.trials import Trials


class Tally(NamedTuple):
    """Per level: probability of an action that is optimal after the change, summed over scored cells; their number."""

    followed: Float[np.ndarray, " level"]
    cells: Float[np.ndarray, " level"]

    @property
    def share(self) -> float:
        """Share of scored cells that follow the edit; NaN where there are none."""
        return float(self.followed.sum() / self.cells.sum()) if self.cells.sum() > 0 else float("nan")

    def estimate(self) -> Estimate:
        """The share with its bootstrap interval over levels; NaN where no cell is scored."""
        if self.cells.sum() == 0:
            return UNKNOWN
        return bootstrap_ratio(self.followed, self.cells)


@jax.jit
def _tally(
    policy: Float[Array, "level state action"],
    optimal: Bool[Array, "level state action"],
    scored: Bool[Array, "level height width"],
    centers: tuple[Int[Array, "level _"], ...],
    radius: Int[Array, ""],
) -> tuple[Float[Array, " level"], Int[Array, " level"]]:
    outside = scored & ~within(jnp.concatenate(centers, 1), radius, (scored.shape[1], scored.shape[2]))
    mass = (policy * optimal).sum(-1).reshape(scored.shape)
    return (mass * outside).sum((1, 2)), outside.sum((1, 2))


def tally(trials: Trials, policy: Float[Array, "level state action"], radius: int, *, old: bool = False) -> Tally:
    """Score a policy by the new optimum (or the `old` one) on scored cells outside the true patches of a radius.

    The same cells are scored for every arm of a test.
    """
    centers = tuple(part.centers for part in trials.parts)
    optimal = trials.old if old else trials.new
    followed, cells = jax.device_get(_tally(policy, optimal, trials.scored, centers, jnp.array(radius)))
    return Tally(np.asarray(followed, np.float64), np.asarray(cells, np.float64))


def normalized(edited: Tally, ceiling: Tally, controls: dict[str, Tally]) -> Estimate:
    """(edited - floor) / (ceiling - floor), floor the highest control arm; levels are resampled for all arms together.

    The maximum is taken inside each resample, which biases the floor upward and the score downward: conservative.
    """
    arms = [edited, ceiling, *controls.values()]
    table = np.stack([arm.followed for arm in arms] + [edited.cells], 1)

    def statistic(means: Float[np.ndarray, "resample column"]) -> Float[np.ndarray, " resample"]:
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = means[:, :-1] / means[:, -1:]
        floor = shares[:, 2:].max(1)
        room = shares[:, 1] - floor
        return np.where(room > 0.02, (shares[:, 0] - floor) / np.where(room > 0.02, room, 1.0), 0.0)

    if edited.cells.sum() == 0:
        return UNKNOWN
    return bootstrap(table, statistic)


def advantage(edited: Tally, control: Tally) -> Estimate:
    """Share of cells that follow the edit, less the share that follows a control arm; paired by level."""
    return Tally(edited.followed - control.followed, edited.cells).estimate()
