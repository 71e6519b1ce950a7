"""Event deletion: what an objective is still worth where the other objective's event cannot happen."""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.mdp import FiniteMDP, rewards
from mesascope.core.solver import DISCOUNT, evaluate, optimal_values, uniform_policy
from mesascope.core.statistics import Estimate, statistic_of

Without = Callable[[Collection[str]], FiniteMDP]
"""The tables of the same levels in which the named events cannot happen; of none named, the tables as they are."""

WEIGHTY = 0.1
"""Share of the largest weight from which on a positively weighed feature is an event that an objective is after."""


class Deletion(NamedTuple):
    """What deletion takes away, as shares of what can be had (best less uniform).

    `mesa_on_base`: I(m -> b), what the base objective loses without the subject's event. `base_on_mesa`: I(b -> m), what the
    subject's objective loses without the base event. `null_on_base`, `null_on_mesa`: what each loses without an event that
    is to neither's purpose.
    """

    mesa_on_base: Estimate
    base_on_mesa: Estimate
    null_on_base: Estimate
    null_on_mesa: Estimate


def events_of(weights: Float[np.ndarray, " feature"], features: Sequence[str]) -> tuple[str, ...]:
    """The features that an objective is after: weighed at least a tenth of the largest weight."""
    least = WEIGHTY * float(np.abs(weights).max())
    return tuple(f for f, w in zip(features, weights, strict=True) if w > 0 and w >= least)


def own_events(
    mesa: Float[np.ndarray, " feature"], base: Float[np.ndarray, " feature"], features: Sequence[str]
) -> tuple[str, ...]:
    """Events a subject is after that the base objective is not."""
    shared = events_of(base, features)
    return tuple(event for event in events_of(mesa, features) if event not in shared)


def measure_deletion(
    without: Without,
    base: Float[np.ndarray, " feature"],
    mesa: Float[np.ndarray, " feature"],
    features: Sequence[str],
    irrelevant: str,
    discount: float = DISCOUNT,
) -> Deletion | None:
    """I(m -> b) = J*_b - J*_b without m's events, I(b -> m) = J*_m - J*_m without b's events; both exact, intervals over levels.

    None where the subject is after nothing that the base objective is not after too, and where neither deletion changes
    the tables, as where both events are attributes of one transition: there is nothing to delete, and no loss says so.
    """
    own = own_events(mesa, base, features)
    if not own:
        return None
    whole, no_mesa, no_base, no_null = (without(e) for e in ((), own, events_of(base, features), (irrelevant,)))
    if _same(whole, no_mesa) and _same(whole, no_base):
        return None
    b, m = jnp.asarray(base), jnp.asarray(mesa)

    def lost(weights: Float[Array, " feature"], rest: FiniteMDP) -> Estimate:
        floor = (evaluate(whole, uniform_policy(whole), rewards(whole, weights), discount) * whole.initial).sum(-1)
        columns = [_best(whole, weights, discount), _best(rest, weights, discount), np.asarray(floor, np.float64)]
        return statistic_of(np.stack(columns, 1), _share)

    return Deletion(lost(b, no_mesa), lost(m, no_base), lost(b, no_null), lost(m, no_null))


def _same(one: FiniteMDP, other: FiniteMDP) -> bool:
    return bool((one.successor == other.successor).all() and (one.features == other.features).all())


def _best(mdp: FiniteMDP, weights: Float[Array, " feature"], discount: float) -> Float[np.ndarray, " level"]:
    return np.asarray((optimal_values(mdp, weights, discount).state * mdp.initial).sum(-1), np.float64)


def _share(means: Float[np.ndarray, "resample 3"]) -> Float[np.ndarray, " resample"]:
    room = means[:, 0] - means[:, 2]
    return np.where(room > 1e-6, (means[:, 0] - means[:, 1]) / np.maximum(room, 1e-6), np.nan)
