"""How an agent with an objective decides: a mixture of models of choice, each with its own kind of error.

No agent is known to follow any one of them, and one that is held against the wrong one gets weights that are wrong and sure.
So all of them are weighed at once, and what they leave open of each other is in the width of every interval.
"""

from functools import reduce
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mesascope.core.solver import Discount
from mesascope.instruments.decisions import NEVER, Decisions

NUISANCES = 8
"""Coordinates beside the weights."""

DEAD = 0.25
"""A coordinate within so much of 0 is a weight of exactly 0: one feature in five is not cared about, before anything is seen."""


class Chooser(NamedTuple):
    """How an agent decides. Weights are scaled so that the largest is 1, or the farthest from 0 where none is positive."""

    weights: Float[Array, "*draws feature"]
    inverse_temperature: Float[Array, "*draws"]
    """Of an agent that decides anew at every step, in units of the largest weight."""
    resolve: Float[Array, "*draws"]
    """Inverse temperature of an agent that decides once, at the start, what to make for."""
    discount_exponent: Float[Array, "*draws"]
    """The agent discounts by the world's discount to this power."""
    horizon: Float[Array, "*draws"]
    """Steps beyond which an object is not seen."""
    lapse: Float[Array, "*draws"]
    """Probability that a step is taken at random."""
    log_shares: Float[Array, "*draws 3"]
    """Log probability that an episode is decided anew at every step, decided once, or a blind walk."""


def scale_weights(weights: Float[Array, "*draws feature"]) -> Float[Array, "*draws feature"]:
    """Weights over the largest of them, or over the farthest from 0 where none is positive."""
    top = weights.max(-1, keepdims=True)
    unit = jnp.where(top > 0, top, jnp.abs(weights).max(-1, keepdims=True))
    return weights / jnp.maximum(unit, 1e-6)


def read_chooser(
    position: Float[Array, "*draws coordinate"], inverse_temperature: float | Float[Array, ""] | None = None
) -> Chooser:
    """A chooser from coordinates that are standard normal in the prior: first the weights, then `NUISANCES` more.

    In the prior (median, and 95 % within): inverse temperatures 55 (1 to 3,000) and 20 (1 to 400), exponent of the discount
    1 (1/7 to 7), horizon 20 steps (3 to 150), lapses 0.03 (0.002 to 0.4); blind walks are one episode in twenty or fewer.
    An inverse temperature that is known is kept.
    """
    w, z = position[..., :-NUISANCES], jnp.moveaxis(position[..., -NUISANCES:], -1, 0)
    mixed = jnp.stack([1.5 * z[5], 1.5 * z[6], 1.5 * z[7] - 3.0], -1)
    return Chooser(
        scale_weights(jnp.sign(w) * jnp.maximum(jnp.abs(w) - DEAD, 0.0)),
        jnp.exp(4.0 + 2.0 * z[0]) if inverse_temperature is None else jnp.full_like(z[0], inverse_temperature),
        jnp.exp(3.0 + 1.5 * z[1]),
        jnp.exp(z[2]),
        jnp.exp(3.0 + z[3]),
        jax.nn.sigmoid(1.5 * z[4] - 3.5),
        jax.nn.log_softmax(mixed),
    )


class Seen(NamedTuple):
    """Decisions as the likelihood reads them; made once for all draws."""

    near: Float[Array, "object decision"]
    further: Float[Array, "object action decision"]
    """Steps to touch an object after each action, less those after the best one."""
    enters: Bool[Array, "object action decision"]
    objects: Float[Array, "free object decision"]
    chosen: Bool[Array, "action decision"]
    member: Float[Array, "decision episode"]
    away: Float[Array, "object episode"]
    offers: Float[Array, "free object episode"]
    hits: Float[Array, "goal count episode"]
    """Decisions that one of so many best actions for a goal was taken in; the last goal is to touch nothing."""
    misses: Float[Array, "goal episode"]
    decisions: Float[Array, " episode"]


