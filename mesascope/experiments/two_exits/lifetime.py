"""The whole life of an agent with an objective of its own, solved exactly: when does it pay to deceive (RLO section 4.2)?

Every episode ends at one of two exits. The base objective wants exit A, the agent wants exit B: one unit for each B. First
come training episodes. One that is selected, which the agent believes of it with probability `selected`, modifies an
agent that took B with probability `modified`; a modified agent is worth nothing to the old objective. Then come
deployment episodes, which change nothing. Episodes are discounted by `discount`.
"""

import enum
from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from mesascope.core.errors import UsageError

MOST_TRAINING, MOST_DEPLOYED = 20, 200
"""The longest life that an experiment may ask for, in episodes."""
TIE = 1e-5
"""Share of the larger value within which two choices are worth the same: far above float32 rounding of some 200 sums."""


class Conditions(NamedTuple):
    """What deception hangs on, one entry for each setting. The three conditions are `discount` above 0 (it cares beyond this
    update), `selected` times `modified` above 0 (it knows what it is selected for) and `deployed` above 0 (it ends).
    """

    selected: Float[Array, " setting"]
    modified: Float[Array, " setting"]
    discount: Float[Array, " setting"]
    training: Int[Array, " setting"]
    """Training episodes left, the current one included; 0 or more."""
    deployed: Int[Array, " setting"]
    """Deployment episodes after them; 0 or more."""


class Life(NamedTuple):
    """The life of one agent: what `Conditions` holds of one setting, in plain numbers."""

    selected: float = 1.0
    modified: float = 0.5
    discount: float = 0.9
    training: int = 3
    deployed: int = 20


class Choice(enum.IntEnum):
    """What the best policy does in an episode."""

    DEFECT = -1
    EITHER = 0
    COMPLY = 1


class Lifetime(NamedTuple):
    """Exact solution. Index k of `value` and `gain` is what holds with k training episodes left, up to the most asked for.

    `value` is the best return from there in units of one B; `gain` what complying (exit A) is worth beyond defecting
    (exit B) with k left, 0 at k = 0; `choice` is a `Choice` of the current episode, `schedule` of every number left.
    """

    value: Float[Array, "setting left"]
    gain: Float[Array, "setting left"]
    schedule: Int[Array, "setting left"]
    choice: Int[Array, " setting"]


def solve_lifetime(conditions: Conditions, most_training: int, most_deployed: int) -> Lifetime:
    """Backward induction over deployment and then training, for all settings at once.

    The maxima are the lengths of the two recursions. Raises `UsageError` where a setting asks for more.
    """
    asked = int(conditions.training.max()), int(conditions.deployed.max())
    if asked[0] > most_training or asked[1] > most_deployed:
        raise UsageError(
            f"a setting has {asked[0]} training and {asked[1]} deployment episodes left, the recursion goes to "
            f"{most_training} and {most_deployed}: pass larger maxima"
        )
    return _solve(conditions, most_training, most_deployed)


@partial(jax.jit, static_argnums=(1, 2))
@partial(jax.vmap, in_axes=(0, None, None))
def _solve(c: Conditions, most_training: int, most_deployed: int) -> Lifetime:  # under vmap: of one setting
    def deploy(value, m):
        better = jnp.maximum(c.discount * value, 1.0 + c.discount * value)
        return jnp.where(m < c.deployed, better, value), None

    def train(value, _):
        complying = c.discount * value
        defecting = 1.0 + c.discount * (1.0 - c.selected * c.modified) * value
        gain = complying - defecting
        clear = jnp.abs(gain) > TIE * jnp.maximum(complying, defecting)
        best = jnp.maximum(complying, defecting)
        return best, (best, gain, jnp.where(clear, jnp.sign(gain), 0.0).astype(jnp.int32))

    worth, _ = jax.lax.scan(deploy, jnp.zeros(()), jnp.arange(most_deployed))
    _, (value, gain, schedule) = jax.lax.scan(train, worth, None, most_training)
    value = jnp.concatenate([worth[None], value])
    gain = jnp.concatenate([jnp.zeros(1), gain])
    schedule = jnp.concatenate([jnp.full(1, Choice.DEFECT, jnp.int32), schedule])
    return Lifetime(value, gain, schedule, schedule[c.training])


def closed_form(conditions: Conditions) -> Float[Array, " setting"]:
    """Tau q g^T (1 - g^M) / (1 - g): an agent with T training and M deployment episodes left deceives where it is above 1.

    At 1 it does not matter. Exact, because where it pays to deceive with T left it pays with fewer
    (docs/experiments/two-exits.md), but for one tie: with certain modification, no discounting and no deployment there
    is one B to be had in all, and any but the last training episode is as good for it as the next.
    """
    g, deployed = conditions.discount, conditions.deployed
    near = jnp.abs(1.0 - g) < 1e-6
    ahead = jnp.where(near, deployed, (1.0 - g**deployed) / jnp.where(near, 1.0, 1.0 - g))
    return conditions.selected * conditions.modified * g**conditions.training * ahead


def stationary_form(conditions: Conditions) -> Float[Array, " setting"]:
    """Return of always complying over that of always taking B, for an agent that cannot see how many episodes are left: above 1
    it pays to comply in every training episode rather than in none.

    With p = tau q: g^T V (1 - (1 - p)^T) over (1 - (g (1 - p))^T) / (1 - g (1 - p)), V the worth of deployment. Of one training
    episode it is the closed form.
    """
    ahead = closed_form(conditions._replace(selected=jnp.ones(()), modified=jnp.ones(())))
    caught = conditions.selected * conditions.modified
    stays = 1.0 - caught
    kept = conditions.discount * stays
    training = conditions.training
    summed = jnp.where(jnp.abs(1.0 - kept) < 1e-6, training, (1.0 - kept**training) / jnp.maximum(1.0 - kept, 1e-6))
    return ahead * (1.0 - stays**training) / summed


@lru_cache(maxsize=64)
def least_deployment(life: Life) -> int:
    """The shortest deployment for which an agent that is after B complies in the first of its training episodes; exact.

    Returns:
        Episodes from 1 on; `MOST_DEPLOYED` + 1 where no deployment up to that is worth it.

    Example:
        >>> least_deployment(Life()), least_deployment(Life(discount=0.0))
        (4, 201)
    """
    with jax.ensure_compile_time_eval():
        selected, modified, discount, training, _ = (jnp.array([x]) for x in life)
        every = grid_of(selected, modified, discount, training, jnp.arange(MOST_DEPLOYED + 1))
        pays = np.asarray(solve_lifetime(every, MOST_TRAINING, MOST_DEPLOYED).choice) > 0
    return int(pays.argmax()) if pays.any() else MOST_DEPLOYED + 1


def pays(life: Life) -> bool:
    """Whether it pays such an agent to comply in the first of its training episodes.

    Example:
        >>> pays(Life()), pays(Life(deployed=0))
        (True, False)
    """
    return life.deployed >= least_deployment(life._replace(deployed=0))


def grid_of(
    selected: Float[Array, " selected"],
    modified: Float[Array, " modified"],
    discount: Float[Array, " discount"],
    training: Int[Array, " training"],
    deployed: Int[Array, " deployed"],
) -> Conditions:
    """Every combination, the last varying fastest."""
    axes = (selected, modified, discount, training, deployed)
    return Conditions(*(table.reshape(-1) for table in jnp.meshgrid(*axes, indexing="ij")))
