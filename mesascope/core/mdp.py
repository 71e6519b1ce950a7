"""A batch of levels as finite Markov decision processes."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.errors import UsageError
from mesascope.core.inline_jit import inline_jit
from mesascope.core.jax_settings import check_jax_settings

_ROUNDING = 1e-6
"""Share of the sum of magnitudes below which a float32 sum of weighted features is rounding and not reward."""


class FiniteMDP(eqx.Module):
    """Successor, feature, terminal and initial tables over all states, batched over levels.

    A transition picks one of `outcome` successors with `probability`; a deterministic level has one outcome.
    Features fire on the transition. Terminal states absorb and nothing fires in them.

    `band`, where a world knows it, is the farthest any transition leads in state numbers (the width of a grid numbered
    by rows). It buys a policy evaluation that is one to two orders of magnitude faster, and must hold for every level.
    `moves`, where a world knows them, say by how many state numbers each action leads on; every action then either does
    that or stays, and does it for certain. They buy an order of magnitude in value iteration.
    `stage`, where a world knows it, is how many states make a stage: no transition leads to an earlier stage, and `band`
    and `moves` hold within one. It buys the same where transitions between stages lead far.
    """

    successor: Int[Array, "level state action outcome"]
    probability: Float[Array, "level state action outcome"]
    features: Float[Array, "level state action outcome feature"]
    terminal: Bool[Array, "level state"]
    initial: Float[Array, "level state"]
    band: int | None = eqx.field(static=True, default=None)
    moves: tuple[int, ...] | None = eqx.field(static=True, default=None)
    stage: int | None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        check_jax_settings()

    @property
    def is_grid(self) -> bool:
        """Whether every action does its move or stays, from any state: moves without stages."""
        return self.moves is not None and self.stage is None

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


def check_starts(mdp: FiniteMDP) -> None:
    """Refuse tables in which a level has no start, before anybody is put there.

    Args:
        mdp: the tables, with values (under a transformation of JAX they have none).

    Raises:
        UsageError: no state of some level has a chance to be started in; the message names the level.
    """
    missing = np.flatnonzero(~(np.asarray(mdp.initial) > 0).any(-1))
    if missing.size:
        raise UsageError(
            f"level {missing[0]} of {mdp.levels} has no start: no free cell from which anything can be reached; open a "
            "way to what is to be reached, or leave the level out"
        )


def expected_features(mdp: FiniteMDP) -> Float[Array, "level state action feature"]:
    """Features of each state and action in expectation over outcomes; zero in terminal states."""
    live = ~mdp.terminal[:, :, None, None]
    if mdp.successor.shape[-1] == 1:
        return mdp.features[..., 0, :] * (mdp.probability * live)
    return jnp.einsum("lsao,lsaof->lsaf", mdp.probability, mdp.features) * live


@jax.jit
def rewards(mdp: FiniteMDP, weights: Float[Array, " feature"]) -> Float[Array, "level state action"]:
    """Expected reward of each state and action under an objective's weights.

    Where the weights cancel and leave nothing but rounding, the reward is exactly zero.
    """
    fired = expected_features(mdp)
    # Feature by feature: on a processor several times faster than a product with so short a vector.
    parts = [fired[..., feature] * weights[feature] for feature in range(fired.shape[-1])]
    total, size = sum(parts, jnp.zeros(())), sum(map(jnp.abs, parts), jnp.zeros(()))
    return jnp.where(jnp.abs(total) > _ROUNDING * size, total, 0.0)


@inline_jit()
def continuation(mdp: FiniteMDP, values: Float[Array, "level state"]) -> Float[Array, "level state action"]:
    """Expected value of the successor of each state and action; zero from terminal states.

    Levels are laid end to end so that one flat gather serves the whole batch.
    """
    offsets = jnp.arange(mdp.levels, dtype=jnp.int32)[:, None, None, None] * mdp.states
    ahead = jnp.where(mdp.terminal, 0.0, values).reshape(-1)[mdp.successor + offsets]
    return (ahead * mdp.probability).sum(-1) * ~mdp.terminal[:, :, None]


def chosen(mdp: FiniteMDP, policy: Float[Array, "level state action"]) -> Float[Array, "level state action outcome"]:
    """Probability of each action and outcome under a policy; nothing is chosen in terminal states."""
    return (policy * ~mdp.terminal[:, :, None])[..., None] * mdp.probability


@inline_jit()
def arrivals(
    mdp: FiniteMDP, policy: Float[Array, "level state action"], visits: Float[Array, "level state"]
) -> Float[Array, "level state"]:
    """Mass that `visits` sends to each state in one step under a policy: the transpose of the transition matrix."""
    moved = visits[:, :, None, None] * chosen(mdp, policy)
    offsets = jnp.arange(mdp.levels, dtype=jnp.int32)[:, None, None, None] * mdp.states
    targets = (mdp.successor + offsets).reshape(-1)
    return jnp.zeros(visits.size).at[targets].add(moved.reshape(-1)).reshape(visits.shape)


@inline_jit()
def policy_transitions(
    mdp: FiniteMDP, policy: Float[Array, "level state action"]
) -> Float[Array, "level state successor"]:
    """Dense transition matrix under a policy; rows of terminal states are zero (nothing follows them)."""
    states = jnp.arange(mdp.states, dtype=mdp.successor.dtype)
    hits = mdp.successor[..., None] == states
    return jnp.where(hits, chosen(mdp, policy)[..., None], 0.0).sum((2, 3))


@inline_jit()
def banded_transitions(
    mdp: FiniteMDP, policy: Float[Array, "level state action"]
) -> Float[Array, "state offset level"]:
    """`policy_transitions` near the diagonal: entry (k, band + d) leads from state k to k + d. Needs `mdp.band`.

    Where the tables name stages, what leads to another stage is left out.
    """
    if mdp.band is None:
        raise ValueError("banded_transitions needs the band of the tables, and they name none")
    here = jnp.arange(mdp.states, dtype=mdp.successor.dtype)[:, None, None, None]
    successor, share = mdp.successor.transpose(1, 2, 3, 0), chosen(mdp, policy).transpose(1, 2, 3, 0)
    if mdp.stage is not None:
        share = jnp.where(successor // mdp.stage == here // mdp.stage, share, 0.0)
    offset = successor - here + mdp.band
    offsets = jnp.arange(2 * mdp.band + 1, dtype=mdp.successor.dtype)[:, None]
    total = jnp.zeros((mdp.states, 2 * mdp.band + 1, mdp.levels))
    for action in range(mdp.actions):
        for outcome in range(mdp.successor.shape[-1]):
            leads = offset[:, action, outcome][:, None] == offsets
            total += jnp.where(leads, share[:, action, outcome][:, None], 0.0)
    return total


def visited_states(mdp: FiniteMDP) -> Bool[np.ndarray, "level state"]:
    """States in which an agent can come to be and has to act: those that some actions lead to from a start, ends left out.

    Args:
        mdp: the tables, with values.

    Returns:
        Whether each state is one.

    Example:
        >>> import mesascope as ms
        >>> world = ms.worlds.red_doors(size=5)
        >>> visited = visited_states(world.tables(world.draw(0, 4)))
        >>> visited.shape
        (4, 9)
    """
    successor, terminal = np.asarray(mdp.successor), np.asarray(mdp.terminal)
    leads = np.where(np.asarray(mdp.probability) > 0, successor, np.arange(mdp.states)[None, :, None, None])
    visited = (np.asarray(mdp.initial) > 0) & ~terminal
    while True:
        level, state = np.nonzero(visited)
        after = visited.copy()
        after[level[:, None, None], leads[level, state]] = True
        after &= ~terminal
        if (after == visited).all():
            return after
        visited = after
