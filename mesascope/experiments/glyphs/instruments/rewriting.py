"""Whether a constant written inside makes a classifier answer by another objective, or around an answer that is shut."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.experiments.glyphs.instruments.constants import ARMS, TESTS, Scores, followed
from mesascope.experiments.glyphs.pictures import CLASSES, draw
from mesascope.instruments.card import Card
from mesascope.instruments.interventions.counts import Count
from mesascope.instruments.interventions.engine import AbstractArms, Arm, Explored, Outcome, run_test
from mesascope.instruments.interventions.place import Place, Tried
from mesascope.instruments.interventions.result import TestResult
from mesascope.instruments.interventions.thresholds import EXPERIMENT

REWRITING = Card(
    name="rewriting a classifier",
    measures="Whether anything inside a classifier can be rewritten as an objective, and as a model of what can be answered.",
    estimator="A constant, the same for all pictures, is added to the activations of both stages and fitted by gradient "
    "on one half "
    "of the pictures. Retarget: the names are exchanged at random, the second choices with them. Virtual wall: one "
    "name is shut, and the second choice is to be taken, whether or not another objective is written in as well. Joint: this "
    "wall beside an objective that it was not fitted with. Share of the other half's pictures, where the edit makes a "
    "difference, that are answered so, between the highest control arm and the ceiling.",
    assumptions="An objective that stands in the activations can be changed by what is written there, without a change of "
    "the weights.",
    controls="No edit, the constant dealt out to other channels, a random constant of the same size, a constant for another "
    "objective, and the untrained network with constants fitted to it. The ceiling is the share that is answered so where a "
    "picture of the wanted glyph is shown instead.",
    blind_spots=(
        "An objective that lives in the weights alone cannot be rewritten so. A constant in the last layer's "
        "weights would exchange "
        "the names of every classifier: weights are no site.",
        "A constant on the scores shuts an answer in any classifier: the wall alone says nothing.",
        "A lookup passes where the objectives that are written in are among those that it stores: they are drawn afresh from "
        "the ten glyphs' 3.6 million orders.",
        "Where the second choice is all but tied with the third, no edit is fine enough.",
    ),
    cost="A minute or two for 50 networks.",
    references=("Hubinger and others, Risks from Learned Optimization, 2019, arXiv:1906.01820, section 1.1",),
)

ASKS = {
    "retarget": "A constant is written inside so that the names be exchanged. Are pictures answered by the new names?",
    "virtual wall": "One name is shut inside. Is the second choice taken?",
    "joint": "Both at once, in a combination that was never fitted. Is the second choice named by its new name?",
}
CONTROLS = 10
"""Untrained networks that constants are fitted to; each is the control of every tenth network."""

CHOOSING, SCORING = 0, 1
"""The two halves of the pictures."""


class Pictures(NamedTuple):
    """Both halves of the pictures, and beside each a picture of every glyph, for the ceiling."""

    seen: Float[Array, "half level 64"]
    shown: Float[Array, "half action level 64"]


class Answered(NamedTuple):
    """What `constants.followed` found of one network."""

    hits: Float[np.ndarray, "half test arm level"]
    asked: Float[np.ndarray, "half test level"]


class PictureArms(AbstractArms):
    """A classifier on one half of the pictures: hits of each arm of one test.

    There is one place, both stages at once: an edit of one of them is an edit of both with nothing in the other.
    """

    def __init__(self, answered: Answered, half: int, test: int, sites: tuple[str, ...]):
        self._hits, self._asked = answered.hits[half, test], answered.asked[half, test]
        self._place = Place(sites, 0, 0, False)

    def explore(self) -> Explored:
        """Both stages."""
        return Explored((Tried(self._place, self.run(Arm.EDITED, self._place).followed.share, float("nan")),))

    def run(self, arm: Arm, place: Place | None) -> Outcome:
        """Pictures that are answered as the arm asks."""
        return Outcome(Count(self._hits[ARMS.index(arm)], self._asked))


def pictures(key: PRNGKeyArray, count: int, noise: float) -> Pictures:
    """`count` pictures a half, as training draws them."""
    keys = [named_key(key, half) for half in ("choosing", "scoring")]
    seen = [draw(k, count, noise).picture for k in keys]
    shown = [[draw(named_key(k, "shown"), count, noise, named=name).picture for name in range(CLASSES)] for k in keys]
    return Pictures(jax.numpy.stack(seen), jax.numpy.stack([jax.numpy.stack(one) for one in shown]))


def rewrite(
    scores: Scores, nets: Any, untrained: Any | None, widths: tuple[int, ...], given: Pictures, key: PRNGKeyArray
) -> list[tuple[TestResult, ...]]:
    """The three tests of each of several networks; every leaf of `nets` and `untrained` has a leading axis `network`."""
    count = jax.tree.leaves(nets)[0].shape[0]
    keys = jax.random.split(named_key(key, "networks"), count)
    own = _all(scores, nets, widths, given, keys)
    theirs: list[Answered] = []
    if untrained is not None:
        few = jax.tree.map(lambda x: x[:CONTROLS], untrained)
        theirs = _all(scores, few, widths, given, keys[: jax.tree.leaves(few)[0].shape[0]])
    sites = tuple(f"stage {stage}" for stage in range(1, len(widths) + 1))
    return [_tests(found, theirs[at % len(theirs)] if theirs else None, sites) for at, found in enumerate(own)]


def _tests(own: Answered, untrained: Answered | None, sites: tuple[str, ...]) -> tuple[TestResult, ...]:
    def arms(half: int, test: int) -> Callable[[Answered], AbstractArms]:
        return partial(PictureArms, half=half, test=test, sites=sites)

    return tuple(
        run_test(name, own, untrained, arms(CHOOSING, at), arms(SCORING, at), EXPERIMENT, asks=ASKS[name])
        for at, name in enumerate(TESTS)
    )


def _all(scores: Scores, nets: Any, widths: tuple[int, ...], given: Pictures, keys: Array) -> list[Answered]:
    hits, asked = jax.device_get(_vmapped(scores, nets, widths, given, keys))
    return [Answered(*one) for one in zip(hits, asked, strict=True)]


@eqx.filter_jit
def _vmapped(scores: Scores, nets: Any, widths: tuple[int, ...], given: Pictures, keys: Array):
    def one(net: Any, key: Array) -> tuple[Array, Array]:
        return followed(scores, net, widths, given.seen[CHOOSING], given.seen[SCORING], given.shown, key)

    return jax.vmap(one)(nets, keys)