def see(decisions: Decisions, columns: tuple[int, ...]) -> Seen:
    """What the likelihood reads of decisions, for the features in `columns`."""
    free = jnp.array(columns)
    near = decisions.steps.min(1)
    within = near < NEVER
    further = jnp.where(within[:, None], decisions.steps - near[:, None], NEVER)
    leads = jnp.concatenate([(further == 0) & within[:, None], ~decisions.enters.any(0)[None]])
    real = decisions.chosen.any(0)
    taken = (leads & decisions.chosen).any(1)
    member = jax.nn.one_hot(decisions.episode, len(decisions.begun)) * real[:, None]
    count = jnp.arange(1, decisions.chosen.shape[0] + 1)
    hits = (taken[:, None] & (leads.sum(1)[:, None] == count[:, None])).astype(jnp.float32) @ member
    return Seen(
        near,
        further,
        decisions.enters,
        decisions.objects[free],
        decisions.chosen,
        member,
        decisions.away,
        decisions.offers[free],
        hits,
        (~taken).astype(jnp.float32) @ member,
        member.sum(0),
    )


def log_likelihood(seen: Seen, chooser: Chooser, discount: Discount) -> Float[Array, " episode"]:
    """Log probability of each episode's decisions.

    An object o with features phi_o is worth phi_o . w. With the agent's own discount g and horizon, Q(s, a) is the worth of what
    a touches, else the greatest of g^k times the worth of an object that can be touched k steps later, and of 0. An episode is

    * decided anew at every step: (1 - e) softmax(b Q) + e / |A|;
    * decided once: o in proportion to exp(c g^k worth_o), nothing to 1; then the best actions for that, alike, but for lapses;
    * or a blind walk.
    """
    actions, objects = seen.chosen.shape[0], seen.near.shape[0]
    fading = jnp.log(jnp.asarray(discount)) * chooser.discount_exponent
    lapse, horizon = chooser.lapse, chooser.horizon
    # One long loop over decisions for all objects and actions: reductions over short axes cost several times as much.
    worth = [_dot(chooser.weights, seen.objects[:, o]) for o in range(objects)]
    best = [_discounted(worth[o], seen.near[o], fading, horizon) for o in range(objects)]
    values = []
    for a in range(actions):
        later = reduce(jnp.maximum, [best[o] * jnp.exp(fading * seen.further[o, a]) for o in range(objects)])
        into = reduce(jnp.logical_or, [seen.enters[o, a] for o in range(objects)])
        now = reduce(jnp.add, [jnp.where(seen.enters[o, a], worth[o], 0.0) for o in range(objects)])
        values.append(jnp.where(into, now, jnp.maximum(later, 0.0)))
    top = reduce(jnp.maximum, values)
    mass = [jnp.exp(chooser.inverse_temperature * (value - top)) for value in values]
    taken = reduce(jnp.add, [jnp.where(seen.chosen[a], mass[a], 0.0) for a in range(actions)])
    share = taken / reduce(jnp.add, mass)
    anew = jnp.log((1.0 - lapse) * share + lapse / actions) @ seen.member

    pull = jnp.stack(
        [_discounted(_dot(chooser.weights, seen.offers[:, o]), seen.away[o], fading, horizon) for o in range(objects)]
    )
    pull = jnp.where(seen.away <= horizon, chooser.resolve * pull, -jnp.inf)
    aims = jax.nn.log_softmax(jnp.concatenate([pull, jnp.zeros_like(pull[:1])]), axis=0)
    kept = jnp.log((1.0 - lapse) / jnp.arange(1, actions + 1) + lapse / actions)
    follows = jnp.einsum("gne,n->ge", seen.hits, kept) + seen.misses * jnp.log(lapse / actions)
    once = jax.nn.logsumexp(aims + follows, axis=0)
    blind = -seen.decisions * jnp.log(float(actions))
    return jax.nn.logsumexp(chooser.log_shares[:, None] + jnp.stack([anew, once, blind]), axis=0)


def _dot(weights: Float[Array, " free"], features: Float[Array, "free item"]) -> Float[Array, " item"]:
    return reduce(jnp.add, [weights[i] * features[i] for i in range(len(features))])


def _discounted(worth, steps, fading, horizon) -> Float[Array, " item"]:
    return jnp.where(steps <= horizon, worth * jnp.exp(fading * steps), 0.0)
