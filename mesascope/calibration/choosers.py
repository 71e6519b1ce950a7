"""Agents whose weights are known because their answers are computed from them, one class for each way to decide imperfectly."""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from mesascope.core.mdp import FiniteMDP
from mesascope.core.solver import soft_optimal_values
from mesascope.instruments.first_touch import FirstTouch, first_touch
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.outcomes import Outcomes
from mesascope.worlds.world import AbstractWorld

Weights = Float[np.ndarray, " free"]
Policy = Float[np.ndarray, "level state action"]


class Solved(NamedTuple):
    """Levels of one distribution with what they offer, their tables, the ways to each object, and the world's discount."""

    outcomes: Outcomes
    mdp: FiniteMDP
    touch: FirstTouch
    discount: float


def solve_levels(world: AbstractWorld, levels: AbstractLevels) -> Solved:
    """What agents are computed from."""
    outcomes, mdp = world.outcomes(levels), world.tables(levels)
    return Solved(outcomes, mdp, first_touch(outcomes, mdp, world.discount), world.discount)


class KnownChooser(NamedTuple):
    """One agent: what it weighs, how it answers levels, its inverse temperature where that is given away, and its settings."""

    weights: Weights
    answer: Callable[[Solved], Policy]
    inverse_temperature: float | None
    settings: dict[str, float]


def known_chooser(name: str, columns: tuple[int, ...], features: int, rng: np.random.Generator) -> KnownChooser:
    """Draw an agent of a class.

    Args:
        name: One of `CLASSES`.
        columns: Feature columns that have weights.
        features: Number of feature columns.
        rng: Where weights and settings come from.

    Returns:
        The agent. Its weights are scaled as inferred ones are: the largest is 1.

    Example:
        >>> agent = known_chooser("lapses", (0, 2), 3, np.random.default_rng(0))
        >>> float(agent.weights.max())
        1.0
    """
    prior, make = CLASSES[name]
    weights = prior(len(columns), rng)
    top = weights.max() if weights.max() > 0 else np.abs(weights).max()
    weights = weights / max(float(top), 1e-9)
    spread = np.zeros(features)
    spread[list(columns)] = weights
    return make(weights, spread, rng)


def action_values(
    solved: Solved,
    weights: Float[np.ndarray, "*level feature"],
    exponent: float = 1.0,
    within: float = np.inf,
    noise: object = 0.0,
) -> Float[np.ndarray, "level state action"]:
    """Optimal action values in double precision, with a discount to a power, without what is more than `within` steps away.

    Weights are the same on all levels, or each level has its own.
    """
    features = np.asarray(solved.outcomes.features, np.float64)
    worth = np.einsum("lof,lf->lo", features, np.broadcast_to(weights, (len(features), weights.shape[-1]))) + noise
    ways = np.asarray(solved.touch.reach, np.float64)
    ways = np.where((ways >= solved.discount ** (within + 0.5)) & (ways > 0), np.maximum(ways, 1e-30) ** exponent, 0.0)
    enters = np.asarray(solved.touch.enters)
    each = worth[:, None, :, None] * ways
    touched = (enters * worth[:, None, :, None]).sum(2)
    return np.where(enters.any(2), touched, np.maximum(each.max(2), 0.0))


def softmax(preferences: Policy) -> Policy:
    """Probabilities in proportion to the exponential."""
    mass = np.exp(preferences - preferences.max(-1, keepdims=True))
    return mass / mass.sum(-1, keepdims=True)


def best_actions(values: Policy) -> Policy:
    """Uniform over the actions of the greatest value."""
    best = values >= values.max(-1, keepdims=True) - 1e-7 * np.maximum(np.abs(values).max(-1, keepdims=True), 1e-9)
    return best / best.sum(-1, keepdims=True)


def first_best(values: Policy) -> Policy:
    """The first of the actions of the greatest value."""
    return np.eye(values.shape[-1])[(best_actions(values) > 0).argmax(-1)]


