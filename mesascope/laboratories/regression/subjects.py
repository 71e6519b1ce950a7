"""The subject of an audit: trained here, or a reference reader."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.rng import named_key
from mesascope.laboratories import document
from mesascope.laboratories.laboratory import Named
from mesascope.laboratories.regression.contexts import pool_of_tasks
from mesascope.laboratories.regression.laboratory import Regression
from mesascope.laboratories.regression.organisms import Memorizer, Smoother, constructed_descent
from mesascope.laboratories.regression.reader import AbstractReader
from mesascope.laboratories.regression.training import trained


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


def make_subject(laboratory: Regression, seed: int, named: Named | None) -> Audited:
    """Trains, or builds what was named."""
    if named is not None:
        pool, reader = _reference(laboratory, seed, named)
        about = document.subject("organism", named.ref, f"{named.name} reader")
        return Audited(reader, None, pool, about, bool(laboratory.references[named.name].searches), [])
    pool = laboratory.pool(seed)
    net, losses = trained(laboratory.recipe, seed, pool)
    size = sum(x.size for x in jax.tree.leaves(eqx.filter(net, eqx.is_array)))
    config = {key: getattr(laboratory, key) for key in ("layers", "width", "heads")}
    about = document.subject(
        "trained",
        laboratory.name,
        f"{laboratory.attention}-attention network",
        architecture={"name": f"{laboratory.attention} attention", "config": config, "parameters": size},
        training={
            "base_optimizer": "Adam",
            "config": {key: getattr(laboratory, key) for key in ("batch", "rate", "tasks")},
            "updates": laboratory.updates,
            "seconds": None,
            "levels_seen": laboratory.updates * laboratory.batch,
            "curve": [],
        },
    )
    return Audited(net, laboratory.recipe.fresh(seed), pool, about, False, _thinned(np.asarray(losses, np.float64)))


def _reference(laboratory: Regression, seed: int, named: Named):
    given = named.options
    if named.name == "gradient-descent":
        return laboratory.pool(seed), constructed_descent(
            *(jnp.full(int(given["steps"]), given[key]) for key in ("rate", "shrink"))
        )
    if named.name == "memorizer":
        pool = pool_of_tasks(named_key(seed, laboratory.name), int(given["tasks"]))
        return pool, Memorizer(pool)
    return laboratory.pool(seed), Smoother(float(given["sharpness"]))


def _thinned(losses: Float[np.ndarray, " tick"], most: int = 40) -> list[tuple[int, float]]:
    """Means over stretches of training."""
    stretches = np.array_split(losses, min(most, len(losses)))
    ends = np.cumsum([len(s) for s in stretches])
    return [(int(end), float(s.mean())) for end, s in zip(ends, stretches, strict=True)]
