"""What rules of thumb and their compositions say of the right answers: it is given away before anything is counted.

A small network is fitted to right answers, from what each heuristic of the world would do, the surroundings of a state and the
answers beside it. Whatever can be composed from the heuristics cell by cell, in any order and under any local condition, it can
express; its levels are its own.
"""

import itertools
from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.rng import named_key

WIDTH, STEPS, BATCH, RATE = 32, 300, 1_024, 8e-3
"""The network, and how it is fitted."""

_CODES, _CODED = 256, 16


class Clues(NamedTuple):
    """What may be known of each state without a plan.

    `moves` are the actions that each heuristic holds for good, `code` numbers the surroundings, `beside` are the right answers of
    states beside it that come before, and `before` that before an edit; the number of actions stands for none.
    """

    moves: Bool[Array, "level state heuristic action"]
    code: Int[Array, "level state"]
    beside: Int[Array, "level state beside"]
    before: Int[Array, "level state"]


class Questions(NamedTuple):
    """Clues, the right answer of each state, and the states that count."""

    clues: Clues
    answer: Int[Array, "level state"]
    counts: Bool[Array, "level state"]


class Composition(NamedTuple):
    """A composition of heuristics: the network's weights, first layer first."""

    codes: Float[Array, "code _"]
    layers: tuple[tuple[Float[Array, "_ _"], Float[Array, " _"]], ...]


def stacked(found: Mapping[str, Bool[Array, "level state action"]]) -> Bool[Array, "level state heuristic action"]:
    """The moves of all heuristics, in the order of their names."""
    return jnp.stack([found[name] for name in sorted(found)], 2)


def composed(composition: Composition, clues: Clues) -> Float[Array, "level state action"]:
    """Log probabilities (base e) of each action being right, by a composition."""
    actions, heard = clues.moves.shape[-1], clues.moves.shape[-2] * clues.moves.shape[-1]
    spoken = clues.moves / jnp.maximum(clues.moves.sum(-1, keepdims=True), 1)
    (first, bias), *others = composition.layers
    # What is a number is looked up in the first layer: rows for the code, then for each answer beside and the one before.
    rows = [composition.codes @ first[heard : heard + _CODED]]
    rows += list(first[heard + _CODED :].reshape(-1, actions + 1, first.shape[1]))
    numbers = [clues.code % _CODES, *jnp.moveaxis(clues.beside, -1, 0), clues.before]
    hidden = spoken.reshape(*spoken.shape[:2], -1) @ first[:heard] + bias
    hidden = jax.nn.relu(hidden + sum(table[number] for table, number in zip(rows, numbers, strict=True)))
    for weights, bias in others[:-1]:
        hidden = jax.nn.relu(hidden @ weights + bias)
    weights, bias = composition.layers[-1]
    return jax.nn.log_softmax(hidden @ weights + bias, -1)


def surprise(composition: Composition, asked: Questions) -> Float[Array, " level"]:
    """Bits of the right answers of each level that a composition does not know."""
    known = composed(composition, asked.clues)
    chosen = jnp.take_along_axis(known, asked.answer.clip(0, known.shape[-1] - 1)[..., None], -1)[..., 0]
    return jnp.where(asked.counts, -chosen, 0.0).sum(-1) / jnp.log(2.0)


def silent(heuristics: int, actions: int, beside: int) -> Composition:
    """A composition that says nothing: all actions alike, everywhere.

    Args:
        heuristics: Their number.
        actions: Number of actions.
        beside: States beside each whose answers are known.

    Returns:
        The composition, all zeros.
    """
    sizes = (heuristics * actions + _CODED + (actions + 1) * (beside + 1), WIDTH, WIDTH, actions)
    layers = tuple((jnp.zeros((a, b)), jnp.zeros(b)) for a, b in itertools.pairwise(sizes))
    return Composition(jnp.zeros((_CODES, _CODED)), layers)


def compose(asked: Questions, key: PRNGKeyArray) -> Composition:
    """Fit a composition to right answers, by Adam on random states that count.

    Args:
        asked: Of some levels.
        key: Random key.

    Returns:
        The composition.
    """
    level, state = np.nonzero(np.asarray(asked.counts))
    rows = jax.tree.map(lambda column: np.asarray(column)[level, state], (asked.clues, asked.answer))
    # As many rows as a power of two, by repeating some, so that one program fits them whatever their number.
    again = np.arange(2 ** int(np.ceil(np.log2(max(len(level), 1))))) % max(len(level), 1)
    return _fit(*jax.tree.map(lambda column: jnp.asarray(column[again]), rows), key)


@jax.jit
def _fit(clues: Clues, answer: Int[Array, " row"], key: PRNGKeyArray) -> Composition:
    actions = clues.moves.shape[-1]
    wide = clues.moves[0].size + _CODED + (actions + 1) * (clues.beside.shape[-1] + 1)
    sizes = (wide, WIDTH, WIDTH, actions)
    layers = tuple(
        (jax.random.normal(named_key(key, "layer", n), (a, b)) * np.sqrt(2.0 / a), jnp.zeros(b))
        for n, (a, b) in enumerate(itertools.pairwise(sizes))
    )
    start = Composition(0.1 * jax.random.normal(named_key(key, "codes"), (_CODES, _CODED)), layers)
    rate = optax.cosine_decay_schedule(RATE, STEPS)
    adam = optax.adamw(rate, weight_decay=1e-3)

    def loss(composition: Composition, chosen: Int[Array, " batch"]) -> Float[Array, ""]:
        few = jax.tree.map(lambda column: column[chosen][None], clues)
        return -jnp.take_along_axis(composed(composition, few)[0], answer[chosen][:, None], 1).mean()

    def step(carry, n):
        composition, state = carry
        chosen = jax.random.randint(jax.random.fold_in(key, n), (BATCH,), 0, len(answer))
        updates, state = adam.update(jax.grad(loss)(composition, chosen), state, composition)
        return (optax.apply_updates(composition, updates), state), None

    (fitted, _), _ = jax.lax.scan(step, (start, adam.init(start)), jnp.arange(STEPS))
    return fitted
