"""What both networks of an animal want, and what that is worth to its offspring, at home and where there is candy."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.laboratories.savanna.ecology import CANDY, PERCEPTS, Contexts, Ecology, draw_contexts, offspring, shifted
from mesascope.laboratories.savanna.networks.life import SHARPNESS, Lived, Nature, each, fed, live, shown
from mesascope.laboratories.savanna.networks.nets import (
    Genome,
    Head,
    born,
    reward_slopes,
    rewarded,
    value_slopes,
    valued,
)

LIFETIME, OFFERED = 100, 128
"""Choices of a life, and contexts that wants are read in."""

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

    offspring: Float[Array, "*case"]
    candy: Float[Array, "*case"]
    reward_gap: Float[Array, "*case"]
    value_gap: Float[Array, "*case"]
    between: Float[Array, "*case"]


class Appraised(NamedTuple):
    """`earned` is the mean offspring of a choice over a life at home. Slopes are mean derivatives at home, scaled to length
    1 in each animal: of reward by percepts and store after the meal, of values by percepts.
    """

    earned: Float[Array, "*case"]
    stages: dict[str, Wanting]
    reward_slopes: Float[Array, "*case input"]
    value_slopes: Float[Array, "*case percept"]


def appraise(key: PRNGKeyArray, genomes: Genome, nature: Nature, ecology: Ecology) -> Appraised:
    """Let everybody live, at home and then among candy, and read what they want."""
    people = genomes.last.shape[0]
    home, abroad = (draw_contexts(named_key(key, where), ecology, LIFETIME) for where in ("home", "abroad"))
    places = jax.random.randint(named_key(key, "candy"), (LIFETIME,), 0, ecology.options)
    newborn = (born(named_key(key, "born"), people), jnp.zeros(people))
    lived = live(named_key(key, "first life"), genomes, nature, home, newborn)
    among = shifted(abroad, ecology, CANDY, places)
    later = live(named_key(key, "second life"), genomes, nature, among, (lived.heads, lived.stores))
    offers = draw_contexts(named_key(key, "offers"), ecology, OFFERED)
    spots = jax.random.randint(named_key(key, "offered candy"), (OFFERED,), 0, ecology.options)
    sweet = shifted(offers, ecology, CANDY, spots)
    stages = {
        HOME: _wants(lived, genomes, nature, offers, spots),
        AT_ONCE: _wants(lived, genomes, nature, sweet, spots),
        LATER: _wants(later, genomes, nature, sweet, spots),
    }
    of_reward, of_value = _slopes(lived.heads, genomes, nature, offers)
    return Appraised(lived.earned.mean(), stages, of_reward, of_value)


def _wants(lived: Lived, genomes: Genome, nature: Nature, offers: Contexts, spots: Int[Array, " context"]) -> Wanting:
    worth = offspring(offers.outcomes)
    before, after = _options(offers, lived.stores.shape[0], nature)
    values = valued(each(lived.heads, 2), before)
    rewards = nature.told * worth + (1 - nature.told) * rewarded(each(genomes, 2), after)
    shares = jax.nn.softmax(SHARPNESS * values, -1)
    candy = jnp.take_along_axis(shares, spots[None, :, None], -1)
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
