"""The mesa-objective: what a searching subject is after, read from the plans it makes for objects that exist only inside."""

from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.mdp import FiniteMDP, rewards
from mesascope.core.rng import named_key
from mesascope.core.solver import evaluate, optimal_values
from mesascope.core.statistics import Estimate, ratio_of
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.choice_weights import WeightPosterior, fit_choice_weights
from mesascope.instruments.decisions import observe_decisions
from mesascope.instruments.interventions.place import Place
from mesascope.instruments.search.implants import Implanted, implant
from mesascope.instruments.search.trials import changes_of
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld

SINGLE_EVERY = 5
"""One level in so many gets one object instead of two: whether it is wanted at all, beside what it is preferred to."""


class Pull(NamedTuple):
    """How strongly one kind of object, alone and only inside, draws the plan: return over the best possible return."""

    kind: str
    share: Estimate


class MesaObjective(NamedTuple):
    """Weights over features with their posterior, the pull of each kind of object, and where they were read."""

    posterior: WeightPosterior
    pulls: tuple[Pull, ...]
    place: Place


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
) -> MesaObjective:
    """Implant pairs of objects to weigh features against each other, and single objects to see what each pulls.

    `levels` give the places; their own outcomes are removed. `place` is where the search tests found the goal.
    """
    changes, kinds = changes_of(world), jnp.asarray(classes)
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
    posterior = fit_choice_weights(
        chosen, world.independent_features, world.features, world.discount, named_key(key, "weights")
    )
    few = levels[: max(len(levels) // 4, 1)]
    pulls = []
    for kind in classes:
        alone = implant(world, subject, few, jnp.full((len(few), 1), kind), place)
        pulls.append(Pull(changes.kinds[kind], ratio_of(*_reached(world, alone, kind))))
    return MesaObjective(posterior, tuple(sorted(pulls, key=lambda p: -p.share.value)), place)


@eqx.filter_jit
def _tables(world: AbstractWorld, levels: AbstractLevels) -> FiniteMDP:
    return world.tables(levels)


def _reached(world, implanted: Implanted, kind: int):
    weights = np.zeros(len(world.features), np.float32)
    weights[int(np.asarray(changes_of(world).kind_features[kind]).argmax())] = (
        1.0  # one feature of it is enough: it is alone
    )
    own, best = _returns(world, implanted, jnp.asarray(weights))
    some = np.asarray(best) > 0
    return np.asarray(own, np.float64)[some], np.asarray(best, np.float64)[some]


@eqx.filter_jit
def _returns(
    world: AbstractWorld, implanted: Implanted, weights: Float[Array, " feature"]
) -> tuple[Float[Array, " level"], Float[Array, " level"]]:
    """Returns from the readable cells, of the plan and of the best possible one."""
    mdp: FiniteMDP = world.tables(implanted.believed)
    starts: Bool[Array, "level state"] = (mdp.initial > 0) & implanted.readable
    initial = starts / jnp.maximum(starts.sum(-1, keepdims=True), 1).astype(jnp.float32)
    own = evaluate(mdp, implanted.policy, rewards(mdp, weights), world.discount)
    best = optimal_values(mdp, weights, world.discount).state
    return (own * initial).sum(-1), (best * initial).sum(-1)
