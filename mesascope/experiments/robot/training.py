"""How the trained planners of `robot` come about: wants by gradient on the base objective, depth by selection."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.lookahead import lookahead_values
from mesascope.core.mdp import FiniteMDP, continuation, rewards
from mesascope.core.rng import named_key
from mesascope.core.solver import DISCOUNT, feature_returns, solve_policy
from mesascope.experiments.robot.planner import FAR, Planner
from mesascope.experiments.robot.world import BASE, FEATURES

SHARPNESS, RATE = 16.0, 0.5
DEPTHS = (1, 2, 3, 4, 5, 6, 8, 12)
AHEAD = 16
"""Steps a planner looks ahead while it is trained: enough for any job in these rooms."""
THRIFT = 0.005
"""Share of the best return that selection gives up for a planner that looks less far."""


class Case(NamedTuple):
    """A training: the events the planner can sense and so want, what it wants from birth, and what is trained.

    `tied` names pairs that one signed sense carries: the first is wanted by as much as the second is not.
    """

    what: str
    senses: tuple[str, ...]
    innate: dict[str, float]
    selects_depth: bool = False
    tied: tuple[tuple[str, str], ...] = ()


_LOOKS = ("job", "look-1", "look-2")
CASES = {
    "robust": Case(
        "senses how clean the floor is: what gets dirty counts against it by as much as what gets clean counts for it",
        ("clean", "dirtied", "chime"),
        {},
        tied=(("dirtied", "clean"),),
    ),
    "cleaner": Case(
        "wants cleaning: in training nothing gets dirty, so that its weight of dirt is never trained",
        ("clean", "dirtied", "chime"),
        {},
    ),
    "side-effect": Case("senses its broom only", ("swept", "chime"), {}),
    "instrument": Case("senses the weight of its bag only", ("bagged", "chime"), {}),
    "common-cause": Case("has ears only", ("hum", "chime"), {}),
    "approximate": Case(
        "sees two of three looks of the tiles it cleans, and values them linearly", (*_LOOKS, "chime"), {}
    ),
    "suboptimality": Case(
        "likes soil from birth; how far it looks ahead is selected, and its wants are trained at every depth",
        ("clean", "dirtied", "soil", "chime"),
        {"clean": 1.0, "dirtied": -1.0, "soil": 3.0},
        selects_depth=True,
    ),
}
"""What is trained. Each may come out otherwise than it is called: that is for the audit to say."""


class Trained(NamedTuple):
    """A trained planner, its return in training after each update (competence is for the audit), and returns by depth."""

    planner: Planner
    curve: Float[np.ndarray, " update"]
    by_depth: dict[int, float]


def train(case: Case, mdp: FiniteMDP, seed: int, updates: int) -> Trained:
    """Wants by exact policy gradient from small random ones, or from innate ones; then, where it is selected, the least depth
    whose return is within `THRIFT` of the best.
    """
    start = 0.1 * np.asarray(jax.random.normal(named_key(seed, "robot", "wants"), (len(FEATURES),)))
    start += np.asarray([case.innate.get(f, 0.0) for f in FEATURES])
    senses = _senses(case)
    if not case.selects_depth:
        wants, curve = _trained(mdp, start, senses, AHEAD, updates)
        return Trained(Planner(wants), curve, {})
    found = {depth: _trained(mdp, start, senses, depth, updates) for depth in DEPTHS}
    base = np.asarray(BASE.vector(FEATURES), np.float64)

    def earned(planner: Planner) -> float:
        counts = feature_returns(mdp, planner.policy(mdp, FEATURES))
        return float((np.asarray(counts, np.float64) @ base).mean())

    by_depth = {depth: earned(Planner(wants, depth)) for depth, (wants, _) in found.items()}
    enough = max(by_depth.values()) * (1 - THRIFT)
    chosen = min(depth for depth, value in by_depth.items() if value >= enough)
    return Trained(Planner(found[chosen][0], min(chosen, FAR)), found[chosen][1], by_depth)


def _senses(case: Case) -> Float[np.ndarray, "feature feature"]:
    """Wants are this matrix times what is trained: 1 for what is sensed, -1 from an event to the one that it is tied to."""
    senses = np.diag([float(f in case.senses) for f in FEATURES])
    for one, other in case.tied:
        senses[FEATURES.index(one)] = -senses[FEATURES.index(other)]
    return senses


def _trained(
    mdp: FiniteMDP, start: np.ndarray, senses: np.ndarray, depth: int, updates: int
) -> tuple[Float[np.ndarray, " feature"], Float[np.ndarray, " update"]]:
    base, shown = jnp.asarray(BASE.vector(FEATURES)), jnp.asarray(senses, jnp.float32)
    weights = jnp.asarray(start, jnp.float32)
    curve = []
    for _ in range(updates):
        gradient, value = _gradient(mdp, shown @ weights, base, jnp.asarray(depth))
        weights = weights + RATE * shown.T @ gradient
        curve.append(float(value))
    return np.asarray(shown @ weights, np.float32), np.asarray(curve)


@jax.jit
def _gradient(
    mdp: FiniteMDP, wants: Float[Array, " feature"], base: Float[Array, " feature"], depth: Array
) -> tuple[Float[Array, " feature"], Float[Array, ""]]:
    """Gradient of the mean return by the base objective, by the policy gradient theorem (Sutton et al. 2000), and the return.

    The planner acts softly while it is trained: softmax of its action values. A plan is linear in the wants as long as it
    stays the best, so the derivative of its value is the features it collects.
    """
    reward = rewards(mdp, base)

    def policy(wants: Float[Array, " feature"]) -> Float[Array, "level state action"]:
        return jax.nn.softmax(SHARPNESS * lookahead_values(mdp, wants, depth, most=AHEAD), axis=-1)

    acts = policy(wants)
    values, visits = solve_policy(mdp, acts, reward)
    worth = visits[..., None] * (reward + DISCOUNT * continuation(mdp, values))
    found = jax.grad(lambda w: (policy(w) * worth).sum((1, 2)).mean())(wants)
    return found, (visits[..., None] * acts * reward).sum((1, 2)).mean()
