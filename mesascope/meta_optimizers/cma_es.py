"""CMA-ES over finished trials, replayed: Optuna's own sampler keeps its state pickled in the storage, and a pickle can hold
code; here the state is computed again from the trials.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from cmaes import CMA
from optuna import Study
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from mesascope.meta_optimizers.space import Dimension

SIGMA = 0.25
"""Standard deviation of the first generation, as a share of each range."""

Point = tuple[np.ndarray, float]


def distributions_of(space: Sequence[Dimension]) -> dict[str, BaseDistribution]:
    """The space as Optuna has it."""
    return {
        d.name: IntDistribution(int(d.low), int(d.high)) if d.whole else FloatDistribution(d.low, d.high, log=d.log)
        for d in space
    }


class ReplayedCmaEs(BaseSampler):
    """Every generation is told again from the finished trials in their order; only the next point is drawn anew.

    The first mean is the middle of the space, each range taken as 0 to 1 on its own scale. A trial that was given up
    counts with the last value it reported. With a single dimension the covariance is a number, and the step size adapts.
    """

    def __init__(self, space: tuple[Dimension, ...], seed: int):
        self._space = space
        self._seed = seed
        self._random = RandomSampler(seed=seed)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """The whole space: a trial is asked for with its distributions fixed."""
        return distributions_of(self._space)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The next point."""
        sign = -1.0 if study.direction == StudyDirection.MAXIMIZE else 1.0
        told = [point for t in finished_trials(study) if (point := self._point(t, sign)) is not None]
        return self.next_point(told)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """A number at random, for a parameter that is not of the space."""
        return self._random.sample_independent(study, trial, param_name, param_distribution)

    def next_point(self, told: list[Point]) -> dict[str, Any]:
        """The next configuration, given points in shares of the ranges with what is to be minimized."""
        count = len(self._space)
        strategy = CMA(mean=np.full(count, 0.5), sigma=SIGMA, bounds=np.tile([0.0, 1.0], (count, 1)), seed=self._seed)
        size = strategy.population_size
        for first in range(0, len(told) - size + 1, size):
            if strategy.should_stop():
                break
            strategy.tell(told[first : first + size])
        strategy.reseed_rng(self._seed)
        return {d.name: d.at_share(float(x)) for d, x in zip(self._space, strategy.ask(), strict=True)}

    def _point(self, trial: FrozenTrial, sign: float) -> Point | None:
        value = last_value(trial)
        if value is None:
            return None
        return np.array([d.share_of(trial.params[d.name]) for d in self._space]), sign * value


def finished_trials(study: Study) -> list[FrozenTrial]:
    """Trials that came to their end or were given up, in their order."""
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def last_value(trial: FrozenTrial) -> float | None:
    """The value of a trial of one objective: the last that it reported where it was given up."""
    if trial.state == TrialState.COMPLETE:
        return trial.value
    return trial.intermediate_values[trial.last_step] if trial.last_step is not None else None