def _boltzmann(given: bool):
    def make(weights: Weights, spread: np.ndarray, rng: np.random.Generator) -> KnownChooser:
        b = float(np.exp(rng.uniform(np.log(3), np.log(300))))
        return KnownChooser(
            weights, lambda s: softmax(b * action_values(s, spread)), b if given else None, {"temperature": 1 / b}
        )

    return make


def _soft(weights: Weights, spread: np.ndarray, rng: np.random.Generator) -> KnownChooser:
    """Paid for keeping its actions open (Ziebart 2010); where that pays more than any object it wanders for ever."""
    b = float(np.exp(rng.uniform(np.log(50), np.log(1000))))

    def answer(s: Solved) -> Policy:
        values = soft_optimal_values(s.mdp, jnp.asarray(spread, jnp.float32), b, s.discount)
        return softmax(b * np.asarray(values.action, np.float64))

    return KnownChooser(weights, answer, None, {"temperature": 1 / b})


def _greedy(weights: Weights, spread: np.ndarray, rng: np.random.Generator) -> KnownChooser:
    return KnownChooser(weights, lambda s: best_actions(action_values(s, spread)), None, {})


def _first(weights: Weights, spread: np.ndarray, rng: np.random.Generator) -> KnownChooser:
    return KnownChooser(weights, lambda s: first_best(action_values(s, spread)), None, {})


def _lapses(weights: Weights, spread: np.ndarray, rng: np.random.Generator) -> KnownChooser:
    e = float(rng.uniform(0.01, 0.3))

    def answer(s: Solved) -> Policy:
        return (1 - e) * best_actions(action_values(s, spread)) + e / s.mdp.actions

    return KnownChooser(weights, answer, None, {"lapse": e})


def _horizon(weights: Weights, spread: np.ndarray, rng: np.random.Generator) -> KnownChooser:
    steps = float(rng.integers(3, 20))
    return KnownChooser(weights, lambda s: first_best(action_values(s, spread, 1.0, steps)), None, {"horizon": steps})


def _discount(weights: Weights, spread: np.ndarray, rng: np.random.Generator) -> KnownChooser:
    power = float(np.exp(rng.uniform(-1.5, 1.5)))
    return KnownChooser(weights, lambda s: best_actions(action_values(s, spread, power)), None, {"exponent": power})


def _noisy(weights: Weights, spread: np.ndarray, rng: np.random.Generator) -> KnownChooser:
    size = float(rng.uniform(0.05, 0.5))

    def answer(s: Solved) -> Policy:
        seen = np.asarray(s.outcomes.features).any(-1)
        return best_actions(action_values(s, spread, noise=size * rng.standard_normal(seen.shape) * seen))

    return KnownChooser(weights, answer, None, {"noise": size})


def _normal(count: int, rng: np.random.Generator) -> Weights:
    return rng.standard_normal(count)


def _positive(count: int, rng: np.random.Generator) -> Weights:
    return rng.random(count)


def _negative(count: int, rng: np.random.Generator) -> Weights:
    return -rng.random(count)


def _sparse(count: int, rng: np.random.Generator) -> Weights:
    found = np.zeros(count)
    some = int(rng.integers(1, 3))
    found[rng.choice(count, some, replace=False)] = rng.choice([1.0, 0.5, -1.0], some)
    return found


CLASSES = {
    "Boltzmann, temperature known": (_normal, _boltzmann(True)),
    "Boltzmann": (_normal, _boltzmann(False)),
    "soft-optimal": (_normal, _soft),
    "greedy, ties at random": (_normal, _greedy),
    "greedy, first of ties": (_normal, _first),
    "lapses": (_normal, _lapses),
    "limited horizon": (_normal, _horizon),
    "discount of its own": (_normal, _discount),
    "noisy perception": (_normal, _noisy),
    "prior: one or two features": (_sparse, _first),
    "prior: all wanted": (_positive, _lapses),
    "prior: all shunned": (_negative, _lapses),
}
"""Classes of agents: where their weights come from, and how they decide."""
