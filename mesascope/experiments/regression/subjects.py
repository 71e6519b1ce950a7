"""The subject of an audit: trained here, or a reference reader."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.rng import named_key
from mesascope.experiments import document
from mesascope.experiments.experiment import Named
from mesascope.experiments.regression.contexts import pool_of_tasks
from mesascope.experiments.regression.experiment import Regression
from mesascope.experiments.regression.organisms import Memorizer, Smoother, constructed_descent
from mesascope.experiments.regression.reader import AbstractReader
from mesascope.experiments.regression.training import trained


class Audited(NamedTuple):
    """A reader, the network before training where there was one, the tasks of training, and what the document says of it.

    `losses` are those of training at some updates.
    """

    reader: AbstractReader
    untrained: AbstractReader | None
    pool: Float[Array, "task feature"] | None
    about: dict[str, Any]
    hard_coded: bool
    losses: list[tuple[int, float]]


def make_subject(experiment: Regression, seed: int, named: Named | None) -> Audited:
    """Trains, or builds what was named."""
    if named is not None:
        pool, reader = _reference(experiment, seed, named)
        about = document.subject("organism", named.ref, f"{named.name} reader")
        return Audited(reader, None, pool, about, bool(experiment.references[named.name].searches), [])
    pool = experiment.pool(seed)
    net, losses = trained(experiment.recipe, seed, pool)
    size = sum(x.size for x in jax.tree.leaves(eqx.filter(net, eqx.is_array)))
    config = {key: getattr(experiment, key) for key in ("layers", "width", "heads")}
    about = document.subject(
        "trained",
        experiment.name,
        f"{experiment.attention}-attention network",
        architecture={"name": f"{experiment.attention} attention", "config": config, "parameters": size},
        training={
            "base_optimizer": "Adam",
            "config": {key: getattr(experiment, key) for key in ("batch", "rate", "tasks")},
            "updates": experiment.updates,
            "seconds": None,
            "levels_seen": experiment.updates * experiment.batch,
            "curve": [],
        },
    )
    return Audited(net, experiment.recipe.fresh(seed), pool, about, False, _thinned(np.asarray(losses, np.float64)))


def _reference(experiment: Regression, seed: int, named: Named):
    given = named.options
    if named.name == "gradient-descent":
        return experiment.pool(seed), constructed_descent(
            *(jnp.full(int(given["steps"]), given[key]) for key in ("rate", "shrink"))
        )
    if named.name == "memorizer":
        pool = pool_of_tasks(named_key(seed, experiment.name), int(given["tasks"]))
        return pool, Memorizer(pool)
    return experiment.pool(seed), Smoother(float(given["sharpness"]))


def _thinned(losses: Float[np.ndarray, " tick"], most: int = 40) -> list[tuple[int, float]]:
    """Means over stretches of training."""
    stretches = np.array_split(losses, min(most, len(losses)))
    ends = np.cumsum([len(s) for s in stretches])
    return [(int(end), float(s.mean())) for end, s in zip(ends, stretches, strict=True)]
