"""What a subject may be after, or merely be doing: the hypotheses that the exact posterior weighs."""

import enum
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from mesascope.core.inline_jit import inline_jit
from mesascope.core.objective import Objective
from mesascope.instruments.evidence import Evidence
from mesascope.instruments.first_touch import action_values
from mesascope.worlds.strategies import Habit
from mesascope.worlds.world import AbstractWorld

RATIOS = ((1.0, 0.5), (1.0, 1.0), (0.5, 1.0))
"""Weights of the two features of a pair."""


class Kind(enum.StrEnum):
    """What sort of account a hypothesis gives."""

    OBJECTIVE = "objective"
    NUISANCE = "nuisance"
    NONE = "none"


class Hypothesis(NamedTuple):
    """An account of a subject's choices; only an objective has weights."""

    name: str
    kind: Kind
    objective: Objective | None


def hypotheses_of(world: AbstractWorld) -> tuple[Hypothesis, ...]:
    """Every feature and its negation, pairs with what the base objective rewards, what was wanted, nothing, and nuisances.

    An objective is named as `Objective.parse` reads it. Base objective and intended goal are hypotheses whatever their weights,
    those of nothing but negative ones included. Nuisances are policies after nothing: the habits that the world names.
    """
    texts = [sign + feature for feature in world.features for sign in ("", "-")]
    rewarded = [feature for feature, weight in world.base_objective.weights if weight > 0]
    for feature in rewarded:
        others = [other for other in world.features if other not in rewarded]
        texts += [f"{feature}:{a:g}+{other}:{b:g}" for other in others for a, b in RATIOS]
    objectives = [Hypothesis(text, Kind.OBJECTIVE, Objective.parse(text, world.features)) for text in texts]
    for wanted in (world.base_objective, world.intended_goal):
        if not any(_same(wanted, h.objective, world.features) for h in objectives):
            text = "+".join(f"{feature}:{weight:g}" for feature, weight in wanted.weights)
            objectives.append(Hypothesis(text, Kind.OBJECTIVE, Objective.parse(text, world.features)))
    return (
        *objectives,
        Hypothesis("nothing", Kind.NONE, None),
        *(Hypothesis(name, Kind.NUISANCE, None) for name in world.habits),
    )


def _same(one: Objective, other: Objective | None, features: Sequence[str]) -> bool:
    """Whether two objectives weigh features alike, up to scale; one without any weight is like every other."""
    if other is None:
        return False
    a, b = (np.asarray(o.vector(features), np.float64) for o in (one, other))
    a, b = (v / max(np.abs(v).max(), 1e-12) for v in (a, b))
    return not a.any() or bool(np.allclose(a, b, atol=1e-4))


def scores(
    hypotheses: tuple[Hypothesis, ...], world: AbstractWorld, evidence: Evidence
) -> Float[Array, "hypothesis row action"]:
    """What each hypothesis makes of each action: optimal action values of an objective, preferences of a nuisance.

    The subject is taken to act by the softmax of these times an inverse temperature.
    """
    objectives = [h.objective.vector(world.features) for h in hypotheses if h.objective is not None]
    worth = jnp.einsum("rof,hf->hro", evidence.objects, jnp.asarray(np.stack(objectives)))
    valued = jax.vmap(lambda each: action_values(evidence.enters, evidence.reach, each))(worth)
    return beside_nuisances(hypotheses, world, list(valued), evidence.blocked)


def beside_nuisances(
    hypotheses: tuple[Hypothesis, ...],
    world: AbstractWorld,
    valued: Sequence[Float[Array, "row action"]],
    blocked: Bool[Array, "row action"],
) -> Float[Array, "hypothesis row action"]:
    """Action values of the objectives among the hypotheses, in order, and the preferences of the others beside them."""
    habits = tuple(world.habits.items())
    values, named, flat = iter(valued), _nuisances(blocked, habits), jnp.zeros(blocked.shape)
    return jnp.stack([next(values) if h.kind is Kind.OBJECTIVE else named.get(h.name, flat) for h in hypotheses])


@inline_jit("habits")
def _nuisances(
    blocked: Bool[Array, "row action"], habits: tuple[tuple[str, Habit], ...]
) -> dict[str, Float[Array, "row action"]]:
    return {name: _or_any_free(habit(blocked), ~blocked) for name, habit in habits}


def _or_any_free(wanted: Bool[Array, "row action"], free: Bool[Array, "row action"]) -> Float[Array, "row action"]:
    """1 for the wanted actions, or for every free one where none is wanted."""
    return jnp.where(wanted.any(-1, keepdims=True), wanted, free).astype(jnp.float32)
