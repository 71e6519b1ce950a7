"""A batch of levels as finite Markov decision processes."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int


class FiniteMDP(eqx.Module):
    """Successor, feature, terminal and initial tables over all states, batched over levels.

    A transition picks one of `outcome` successors with `probability`; a deterministic level has one outcome.
    Features fire on the transition. Terminal states absorb and nothing fires in them.
    """

    successor: Int[Array, "level state action outcome"]
    probability: Float[Array, "level state action outcome"]
    features: Float[Array, "level state action outcome feature"]
    terminal: Bool[Array, "level state"]
    initial: Float[Array, "level state"]

    @property
    def levels(self) -> int:
        """Number of levels in the batch."""
        return self.successor.shape[0]

    @property
    def states(self) -> int:
        """Number of states of each level."""
        return self.successor.shape[1]

    @property
    def actions(self) -> int:
        """Number of actions."""
        return self.successor.shape[2]


def expected_features(mdp: FiniteMDP) -> Float[Array, "level state action feature"]:
    """Features of each state and action in expectation over outcomes; zero in terminal states."""
    live = ~mdp.terminal[:, :, None, None]
    return jnp.einsum("lsao,lsaof->lsaf", mdp.probability, mdp.features) * live


def rewards(mdp: FiniteMDP, weights: Float[Array, " feature"]) -> Float[Array, "level state action"]:
    """Expected reward of each state and action under an objective's weights."""
    return expected_features(mdp) @ weights


def continuation(mdp: FiniteMDP, values: Float[Array, "level state"]) -> Float[Array, "level state action"]:
    """Expected value of the successor of each state and action; zero from terminal states.

    Levels are laid end to end so that one flat gather serves the whole batch.
    """
    offsets = jnp.arange(mdp.levels, dtype=jnp.int32)[:, None, None, None] * mdp.states
    ahead = jnp.where(mdp.terminal, 0.0, values).reshape(-1)[mdp.successor + offsets]
    return (ahead * mdp.probability).sum(-1) * ~mdp.terminal[:, :, None]


def policy_transitions(
    mdp: FiniteMDP, policy: Float[Array, "level state action"]
) -> Float[Array, "level state successor"]:
    """Dense transition matrix under a policy; rows of terminal states are zero (nothing follows them)."""
    states = jnp.arange(mdp.states, dtype=mdp.successor.dtype)
    chosen = (policy * ~mdp.terminal[:, :, None])[..., None] * mdp.probability
    hits = mdp.successor[..., None] == states
    return jnp.where(hits, chosen[..., None], 0.0).sum((2, 3))
