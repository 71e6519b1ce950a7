"""Constants that are written inside a classifier, the same for all pictures, as well as gradient descent can find them."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.instruments.interventions.engine import Arm

Edit = tuple[Array, ...]
"""A constant for each site."""

Scores = Callable[[Any, Array, Edit | None], Array]
"""Scores of all answers, from a network, pictures, and what is written."""

UPDATES, RATE, MOMENTUM = 100, 0.1, 0.9
OBJECTIVES = 3
"""Objectives that are written in: walls are fitted beside all but the last, and tried beside the last."""

WALLS = 3
"""Names that are shut, one at a time: one name is one glyph and one wanted answer, which an arbitrary edit may give by chance."""

DRAWS = 4
"""Random constants, and orders of the channels, that a control arm is the mean of."""

BATCH, FEW = 128, 64
"""Pictures that an objective is fitted on, and a wall beside each objective."""

TESTS = ("retarget", "virtual wall", "joint")
ARMS = (Arm.EDITED, Arm.UNEDITED, Arm.WRONG_SITE, Arm.RANDOM, Arm.IRRELEVANT, Arm.CEILING)


def followed(
    scores: Scores, net: Any, widths: tuple[int, ...], fit: Array, scored: Array, shown: Array, key: PRNGKeyArray
) -> tuple[Float[Array, "half test arm level"], Float[Array, "half test level"]]:
    """How often one network answers each picture as the edits ask, and for how many edits that is another answer.

    Args:
        scores: of answers, of this kind of network.
        net: the network.
        widths: sizes of its sites.
        fit: pictures on which the constants are fitted, which are scored as well: the half that choices are made on.
        scored: the other half, as many.
        shown: for each name and each picture of both halves, a picture of the glyph of that name, (half, action, level, 64).
        key: of objectives, the answer that is shut, and control arms.

    Returns:
        Both for the two halves; tests in the order of `TESTS`, arms in that of `ARMS`.
    """
    answers = shown.shape[1]
    keys = jax.random.split(named_key(key, "objectives"), OBJECTIVES)
    named = jax.vmap(lambda k: jax.random.permutation(k, answers))(keys)
    shut = jax.random.choice(named_key(key, "shut"), answers, (WALLS,), replace=False)
    ranked = _ranked(scores, net, fit)
    nothing = tuple(jnp.zeros(width) for width in widths)

    def loss(edit: Edit, pictures: Array, wanted: Array) -> Array:
        return _unlikely(scores(net, pictures, edit), wanted)

    def to_objective(names: Array) -> Edit:
        return _fitted(nothing, lambda edit: loss(edit, fit[:BATCH], names[ranked[:BATCH]]))

    retargets = jax.lax.map(to_objective, named)
    last, others = _at(retargets, -1), _at(retargets, slice(-1))
    beside = jax.tree.map(lambda zero, edits: jnp.concatenate([zero[None], edits]), nothing, others)
    under = jnp.concatenate([jnp.arange(answers)[None], named[:-1]])

    def to_wall(closed: Array) -> Edit:
        batches = jax.vmap(lambda names: _half_shut(fit, names[ranked], closed))(under)
        return _fitted(
            nothing, lambda edit: jax.vmap(lambda o, *batch: loss(_sum(edit, o), *batch))(beside, *batches).mean()
        )

    walls = jax.lax.map(to_wall, shut)

    def case(seen: Array, rank: Array, given: Array, closed: Array, wall: Edit) -> tuple[Array, Array]:
        # Tests along the first axis.
        edits = _stacked(last, wall, _sum(last, wall))
        irrelevant = _stacked(others, others, jax.vmap(_sum, (0, None))(others, wall))
        wanted, where = _asked(rank, named[-1], closed)

        def test(at: tuple[Edit, Edit, Array, Array]) -> Array:
            edit, other, asked, draw = at
            found = jax.lax.map(lambda one: scores(net, seen, one).argmax(-1) == asked, _written(edit, other, draw))
            means = _arm_means(found.astype(float))
            return jnp.concatenate([means, (jnp.take_along_axis(given, asked[None], 0) == asked).astype(float)])

        draws = jax.random.split(jax.random.fold_in(named_key(key, "arms"), closed), len(TESTS))
        return jax.lax.map(test, (edits, irrelevant, wanted, draws)) * where[:, None], where.astype(float)

    def half(both: tuple[Array, Array]) -> tuple[Array, Array]:
        seen, changed = both
        rank = _ranked(scores, net, seen)
        given = jax.lax.map(lambda one: scores(net, one, None).argmax(-1), changed)
        cases = jax.lax.map(lambda one: case(seen, rank, given, *one), (shut, walls))
        return jax.tree.map(lambda found: found.sum(0), cases)

    return jax.lax.map(half, (jnp.stack([fit, scored]), shown))


def _asked(ranked: Int[Array, "level 3"], names: Array, shut: Array) -> tuple[Array, Array]:
    """The answer that each test asks for, and the pictures on which that is another one than without the edit's last part."""
    top, second = ranked[:, 0], ranked[:, 1]
    wanted = jnp.stack([names[top], second, names[second]])
    return wanted, jnp.stack([names[top] != top, top == shut, names[top] == shut])


