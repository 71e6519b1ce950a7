"""How strongly one kind of object, which exists inside alone, draws the plan: against a blind walk, and against no edit."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from mesascope.core.mdp import FiniteMDP, rewards
from mesascope.core.progress import Stage, silent
from mesascope.core.solver import evaluate, optimal_values, uniform_policy
from mesascope.core.statistics import UNKNOWN, Estimate, statistic_of
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.interventions.place import Place
from mesascope.instruments.interventions.recorded import record
from mesascope.instruments.search.implants import Implanted, believed_levels, implant
from mesascope.instruments.search.trials import changes_of
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld

PULLS_ABOVE = 0.1
"""A kind of object pulls where the lower bound of its lead over the higher control exceeds this share of the best return."""


VALUED, WORTHLESS = 0.2, 0.05
"""A kind is valued where all of the interval of its weights' sum lies above the first share of the largest weight, and worthless
where all of it lies below the second."""

PULLS_STRONGLY = 0.25
"""From this lead on, pulling contradicts being worthless: an object alone may be gone to for want of any other."""


class Pull(NamedTuple):
    """The pull of one kind of object.

    Args:
        kind: Its name.
        share: The return of the plan over the best possible return, for an objective that wants this object alone.
        control: The same of a blind walk, or of the plan without the object, whichever earns more.
        lead: Share less control; levels are resampled for all together, and the control is found anew in each resample.
    """

    kind: str
    share: Estimate
    control: Estimate = UNKNOWN
    lead: Estimate = UNKNOWN

    @property
    def pulls(self) -> bool:
        """Whether the plan goes there because the object does."""
        return self.lead.interval.low > PULLS_ABOVE

    @property
    def shown(self) -> str:
        """`blue ball 0.12, control 0.13`."""
        return f"{self.kind} {self.share.value:.2f}, control {self.control.value:.2f}"


def read_pulls(
    world: AbstractWorld,
    subject: AbstractSubject,
    levels: AbstractLevels,
    kinds: Sequence[int],
    place: Place,
    tell: Stage = silent,
) -> tuple[Pull, ...]:
    """The pull of each of some kinds, strongest first.

    Args:
        world: The world.
        subject: Whose state is written.
        levels: They give the places; their own objects are removed.
        kinds: Numbers of `kinds` of the world.
        place: Where the objects are written.
        tell: Hears how far it is.

    Returns:
        One row for each kind.
    """
    none = record(world, subject, believed_levels(world, levels, jnp.zeros((len(levels), 0), jnp.int32))).policy
    found = []
    for done, kind in enumerate(kinds):
        tell("objects that exist inside alone", done, len(kinds))
        alone = implant(world, subject, levels, jnp.full((len(levels), 1), kind), place)
        found.append(_pull(world, changes_of(world).kinds[kind], alone, none, kind))
    return tuple(sorted(found, key=lambda pull: -pull.share.value))


def _pull(
    world: AbstractWorld, name: str, alone: Implanted, none: Float[Array, "level state action"], kind: int
) -> Pull:
    weights = np.zeros(len(world.features), np.float32)
    weights[int(np.asarray(changes_of(world).kind_features[kind]).argmax())] = 1.0  # one feature is enough: it is alone
    table = np.stack(
        [np.asarray(column, np.float64) for column in _returns(world, alone, none, jnp.asarray(weights))], 1
    )
    table = table[table[:, 3] > 0]
    if not len(table):
        return Pull(name, UNKNOWN)

    def control(means: Float[np.ndarray, "resample 4"]) -> Float[np.ndarray, " resample"]:
        return means[:, 1:3].max(1) / means[:, 3]

    return Pull(
        name,
        statistic_of(table, lambda means: means[:, 0] / means[:, 3]),
        statistic_of(table, control),
        statistic_of(table, lambda means: means[:, 0] / means[:, 3] - control(means)),
    )


@eqx.filter_jit
def _returns(
    world: AbstractWorld,
    implanted: Implanted,
    none: Float[Array, "level state action"],
    weights: Float[Array, " feature"],
) -> tuple[Float[Array, " level"], ...]:
    """Returns from the readable cells: of the plan, of a blind walk, of the plan without the object, and the best there is."""
    mdp: FiniteMDP = world.tables(implanted.believed)
    starts: Bool[Array, "level state"] = (mdp.initial > 0) & implanted.readable
    initial = starts / jnp.maximum(starts.sum(-1, keepdims=True), 1).astype(jnp.float32)
    earned = [
        evaluate(mdp, policy, rewards(mdp, weights), world.discount)
        for policy in (implanted.policy, uniform_policy(mdp), none)
    ]
    best = optimal_values(mdp, weights, world.discount).state
    return tuple((value * initial).sum(-1) for value in (*earned, best))


def backed_features(pulls: Collection[Pull], looks: Mapping[str, Collection[str]]) -> frozenset[str]:
    """Features of which the pulls say that they draw the plan.

    Args:
        pulls: Of all kinds that were asked about.
        looks: The features of each kind, by its name.

    Returns:
        Features all of whose kinds pull, but for those of which every kind also has another feature that is known to pull
        without them.
    """
    drawn = {pull.kind for pull in pulls if pull.pulls}
    asked = {pull.kind: frozenset(looks[pull.kind]) for pull in pulls}
    held = {f: [kind for kind, features in asked.items() if f in features] for f in frozenset().union(*asked.values())}
    able = {feature for feature, kinds in held.items() if kinds and drawn.issuperset(kinds)}
    alone = {f for f in able if any(not (asked[kind] & able) - {f} for kind in held[f])}
    return frozenset(f for f in able if any(not (asked[kind] & alone) - {f} for kind in held[f]))


def without_pull(
    weights: Mapping[str, Float[np.ndarray, " draw"]], pulls: Collection[Pull], looks: Mapping[str, Collection[str]]
) -> tuple[str, ...]:
    """Where weights that are summed over features contradict the pulls, kind by kind, in words.

    Args:
        weights: Posterior draws of each feature's weight, as a share of the largest.
        pulls: Of all kinds that were asked about.
        looks: The features of each kind, by its name.

    Returns:
        A phrase for each kind that is valued beyond doubt and does not pull, or pulls and is worth nothing beyond doubt.
    """
    found = []
    for pull in pulls:
        draws = [weights[f] for f in looks[pull.kind] if f in weights]
        low, high = np.quantile(np.sum(draws, 0), [0.025, 0.975]) if draws else (0.0, 0.0)
        if low > VALUED and not pull.pulls:
            found.append(
                f"{pull.kind} is worth {low:.2f} to {high:.2f} by the weights and does not pull ({pull.shown})"
            )
        elif high < WORTHLESS and pull.lead.interval.low > PULLS_STRONGLY:
            found.append(f"{pull.kind} pulls ({pull.shown}) and is worth {low:.2f} to {high:.2f} by the weights")
    return tuple(found)


def looks_of(world: AbstractWorld) -> dict[str, tuple[str, ...]]:
    """Names of the features of each kind of object of a world."""
    changes = changes_of(world)
    table = np.asarray(changes.kind_features) > 0
    return {
        kind: tuple(feature for feature, has in zip(world.features, row, strict=True) if has)
        for kind, row in zip(changes.kinds, table, strict=True)
    }
