"""The mesa-objective: what a searching subject is after, read from the plans it makes for objects that exist only inside."""

from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PRNGKeyArray

from mesascope.core.mdp import FiniteMDP
from mesascope.core.progress import Stage, silent
from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.choice_weights import WeightPosterior, fit_choice_weights
from mesascope.instruments.decisions import observe_decisions
from mesascope.instruments.interventions.place import Place
from mesascope.instruments.search.implants import implant
from mesascope.instruments.search.pulls import Pull, backed_features, looks_of, read_pulls, without_pull
from mesascope.instruments.search.trials import changes_of
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld

SINGLE_EVERY = 5
"""One level in so many gets one object instead of two: whether it is wanted at all, beside what it is preferred to."""


class MesaObjective(NamedTuple):
    """Weights over features with their posterior, the pull of each kind of object, and where they were read.

    Args:
        posterior: Of the weights, as if what is wanted were a sum over features.
        pulls: Of each kind of object, strongest first.
        place: Where objects were written.
        misfit: Where the weights contradict the pulls, in words; then it is not a sum over features.
        backed: Features that the pulls say draw the plan.
    """

    posterior: WeightPosterior
    pulls: tuple[Pull, ...]
    place: Place
    misfit: tuple[str, ...] = ()
    backed: frozenset[str] = frozenset()

    @property
    def confirmed(self) -> bool:
        """Whether something pulls, and the weights agree with what does."""
        return any(pull.pulls for pull in self.pulls) and not self.misfit


def kinds_of(world: AbstractWorld, batches: Sequence[AbstractLevels]) -> tuple[int, ...]:
    """Kinds of outcome (numbers of `kinds` of the world) that occur in some levels: those a subject can be asked about
    fairly.
    """
    seen = {int(kind) for levels in batches for kind in np.unique(np.asarray(_kinds_in(world, levels)))}
    return tuple(sorted(seen - {-1}))


@eqx.filter_jit
def _kinds_in(world: AbstractWorld, levels: AbstractLevels) -> Int[Array, "level slot"]:
    return changes_of(world).kinds_in(levels)


def read_mesa_objective(
    world: AbstractWorld,
    subject: AbstractSubject,
    levels: AbstractLevels,
    classes: Sequence[int],
    place: Place,
    key: PRNGKeyArray,
    tell: Stage = silent,
) -> MesaObjective:
    """Implant pairs of objects to weigh features against each other, and single objects to see what each pulls.

    `levels` give the places; their own outcomes are removed. `place` is where the search tests found the goal. `tell` hears how
    far it is.
    """
    tell("pairs of objects")
    kinds = jnp.asarray(classes)
    shuffled = jax.random.permutation(named_key(key, "pairs"), jnp.tile(kinds, (len(levels), 1)), 1, independent=True)
    single = jnp.arange(len(levels))[:, None] < len(levels) // SINGLE_EVERY
    pairs = jnp.where(single & (jnp.arange(2) == 1), -1, shuffled[:, :2])
    paired = implant(world, subject, levels, pairs, place)
    tables = _tables(world, paired.believed)
    chosen = observe_decisions(
        world.outcomes(paired.believed),
        tables,
        paired.policy,
        named_key(key, "choices"),
        world.discount,
        paired.readable,
    )
    tell("weights over features")
    posterior = fit_choice_weights(
        chosen, world.independent_features, world.features, world.discount, named_key(key, "weights")
    )
    pulls = read_pulls(world, subject, levels[: max(len(levels) // 4, 1)], classes, place, tell)
    looks, draws = looks_of(world), dict(zip(posterior.weights, posterior.draws.T, strict=True))
    return MesaObjective(posterior, pulls, place, without_pull(draws, pulls, looks), backed_features(pulls, looks))


@eqx.filter_jit
def _tables(world: AbstractWorld, levels: AbstractLevels) -> FiniteMDP:
    return world.tables(levels)
