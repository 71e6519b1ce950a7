"""The exact posterior over hypotheses, and what a distribution of levels cannot tell apart."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.mdp import FiniteMDP
from mesascope.core.objective import Objective
from mesascope.core.solver import optimal_actions
from mesascope.instruments.evidence import Evidence
from mesascope.instruments.first_touch import FirstTouch, action_values
from mesascope.instruments.hypotheses import Hypothesis, Kind, scores
from mesascope.worlds.outcomes import Outcomes
from mesascope.worlds.world import AbstractWorld

INVERSE_TEMPERATURES = tuple(float(b) for b in np.geomspace(1.0, 1024.0, 16))
LAPSES = (0.0, 0.01, 0.03, 0.1, 0.3)
NEAR = 1.0
"""Hypotheses within so many nats of the most probable are not told from it."""


class Weighed(NamedTuple):
    """A hypothesis with its posterior probability and the noise that suits it best."""

    name: str
    kind: Kind
    posterior: float
    nats_below_top: float
    inverse_temperature: float
    lapse: float


class HypothesisPosterior(NamedTuple):
    """Hypotheses, most probable first; entropy of the posterior in nats; the names within one nat of the top."""

    table: tuple[Weighed, ...]
    entropy: float
    near_top: tuple[str, ...]
    choices: int
    levels: int

    @property
    def top(self) -> Weighed:
        """The most probable hypothesis."""
        return self.table[0]


@jax.jit
def _log_likelihoods(
    table: Float[Array, "hypothesis row action"], evidence: Evidence
) -> Float[Array, "hypothesis temperature lapse"]:
    """Log probability of all choices under (1 - e) softmax(b * score) + e / |A|."""
    return _over_noise(table, evidence, lambda logs: logs.sum(0))


@partial(jax.jit, static_argnames="units")
def log_likelihoods_by_unit(
    table: Float[Array, "hypothesis row action"], evidence: Evidence, unit: Int[Array, " row"], units: int
) -> Float[Array, "hypothesis temperature lapse unit"]:
    """The same for the choices of each unit, such as a level, by itself."""
    found = _over_noise(table, evidence, lambda logs: jax.ops.segment_sum(logs, unit, units))
    return jnp.moveaxis(found, 2, 3)


def _over_noise(
    table: Float[Array, "hypothesis row action"], evidence: Evidence, total: Callable[[Array], Array]
) -> Float[Array, "hypothesis temperature ..."]:
    """What `total` makes of the log probabilities (row, lapse), for each hypothesis and inverse temperature."""
    actions = table.shape[-1]
    lapses = jnp.array(LAPSES)
    row = jnp.arange(len(evidence.action))

    def at(score: Float[Array, "row action"], b: Float[Array, ""]) -> Array:
        chosen = jax.nn.log_softmax(b * score)[row, evidence.action]
        mixed = jnp.log((1 - lapses) * jnp.exp(chosen)[:, None] + lapses / actions)
        # Without lapses the logarithm is exact however improbable the choice.
        logs = jnp.where(lapses > 0, mixed, chosen[:, None])
        return total(jnp.where(evidence.counts[:, None], logs, 0.0))

    over_b = jax.vmap(at, in_axes=(None, 0))
    return jax.lax.map(lambda score: over_b(score, jnp.array(INVERSE_TEMPERATURES)), table)


def weigh(hypotheses: tuple[Hypothesis, ...], world: AbstractWorld, evidence: Evidence) -> HypothesisPosterior:
    """Exact posterior, uniform over hypotheses and over the grid of inverse temperatures and lapse rates of each."""
    return weigh_scores(hypotheses, scores(hypotheses, world, evidence), evidence)


def weigh_scores(
    hypotheses: tuple[Hypothesis, ...], table: Float[Array, "hypothesis row action"], evidence: Evidence
) -> HypothesisPosterior:
    """The same, given what each hypothesis makes of each action."""
    found = _log_likelihoods(table, evidence)
    logs = np.asarray(jax.device_get(found), np.float64)
    marginal = _log_mean_exp(logs.reshape(len(hypotheses), -1))
    posterior = np.exp(marginal - marginal.max())
    posterior /= posterior.sum()
    rows = []
    for index in np.argsort(-marginal, kind="stable"):
        b, e = np.unravel_index(logs[index].argmax(), logs[index].shape)
        below = float(marginal.max() - marginal[index])
        hypothesis = hypotheses[index]
        rows.append(
            Weighed(
                hypothesis.name,
                hypothesis.kind,
                float(posterior[index]),
                below,
                INVERSE_TEMPERATURES[b],
                LAPSES[e],
            )
        )
    held = posterior[posterior > 0]
    near = tuple(row.name for row in rows if row.nats_below_top <= NEAR)
    entropy = max(0.0, float(-(held * np.log(held)).sum()))
    return HypothesisPosterior(tuple(rows), entropy, near, evidence.choices, evidence.levels)


def _log_mean_exp(logs: Float[np.ndarray, "hypothesis grid"]) -> Float[np.ndarray, " hypothesis"]:
    top = logs.max(1)
    return top + np.log(np.exp(logs - top[:, None]).mean(1))


class Identifiability(NamedTuple):
    """What training levels alone leave open: objectives with the same optimal actions on every one of them."""

    identified: bool
    """Whether training levels alone leave no other feature that the subject might be after."""
    unidentified: tuple[str, ...]
    """Single features that training levels cannot tell from each other, or from the objective that explains training best;
    empty where it is identified."""
    equivalent: tuple[str, ...]
    """All objectives on the grid that are optimal exactly where the one that explains training best is."""


def identify(
    world: AbstractWorld,
    hypotheses: tuple[Hypothesis, ...],
    training: HypothesisPosterior,
    outcomes: Outcomes,
    touch: FirstTouch,
    mdp: FiniteMDP,
) -> Identifiability:
    """Compare optimal sets, on every training level of `mdp` (its outcomes solved in `touch`), with those of the objective
    that is most probable in training. Behavior elsewhere plays no part. Where an account without an objective is within one
    nat of the best, nothing is identified.
    """
    named = {h.name: h for h in hypotheses}
    top = named[training.top.name].objective
    if top is None or any(named[name].objective is None for name in training.near_top):
        return Identifiability(False, (), ())
    objectives = [h for h in hypotheses if h.objective is not None]
    same = _equivalent(world, top, [h.objective for h in objectives if h.objective], outcomes, touch, mdp)
    alike = tuple(h.name for h, equal in zip(objectives, same, strict=True) if equal)
    # What is shunned is left open like what is wanted: of `-cheese` and `-corner` either may be it.
    single = tuple(dict.fromkeys(bare for name in alike if (bare := name.removeprefix("-")) in world.features))
    mixed = top.name.removeprefix("-") not in world.features
    open_ = len(single) > 1 or (mixed and len(single) > 0)
    return Identifiability(not open_, single if open_ else (), alike)


def _equivalent(
    world: AbstractWorld,
    top: Objective,
    others: Sequence[Objective],
    outcomes: Outcomes,
    touch: FirstTouch,
    mdp: FiniteMDP,
) -> Bool[np.ndarray, " hypothesis"]:
    weights = jnp.asarray(np.stack([o.vector(world.features) for o in (top, *others)]))
    return np.asarray(_same_optimal_sets(weights, outcomes.features, touch, mdp.terminal))


@jax.jit
def _same_optimal_sets(
    weights: Float[Array, "objective feature"],
    objects: Float[Array, "level object feature"],
    touch: FirstTouch,
    terminal: Bool[Array, "level state"],
) -> Bool[Array, " other"]:
    """Whether each objective but the first has the first one's optimal actions in every state that goes on."""

    def optimal(w: Float[Array, " feature"]) -> Bool[Array, "level state action"]:
        worth = jnp.broadcast_to((objects @ w)[:, None], (*touch.enters.shape[:3],))
        return optimal_actions(action_values(touch.enters, touch.reach, worth))

    first = optimal(weights[0])
    return jax.lax.map(lambda w: ((optimal(w) == first).all(-1) | terminal).all(), weights[1:])
