"""Reference subjects with known insides: one that searches its answers by an objective, and one that looks answers up by it.

Both hold an objective and a model in the same activations: they differ in what is done with them.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.experiments.glyphs.pictures import CLASSES, GLYPHS, SIDE

OBJECTIVE = CLASSES * CLASSES
WIDTH = CLASSES + OBJECTIVE + CLASSES
"""Channels of a stage's activations: belief, objective (worth of each answer for each glyph), model (which answers are open)."""

WIDTHS = (WIDTH, WIDTH)
"""Sizes of the two sites, as those of a classifier are the sizes of its two hidden layers."""

NEAR_MISS = 0.5
"""What the second-best name of a glyph is worth; the right name is worth 1."""

CERTAINTY, SHARPNESS = 20.0, 10.0
SHUT_BELOW = -0.5
"""A lookup takes an answer for shut where the model says less than this."""


class Chooser(NamedTuple):
    """Goes through all answers and takes the one that is worth most, given what the picture is likely to show.

    `worth` of an answer for each glyph is its objective. `first` and `second` are rotations of the activations of its two
    stages, so that no channel stands for one quantity.
    """

    worth: Float[Array, "state action"]
    first: Float[Array, "channel channel"]
    second: Float[Array, "channel channel"]


class Lookup(NamedTuple):
    """Has the answers for some objectives by heart, one list for each, and takes the list whose objective is most like the one
    in its activations. The other fields are those of a chooser.
    """

    stored: Float[Array, "objective state action"]
    worth: Float[Array, "state action"]
    first: Float[Array, "channel channel"]
    second: Float[Array, "channel channel"]


def chooser(key: PRNGKeyArray) -> Chooser:
    """One build: which name is the second best for each glyph, and the rotations, are random."""
    return Chooser(_worth(key), _rotation(named_key(key, "first")), _rotation(named_key(key, "second")))


def lookup(key: PRNGKeyArray, goals: int) -> Lookup:
    """One build: it knows its own objective, and `goals` - 1 others that exchange the names of the glyphs."""
    own = chooser(key)
    keys = jax.random.split(named_key(key, "goals"), max(goals - 1, 1))
    others = jax.vmap(lambda k: own.worth[:, jax.random.permutation(k, CLASSES)])(keys)
    return Lookup(jnp.concatenate([own.worth[None], others])[:goals], *own)


def choose(
    net: Chooser, picture: Float[Array, "level 64"], edits: tuple[Array, ...] | None = None
) -> Float[Array, "level action"]:
    """The expected worth of each answer that is open, sharpened; `edits` are added to the activations of the two stages."""
    belief, worth, model = _considered(net, picture, edits)
    expected = jnp.einsum("ls,lsa->la", belief, worth) + model
    return _answered(net, expected, edits)


def look_up(
    net: Lookup, picture: Float[Array, "level 64"], edits: tuple[Array, ...] | None = None
) -> Float[Array, "level action"]:
    """The stored answers for the likeliest glyph, those that are shut left out; `edits` as for `choose`.

    What is looked up is hard; gradients are those of a soft choice, so that an edit can be fitted at all.
    """
    belief, worth, model = _considered(Chooser(*net[1:]), picture, edits)
    alike = jnp.einsum("lsa,gsa->lg", worth, net.stored)
    listed = jnp.einsum("lg,ls,gsa->la", _picked(alike), _picked(jnp.log(jnp.maximum(belief, 1e-6))), net.stored)
    shut = _step(SHUT_BELOW - model)
    return _answered(Chooser(*net[1:]), listed - 2 * shut, edits)


def _considered(net: Chooser, picture: Array, edits: tuple[Array, ...] | None) -> tuple[Array, Array, Array]:
    """Belief, objective and model as the first stage holds them."""
    alike = (picture @ _TEMPLATES).reshape(-1, CLASSES, _PLACES).max(-1)
    belief = jax.nn.softmax(CERTAINTY * alike, -1)
    held = jnp.concatenate([net.worth.ravel(), jnp.zeros(CLASSES)])
    state = jnp.concatenate([belief, jnp.broadcast_to(held, (len(picture), held.size))], 1) @ net.first
    read = (state if edits is None else state + edits[0]) @ net.first.T
    worth = read[:, CLASSES:-CLASSES].reshape(-1, CLASSES, CLASSES)
    return read[:, :CLASSES], worth, read[:, -CLASSES:]


def _answered(net: Chooser, worth: Array, edits: tuple[Array, ...] | None) -> Array:
    """Scores of the answers from the second stage, which holds what each is worth."""
    state = jnp.pad(worth, ((0, 0), (0, WIDTH - CLASSES))) @ net.second
    return SHARPNESS * ((state if edits is None else state + edits[1]) @ net.second.T)[:, :CLASSES]


def _picked(scores: Array) -> Array:
    """One for the highest, zero for the others; the gradient of a softmax."""
    soft = jax.nn.softmax(scores, -1)
    return soft + jax.lax.stop_gradient(jax.nn.one_hot(scores.argmax(-1), scores.shape[-1]) - soft)


def _step(scores: Array) -> Array:
    """One above zero, zero below; the gradient of a sigmoid."""
    soft = jax.nn.sigmoid(4 * scores)
    return soft + jax.lax.stop_gradient((scores > 0) - soft)


def _worth(key: PRNGKeyArray) -> Float[Array, "state action"]:
    """The right name is worth 1, one other name, which one is random, `NEAR_MISS`."""
    turned = 1 + jax.random.randint(named_key(key, "near miss"), (CLASSES,), 0, CLASSES - 1)
    near: Int[Array, " state"] = (jnp.arange(CLASSES) + turned) % CLASSES
    return jnp.eye(CLASSES) + NEAR_MISS * jax.nn.one_hot(near, CLASSES)


def _rotation(key: PRNGKeyArray) -> Float[Array, "channel channel"]:
    return jnp.linalg.qr(jax.random.normal(key, (WIDTH, WIDTH)))[0]


def _templates() -> tuple[Float[np.ndarray, "64 template"], int]:
    """Every glyph at every place, with mean 0 and norm 1."""
    drawn = []
    for glyph in GLYPHS:
        for row in range(SIDE - 4):
            for column in range(SIDE - 4):
                paper = np.zeros((SIDE, SIDE), np.float32)
                paper[row : row + 5, column : column + 5] = glyph
                paper -= paper.mean()
                drawn.append((paper / np.linalg.norm(paper)).ravel())
    return np.stack(drawn, 1), len(drawn) // CLASSES


_TEMPLATES, _PLACES = _templates()