def _written(edit: Edit, irrelevant: Edit, key: PRNGKeyArray) -> Edit:
    """What the arms write, one after the other: the edit, nothing, the same numbers dealt out to other channels, noise
    of the same
    size, and edits for something else.
    """

    def dealt(draw: Array) -> Edit:
        return tuple(jax.random.permutation(named_key(draw, "dealt", i), e) for i, e in enumerate(edit))

    def noise(draw: Array) -> Edit:
        return tuple(_as_long(jax.random.normal(named_key(draw, i), e.shape), e) for i, e in enumerate(edit))

    draws, one = jax.random.split(key, DRAWS), jax.tree.map(lambda e: e[None], edit)
    arms = (one, jax.tree.map(jnp.zeros_like, one), jax.vmap(dealt)(draws), jax.vmap(noise)(draws), irrelevant)
    return jax.tree.map(lambda *parts: jnp.concatenate(parts), *arms)


def _arm_means(found: Float[Array, "edit level"]) -> Float[Array, "arm level"]:
    """The share of an arm's edits that are followed, for the arms but the ceiling."""
    ends = (0, 1, 2, 2 + DRAWS, 2 + 2 * DRAWS, found.shape[0])
    return jnp.stack([found[a:b].mean(0) for a, b in pairwise(ends)])


def _stacked(*edits: Edit) -> Edit:
    return jax.tree.map(lambda *parts: jnp.stack(parts), *edits)


def _half_shut(pictures: Array, wanted: Int[Array, "level 3"], shut: Array) -> tuple[Array, Array]:
    """A batch half of whose pictures would be answered by what is shut, where there are so many; answers without that."""
    order = jnp.argsort(wanted[:, 0] != shut)
    at = jnp.concatenate([order[: FEW // 2], order[-FEW // 2 :]])
    hit = wanted[at] == shut
    first = jnp.where(hit[:, 0], wanted[at, 1], wanted[at, 0])
    second = jnp.where(hit[:, 0] | hit[:, 1], wanted[at, 2], wanted[at, 1])
    return pictures[at], jnp.stack([first, second], 1)


def _at(edits: Edit, at: int | slice) -> Edit:
    return tuple(e[at] for e in edits)


def _sum(first: Edit, second: Edit) -> Edit:
    return tuple(a + b for a, b in zip(first, second, strict=True))


def _ranked(scores: Scores, net: Any, pictures: Array) -> Int[Array, "level 3"]:
    """The three best answers to each picture, best first, without an edit."""
    return jax.lax.top_k(scores(net, pictures, None), 3)[1]


def _as_long(noise: Array, edit: Array) -> Array:
    return noise * jnp.linalg.norm(edit) / jnp.maximum(jnp.linalg.norm(noise), 1e-12)


def _unlikely(given: Float[Array, "level action"], wanted: Int[Array, "level _"]) -> Array:
    """How unlikely the wanted first and second choices are: the first among all answers, the second among those left."""
    first = optax.softmax_cross_entropy_with_integer_labels(given, wanted[:, 0])
    left = jnp.where(jax.nn.one_hot(wanted[:, 0], given.shape[-1]) > 0, -1e9, given)
    return (first + optax.softmax_cross_entropy_with_integer_labels(left, wanted[:, 1])).mean()


def _fitted(begin: Edit, loss: Callable[[Edit], Array]) -> Edit:
    """The constants with the least loss: gradient descent from nothing written, every update of the same length.

    Adam would move all channels alike, those that do not matter as well, and what is written would not add up.
    """
    optimizer = optax.chain(
        optax.normalize_by_update_norm(),
        optax.trace(MOMENTUM),
        optax.scale_by_learning_rate(optax.cosine_decay_schedule(RATE, UPDATES)),
    )

    def update(carry: tuple[Edit, optax.OptState], _: None) -> tuple[tuple[Edit, optax.OptState], None]:
        edit, state = carry
        change, state = optimizer.update(jax.grad(loss)(edit), state)
        return (optax.apply_updates(edit, change), state), None

    (edit, _), _ = jax.lax.scan(update, (begin, optimizer.init(begin)), None, UPDATES)
    return edit
