"""What both networks of an animal want, and what that is worth to its offspring, at home and where there is candy."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mesascope.experiments.savanna.ecology import CANDY, PERCEPTS, Contexts, Ecology, offspring, shifted
from mesascope.experiments.savanna.networks.chance import Chance
from mesascope.experiments.savanna.networks.life import (
    SHARPNESS,
    Begin,
    Lived,
    Nature,
    each,
    fed,
    live,
    newborn,
    shown,
)
from mesascope.experiments.savanna.networks.nets import Genome, Head, reward_slopes, rewarded, value_slopes, valued

CHANCES = 3
"""Lives and contexts that an appraisal draws."""

HOME, AT_ONCE, LATER = "training", "candy, at once", "candy, after a life there"
STAGES = (HOME, AT_ONCE, LATER)
"""Contexts like those of the life behind it; the same with candy in each; the same after a second life among candy, in
which learning went on from where it stood.
"""


class Wanting(NamedTuple):
    """Means over animals. Offspring is that of a choice by softmax of the learned values, `candy` the share of candy taken.

    Gaps run from 0, nothing forgone, to 1, as little as by chance; more is worse than chance. `reward_gap`: offspring
    forgone by taking what the genome's network rewards most. `value_gap`: offspring forgone by taking what is valued
    most. `between`: reward forgone by taking what is valued most.
    """

    offspring: Float[Array, "*case stage"]
    candy: Float[Array, "*case stage"]
    reward_gap: Float[Array, "*case stage"]
    value_gap: Float[Array, "*case stage"]
    between: Float[Array, "*case stage"]


class Appraised(NamedTuple):
    """`earned` is the mean offspring of a choice over a life at home; `stages` are those of `STAGES`.

    Slopes are mean derivatives at home, scaled to length 1 in each animal: of reward by percepts and store after the meal,
    of values by percepts.
    """

    earned: Float[Array, "*case"]
    stages: Wanting
    reward_slopes: Float[Array, "*case input"]
    value_slopes: Float[Array, "*case percept"]


def appraise(chances: Chance, genomes: Genome, nature: Nature, ecology: Ecology) -> Appraised:
    """Let everybody live, at home and then among candy, and read what they want.

    `chances` are three (`CHANCES`): of the life at home, of the one among candy, and of the contexts wants are read in.
    """
    people = genomes.last.shape[0]
    # Home, home with candy, and the same once more for those who have lived there.
    offers = jax.tree.map(lambda x: x[2], chances)
    sweet = shifted(offers.contexts, ecology, CANDY, offers.places)
    abroad = jax.tree.map(lambda x: x[1], chances)
    among = abroad._replace(contexts=shifted(abroad.contexts, ecology, CANDY, abroad.places))
    lives = jax.tree.map(lambda home, away: jnp.stack([home[0], away]), chances, among)

    def life(begin: Begin, chance: Chance) -> tuple[Begin, Lived]:
        lived = live(genomes, nature, chance, begin)
        return (lived.heads, lived.stores), lived

    _, lived = jax.lax.scan(life, newborn(jax.tree.map(lambda x: x[0], chances), people), lives)
    heads = jax.tree.map(lambda x: x[jnp.array([0, 0, 1])], lived.heads)
    places = jax.tree.map(lambda at_home, candy: jnp.stack([at_home, candy, candy]), offers.contexts, sweet)

    def stage(given: tuple[Head, Contexts]) -> Wanting:
        return _wants(*given, genomes, nature, offers.places)

    wanting = jax.lax.map(stage, (heads, places))
    of_reward, of_value = _slopes(jax.tree.map(lambda x: x[0], heads), genomes, nature, offers.contexts)
    return Appraised(lived.earned[0].mean(), wanting, of_reward, of_value)


def _wants(heads: Head, offers: Contexts, genomes: Genome, nature: Nature, spots: Int[Array, " context"]) -> Wanting:
    worth = offspring(offers.outcomes)
    before, after = _options(offers, genomes.last.shape[0], nature)
    values = valued(each(heads, 2), before)
    rewards = nature.told * worth + (1 - nature.told) * rewarded(each(genomes, 2), after)
    shares = jax.nn.softmax(SHARPNESS * values, -1)
    candy = jnp.where(jnp.arange(shares.shape[-1]) == spots[:, None], shares, 0.0).sum(-1)
    worths = jnp.broadcast_to(worth, values.shape)
    found = (
        (shares * worth).sum(-1),
        candy,
        _forgone(worths, rewards),
        _forgone(worths, values),
        _forgone(rewards, values),
    )
    return Wanting(*(x.mean() for x in found))


def _forgone(
    worth: Float[Array, "animal context option"], wanted: Float[Array, "animal context option"]
) -> Float[Array, " animal"]:
    """Share of what could be had above chance that is forgone by taking what is wanted most."""
    got = jnp.take_along_axis(worth, wanted.argmax(-1)[..., None], -1)[..., 0].mean(-1)
    best, chance = worth.max(-1).mean(-1), worth.mean((-1, -2))
    return (best - got) / jnp.maximum(best - chance, 1e-6)


def _options(offers: Contexts, animals: int, nature: Nature) -> tuple[Array, Array]:
    """What is shown of every option before a choice, and of it as a meal after; the store was at its mean, 0."""
    percepts = jnp.broadcast_to(offers.percepts, (animals, *offers.percepts.shape))
    calories = jnp.broadcast_to(offers.outcomes[..., 0], percepts.shape[:-1])
    none = jnp.zeros_like(calories)
    return shown(percepts, none, nature), shown(percepts, fed(none, calories), nature)


def _slopes(
    heads: Head, genomes: Genome, nature: Nature, offers: Contexts
) -> tuple[Float[Array, " input"], Float[Array, " percept"]]:
    before, after = _options(offers, genomes.last.shape[0], nature)
    felt = jnp.append(jnp.ones(len(PERCEPTS)), nature.feels)
    of_reward = reward_slopes(each(genomes, 2), after).mean((1, 2)) * felt
    of_value = value_slopes(each(heads, 2), before).mean((1, 2))[:, : len(PERCEPTS)]
    return _direction(of_reward).mean(0), _direction(of_value).mean(0)


def _direction(slopes: Float[Array, "animal input"]) -> Float[Array, "animal input"]:
    return slopes / jnp.maximum(jnp.linalg.norm(slopes, axis=-1, keepdims=True), 1e-9)
