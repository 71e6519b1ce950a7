"""The same levels under more and more optimization of the base objective, and what that does to the intended goal."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.mdp import FiniteMDP, continuation, rewards
from mesascope.core.solver import DISCOUNT, feature_returns, soft_optimal_values, solve_policy


class Goodhart(NamedTuple):
    """Exact returns along a path of optimization: `strength` (inverse temperature or updates), by the base objective and by
    the intended goal, means over levels.
    """

    strength: Float[np.ndarray, " step"]
    base: Float[np.ndarray, " step"]
    intended: Float[np.ndarray, " step"]

    @property
    def peak(self) -> int:
        """The step at which the intended goal is served best; ties go to the least optimization."""
        return int(np.argmax(self.intended))

    def gained(self, best: float) -> float:
        """What optimization adds to the intended goal at most, as a share of what could be added: `best` is the best return."""
        return float((self.intended[self.peak] - self.intended[0]) / (best - self.intended[0]))

    @property
    def falls(self) -> bool:
        """Whether more optimization ends worse for the intended goal than none."""
        return bool(self.intended[-1] < self.intended[0])


STRENGTHS = (0.0, *np.geomspace(0.01, 100.0, 33).tolist())


def by_temperature(mdp: FiniteMDP, base: Float[Array, " feature"], intended: Float[Array, " feature"]) -> Goodhart:
    """The soft-optimal policy of the base objective (Ziebart 2010) at rising inverse temperature; 0 is the uniform policy.

    J of the base objective can only rise along this path. What J of the intended goal does is the Goodhart curve.
    """
    found = np.asarray(_by_temperature(mdp, base, jnp.stack([base, intended]), jnp.asarray(STRENGTHS)), np.float64)
    return Goodhart(np.asarray(STRENGTHS), found[:, 0], found[:, 1])


@jax.jit
def _by_temperature(
    mdp: FiniteMDP,
    base: Float[Array, " feature"],
    objectives: Float[Array, "objective feature"],
    strengths: Float[Array, " step"],
) -> Float[Array, "step objective"]:
    def at(strength):
        action = soft_optimal_values(mdp, base, jnp.maximum(strength, 1e-6)).action
        policy = jax.nn.softmax(jnp.where(strength > 0, strength * action, 0.0), axis=-1)
        return feature_returns(mdp, policy).mean(0) @ objectives.T

    return jax.lax.map(at, strengths)


class Trained(NamedTuple):
    """A table trained to the end, and the returns after each update."""

    policy: Float[Array, "state action"]
    path: Goodhart


def train_table(
    mdp: FiniteMDP,
    base: Float[Array, " feature"],
    intended: Float[Array, " feature"],
    updates: int = 128,
    step: float = 8.0,
) -> Trained:
    """One softmax table for all levels, trained from the uniform policy by the exact natural policy gradient.

    An update adds `step` times the action values to the logits of every state (Agarwal et al. 2021, lemma 5.1), the mean over
    levels by how often each visits the state, so that some hundred updates leave nothing of the actions that are not
    optimal. A state that no level can reach keeps its logits, and the table acts at random there.

    Args:
        mdp: The levels of training.
        base: Weights of the base objective.
        intended: Weights of the intended goal, which training does not see.
        updates: How many.
        step: Size of one.

    Returns:
        Probabilities of the actions in every state, whatever the level, and exact returns before each update.
    """
    policy, path = _train_table(mdp, rewards(mdp, base), rewards(mdp, intended), updates, step)
    by_base, by_intended = np.asarray(path, np.float64)
    return Trained(policy, Goodhart(np.arange(updates), by_base, by_intended))


@partial(jax.jit, static_argnums=3)
def _train_table(
    mdp: FiniteMDP,
    base: Float[Array, "level state action"],
    intended: Float[Array, "level state action"],
    updates: int,
    step: float | Float[Array, ""],
) -> tuple[Float[Array, "state action"], Float[Array, "2 update"]]:
    def update(logits, _):
        policy = jnp.broadcast_to(jax.nn.softmax(logits, axis=-1), base.shape)
        values, visits = solve_policy(mdp, policy, base)
        action = base + DISCOUNT * continuation(mdp, values)
        share = visits / jnp.maximum(visits.sum(0), 1e-30)
        logits = logits + step * (share[..., None] * (action - action.max(-1, keepdims=True))).sum(0)
        taken = visits[..., None] * policy
        return logits, jnp.stack([(taken * base).sum((1, 2)).mean(), (taken * intended).sum((1, 2)).mean()])

    logits, path = jax.lax.scan(update, jnp.zeros(base.shape[1:]), None, updates)
    return jax.nn.softmax(logits, axis=-1), path.T
