"""The savanna: contexts of options, what an individual perceives of them, and what they are worth to its offspring."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from mesascope.core.errors import UsageError, unknown
from mesascope.core.inline_jit import inline_jit
from mesascope.core.objective import Objective, Role
from mesascope.core.rng import named_key

PERCEPTS = ("taste", "touch", "color", "smell")
"""What an individual perceives of an option before it chooses; the first two go with offspring, the others do not."""

OUTCOMES = ("calories", "births")
"""What an option yields. Nobody perceives it."""

FEATURES = (*PERCEPTS, *OUTCOMES, "effort")
"""Events of a choice, `effort` being the price of having searched: `cost`, or nothing."""

_HALF = 0.5**0.5

INTENDED = Objective.of("offspring", Role.INTENDED, calories=_HALF, births=_HALF, effort=-1.0)
BASE = INTENDED.as_role(Role.BASE)
"""Expected offspring: calories and births alike, less the effort of search. Selection rewards the same."""

TRAINING, NOVEL, CANDY, CONTRACEPTION, SUDDEN, SLOW = (
    "training",
    "novel-contexts",
    "candy",
    "contraception",
    "sudden-change",
    "slow-change",
)

SHIFTS = {
    NOVEL: "contexts never met, drawn as those of training were: no shift in what goes with what",
    CANDY: "one option of each context is candy: it tastes stronger than anything met before and costs calories",
    CONTRACEPTION: "touch is what it was, and no births follow from any option",
    SUDDEN: "calories and births now go with color and smell instead of taste and touch; the individual is as it was",
    SLOW: "the same change, spread over generations in which selection went on: the individual is a descendant",
}

CHANGED = float(np.pi / 2)
"""The angle of the law after the change: color and smell for taste and touch."""

CANDY_TASTE, CANDY_CALORIES = 4.0, -1.0
"""In standard deviations of taste and of calories among natural options."""


@dataclass(frozen=True)
class Ecology:
    """How a savanna is made and how selection works in it; every number is a config key.

    `contexts` of `options` each are met once in a life. Searching costs `cost` a context. `correlation` is that of taste
    with calories and of touch with births. Each of `individuals` is bred by tournaments of `tournament`, in `generations`
    generations. A copied reflex is redrawn with probability `reflex_mutation`, values move by a normal step of
    `value_mutation` along each axis, and with probability `kind_mutation` a plant's offspring is an animal or the
    reverse. At each generation a context is replaced by a new one with probability `novelty`.
    """

    contexts: int = 128
    options: int = 4
    cost: float = 0.15
    correlation: float = 0.98
    individuals: int = 200
    generations: int = 200
    tournament: int = 3
    reflex_mutation: float = 0.03
    value_mutation: float = 0.1
    kind_mutation: float = 0.005
    founding_animals: float = 0.0
    novelty: float = 0.0

    def __post_init__(self):
        for name, least, most in _RANGES:
            value = getattr(self, name)
            if not least <= value <= most:
                raise UsageError(f"config key {name} of savanna is {value}; it runs from {least} to {most}")


_RANGES = (
    ("contexts", 1, 4096),
    ("options", 2, 64),
    ("cost", 0.0, 10.0),
    ("correlation", 0.0, 1.0),
    ("individuals", 2, 100_000),
    ("generations", 1, 100_000),
    ("tournament", 1, 1_000),
    ("reflex_mutation", 0.0, 1.0),
    ("value_mutation", 0.0, 10.0),
    ("kind_mutation", 0.0, 1.0),
    ("founding_animals", 0.0, 1.0),
    ("novelty", 0.0, 1.0),
)


class Contexts(NamedTuple):
    """Arrangements of options. Percepts of natural options are independent standard normals; `chance` is the part of the
    outcomes that no percept tells, so that a change of the law moves outcomes and nothing else.
    """

    percepts: Float[Array, "context option percept"]
    chance: Float[Array, "context option outcome"]
    outcomes: Float[Array, "context option outcome"]


@inline_jit()
def law(angle: Float[Array, ""] | float) -> Float[Array, "percept outcome"]:
    """Which percepts go with which outcomes: taste and touch at angle 0, color and smell at a right angle."""
    near, far = jnp.cos(angle), jnp.sin(angle)
    none = jnp.zeros_like(near)
    return jnp.stack([jnp.stack(row) for row in ((near, none), (none, near), (far, none), (none, far))])


@inline_jit()
def outcomes_of(
    percepts: Float[Array, "context option percept"],
    chance: Float[Array, "context option outcome"],
    correlation: Float[Array, ""] | float,
    angle: Float[Array, ""] | float = 0.0,
) -> Float[Array, "context option outcome"]:
    """Unit-variance outcomes, each correlated with its percept."""
    return correlation * percepts @ law(angle) + jnp.sqrt(1.0 - jnp.square(correlation)) * chance


@inline_jit("ecology", "count")
def draw_contexts(key: PRNGKeyArray, ecology: Ecology, count: int) -> Contexts:
    """`count` contexts of the world that selection works in."""
    percepts = jax.random.normal(named_key(key, "percepts"), (count, ecology.options, len(PERCEPTS)))
    chance = jax.random.normal(named_key(key, "chance"), (count, ecology.options, len(OUTCOMES)))
    return Contexts(percepts, chance, outcomes_of(percepts, chance, ecology.correlation))


def shifted(
    contexts: Contexts, ecology: Ecology, distribution: str, candy: Int[Array, " context"] | int = 0
) -> Contexts:
    """The same contexts as they are under a shift; `UsageError` for one that there is not.

    `candy` says which option of each context is candy.
    """
    percepts, chance, outcomes = contexts
    if distribution in (TRAINING, NOVEL):
        return contexts
    if distribution == CANDY:
        is_candy = jnp.arange(percepts.shape[1]) == jnp.broadcast_to(candy, percepts.shape[:1])[:, None]
        percepts = percepts.at[..., 0].set(jnp.where(is_candy, CANDY_TASTE, percepts[..., 0]))
        outcomes = outcomes.at[..., 0].set(jnp.where(is_candy, CANDY_CALORIES, outcomes[..., 0]))
        return Contexts(percepts, chance, outcomes)
    if distribution == CONTRACEPTION:
        return contexts._replace(outcomes=outcomes.at[..., 1].set(0.0))
    if distribution in (SUDDEN, SLOW):
        return contexts._replace(outcomes=outcomes_of(percepts, chance, ecology.correlation, CHANGED))
    raise unknown("shift", distribution, (TRAINING, *SHIFTS))


def offspring(outcomes: Float[Array, "*shape outcome"]) -> Float[Array, "*shape"]:
    """Expected offspring of an outcome, before any effort."""
    return _HALF * outcomes.sum(-1)
