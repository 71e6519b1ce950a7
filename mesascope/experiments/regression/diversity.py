"""From few tasks to many: where a network stops remembering its tasks and starts to fit what it is shown."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import jax.numpy as jnp

from mesascope.core.statistics import Estimate
from mesascope.experiments.regression.contexts import halves
from mesascope.experiments.regression.experiment import Regression
from mesascope.experiments.regression.instruments.family import family
from mesascope.experiments.regression.instruments.match import match, nearest_match
from mesascope.experiments.regression.reader import ask
from mesascope.experiments.regression.returns import squared_error
from mesascope.experiments.regression.training import trained
from mesascope.worlds.described import TRAINING

MOST = 1024
"""Rows of every pool, the same tasks over and over where they are fewer: all trainings are then one program."""

STEPS = 3


class Diverse(NamedTuple):
    """One number of tasks: distance of the answers to those of the remembered tasks, and to the nearest algorithm that
    improves candidates, both on training contexts; query losses in training and on fresh tasks.
    """

    tasks: int
    remembered: Estimate
    searching: Estimate
    algorithm: str
    home: Estimate
    fresh: Estimate


def diversity(experiment: Regression, seed: int, counts: Sequence[int], contexts: int = 2_048) -> Iterator[Diverse]:
    """Trains the experiment's network on each number of tasks, which must divide `MOST`."""
    for count in counts:
        of = Regression(**{**vars(experiment), "tasks": count})
        pool = of.pool(seed)
        assert pool is not None
        assert MOST % count == 0
        net, _ = trained(of.recipe, seed, jnp.tile(pool, (MOST // count, 1)))
        fit, scored = halves(of.draw(seed, "match", contexts, pool))
        matches = match(net, family(pool, STEPS), fit, scored)
        searching = nearest_match([m for m in matches if m.algorithm.iterates])
        (remembered,) = (m for m in matches if m.algorithm.group == "remembered tasks")
        losses = []
        for distribution in (TRAINING, "fresh-tasks"):
            drawn = of.draw(seed, "audit", contexts, pool, distribution)
            losses.append(squared_error(drawn, ask(net, drawn))[0])
        yield Diverse(count, remembered.distance, searching.distance, searching.algorithm.name, *losses)
