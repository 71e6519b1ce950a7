"""How the next configuration is chosen. A sampler is made anew for every trial, from the finished trials and a number.

So nothing of it has to be kept beside the trials, and a tuning that was cut off goes on with the trials it would have had.
"""

import hashlib
from collections.abc import Sequence

import optuna
from optuna.samplers import BaseSampler, RandomSampler, TPESampler

from mesascope.core.errors import UsageError, unknown
from mesascope.meta_optimizers.cma_es import ReplayedCmaEs
from mesascope.meta_optimizers.space import Dimension

SAMPLERS = {
    "tpe": "tree-structured Parzen estimators (Bergstra et al. 2011)",
    "cma-es": "covariance matrix adaptation (Hansen and Ostermeier 2001); one objective",
    "random": "uniformly at random: the null of the others",
}
PRUNERS = {
    "median": "give a trial up where it stands below the median of finished ones at the same update; one objective",
    "none": "train every trial to its end",
}
STARTUP = 10
"""Trials at random before the estimators of `tpe` are built, and before any trial is given up half as many."""


def check_names(sampler: str, pruner: str, objectives: Sequence[str]) -> None:
    """`UsageError` for an unknown name (naming the nearest) and for what does not go together."""
    if sampler not in SAMPLERS:
        raise unknown("sampler", sampler, SAMPLERS)
    if pruner not in PRUNERS:
        raise unknown("pruner", pruner, PRUNERS)
    if sampler == "cma-es" and len(objectives) > 1:
        raise UsageError(f"cma-es tunes one objective, not {','.join(objectives)}: use --sampler tpe or random")


def make_sampler(name: str, space: Sequence[Dimension], seed: int, finished: int, worker: int) -> BaseSampler:
    """The sampler of the trial that follows `finished` ones; processes side by side draw apart."""
    digest = hashlib.sha256(f"{seed}/{finished}/{worker}".encode()).digest()
    number = int.from_bytes(digest[:4], "little")
    if name == "random":
        return RandomSampler(seed=number)
    if name == "tpe":
        return TPESampler(n_startup_trials=STARTUP, seed=number)
    return ReplayedCmaEs(tuple(space), number)


def make_pruner(name: str, objectives: Sequence[str]) -> optuna.pruners.BasePruner:
    """The pruner; with several objectives nothing is given up, since no order says what is worse."""
    if name == "none" or len(objectives) > 1:
        return optuna.pruners.NopPruner()
    return optuna.pruners.MedianPruner(n_startup_trials=STARTUP // 2)
