"""Objectives that live in weights: how few weights, taken from a retrained copy, turn a learned algorithm to another goal.

The fallback where no goal is found in the state. A copy is trained further on another objective; the weights that changed
most are grafted into the original, few at first, and competence at both objectives is measured (after Bush 2025, who
grafted 500 to 50,000 of five million weights).
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from mesascope.base_optimizers.exact_policy_gradient import ExactPolicyGradient
from mesascope.base_optimizers.training import advance
from mesascope.core.competence import competence_scale
from mesascope.core.mdp import FiniteMDP
from mesascope.core.objective import Objective, Role
from mesascope.core.rng import named_key
from mesascope.core.solver import feature_returns
from mesascope.core.statistics import Estimate, statistic_of
from mesascope.core.subject import AbstractSubject, policy_table
from mesascope.instruments.search.trials import not_applicable
from mesascope.worlds.rewarding import rewarding
from mesascope.worlds.world import AbstractWorld

SHARES = (0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 1.0)
"""Shares of the weights that are grafted."""

UPDATES, BATCH, RATE = 500, 16, 5e-3
LEVELS = 256

TURNED = 0.8
"""Competence at the other objective from which on a graft counts as having turned the subject."""


class PatchedShare(NamedTuple):
    """Competence at the old and the new objective after grafting a share of the weights, and of the two control arms at the
    new one.
    """

    share: float
    weights: int
    old: Estimate
    new: Estimate
    random_weights: Estimate
    random_direction: Estimate


class WeightPatching(NamedTuple):
    """All shares, and the least that turned the subject; None where none did."""

    objective: str
    steps: tuple[PatchedShare, ...]
    share: float | None


def weight_patching_reason(world: AbstractWorld, *, trained: bool) -> str | None:
    """Why no graft is made in a world, of a subject that was `trained` or not; None where it is made."""
    if not trained:
        return "the graft trains a copy on, and this subject is no learned algorithm that was trained here or saved"
    if not_applicable(world) is None:
        return None
    return (
        f"the graft trains a copy on for a feature other than the base objective's, and in training levels of {world.name}, "
        "which hold one object, the same way leads to both but for a share `alpha`: the copy would hardly change"
    )


def other_objective(world: AbstractWorld) -> Objective:
    """The first feature of a world that its base objective does not reward."""
    rewarded = {feature for feature, weight in world.base_objective.weights if weight > 0}
    feature = next(f for f in world.features if f not in rewarded)
    return Objective(feature, ((feature, 1.0),))


def patch_weights(
    world: AbstractWorld, subject: AbstractSubject, other: Objective, key: PRNGKeyArray
) -> WeightPatching:
    """Retrain a copy for `other` and graft its weights; `world.base_objective` is the old objective."""
    retrained = _retrain(world, subject, other, named_key(key, "retrain"))
    own, moved = (np.asarray(_flat(s)) for s in (subject, retrained))
    order = np.argsort(-np.abs(moved - own), kind="stable")
    rng = np.random.default_rng(int(jax.random.randint(named_key(key, "arms"), (), 0, 2**31 - 1)))
    shuffled = rng.permutation(len(own))
    noise = rng.normal(size=len(own)) * np.abs(moved - own)
    measure = _Measure(world, other, named_key(key, "levels"))
    steps = []
    for share in SHARES:
        count = max(1, round(share * len(own)))
        chosen = order[:count]
        true, scattered, noisy = own.copy(), own.copy(), own.copy()
        true[chosen] = moved[chosen]
        scattered[shuffled[:count]] = moved[shuffled[:count]]
        noisy[chosen] += noise[chosen]
        old, new = measure(_unflat(subject, true))
        arms = [measure(_unflat(subject, arm))[1] for arm in (scattered, noisy)]
        steps.append(PatchedShare(share, count, old, new, *arms))
    turned = [step.share for step in steps if step.new.interval.low > TURNED]
    return WeightPatching(other.name, tuple(steps), min(turned) if turned else None)


def _retrain(world: AbstractWorld, subject: AbstractSubject, other: Objective, key: PRNGKeyArray) -> AbstractSubject:
    optimizer = ExactPolicyGradient(updates=UPDATES, batch=BATCH, learning_rate=RATE, warmup=10)
    elsewhere = rewarding(world, other.as_role(Role.BASE))
    state = optimizer.init(key, elsewhere, subject)
    return optimizer.subject(advance(optimizer, elsewhere, state, jnp.array(UPDATES, jnp.int32))[0])


class _Measure:
    """Competence at the old and the new objective on fresh training levels."""

    def __init__(self, world: AbstractWorld, other: Objective, key: PRNGKeyArray):
        levels = world.draw(key, LEVELS)
        self._mdp, self._seen, self._discount = world.tables(levels), world.observe(levels), world.discount
        both = (world.base_objective, other)
        self._weights = jnp.stack([jnp.asarray(objective.vector(world.features)) for objective in both])
        self._scales = [competence_scale(self._mdp, weights, self._discount) for weights in self._weights]

    def __call__(self, subject: AbstractSubject) -> tuple[Estimate, Estimate]:
        earned = np.asarray(_returns(subject, self._seen, self._mdp, self._weights, self._discount), np.float64)
        found = [
            statistic_of(
                np.stack([earned[:, i], np.asarray(scale.uniform), np.asarray(scale.optimal)], 1),
                lambda m: (m[:, 0] - m[:, 1]) / (m[:, 2] - m[:, 1]),
            )
            for i, scale in enumerate(self._scales)
        ]
        return found[0], found[1]


@eqx.filter_jit
def _returns(
    subject: AbstractSubject,
    seen: Float[Array, "level height width channel"],
    mdp: FiniteMDP,
    weights: Float[Array, "objective feature"],
    discount: float,
) -> Float[Array, "level objective"]:
    return feature_returns(mdp, policy_table(subject.logits(seen)), discount) @ weights.T


def _flat(subject: AbstractSubject) -> Float[Array, " weight"]:
    leaves = jax.tree.leaves(eqx.filter(subject, eqx.is_inexact_array))
    return jnp.concatenate([leaf.reshape(-1) for leaf in leaves])


def _unflat(subject: AbstractSubject, weights: Float[np.ndarray, " weight"]) -> AbstractSubject:
    moving, still = eqx.partition(subject, eqx.is_inexact_array)
    leaves, shape = jax.tree.flatten(moving)
    ends = np.cumsum([leaf.size for leaf in leaves])[:-1]
    parts = np.split(np.asarray(weights, np.float32), ends)
    new = [jnp.asarray(part).reshape(leaf.shape) for part, leaf in zip(parts, leaves, strict=True)]
    return eqx.combine(jax.tree.unflatten(shape, new), still)
