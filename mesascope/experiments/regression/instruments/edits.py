"""Whether a label changed inside, between two layers, changes the answer as the matched algorithm says it would."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, statistic_of
from mesascope.experiments.regression.contexts import Contexts, relabeled
from mesascope.experiments.regression.instruments.family import descent_tokens, token_steps
from mesascope.experiments.regression.reader import AbstractReader
from mesascope.instruments.card import Card

EDIT = Card(
    name="label edit inside",
    measures="Whether the layers after a place go on optimizing from what stands there.",
    estimator="One pair's token after a layer is replaced by what it would be had its label been another, every other token "
    "left as it was: a state that no input leads to. The change of the answer is compared with what the matched algorithm's "
    "remaining steps make of the same replacement: 1 less the squared difference over the squared change.",
    assumptions="Layer and step go together: the algorithm takes as many steps as there are layers.",
    controls="The change that the algorithm predicts for another pair, and for the label changed in the input; a random edit of "
    "the same size; the untrained network with an algorithm fitted to it.",
    blind_spots=(
        "One layer has no inside: nothing can be asked of it.",
        "An algorithm whose state is not spread over tokens, as conjugate gradients, is not edited.",
        "A network that computes the same in other steps than layers fails.",
    ),
    cost="Seconds.",
    references=("von Oswald and others, Transformers learn in-context by gradient descent, 2022, arXiv:2212.07677",),
)

SIZE = 2.0
"""Standard deviation of the change of a label; labels have about 1.6."""


class Matched(NamedTuple):
    """A reader with the schedule of the descent that was fitted to it."""

    reader: AbstractReader
    rates: Float[Array, " step"]
    shrinks: Float[Array, " step"]


class Edited(NamedTuple):
    """Changes of the answer after an edit at one layer: the reader's, and those predicted."""

    layer: int
    followed: Estimate
    ceiling: Estimate
    controls: dict[str, Estimate]
    advantages: dict[str, Estimate]


def edit_labels(
    matched: Matched,
    contexts: Contexts,
    key: PRNGKeyArray,
    untrained: Matched | None = None,
) -> list[Edited]:
    """The edit after every layer but the last; `untrained` is the control network, where there is one."""
    found = []
    for layer in range(1, matched.reader.layers):
        changes = _host(_changes(*matched, contexts, key, layer))
        arms = {name: (changes["edited"], changes[name]) for name in ("another pair", "changed in the input")}
        arms["random edit"] = (changes["random"], changes["predicted"])
        if untrained is not None:
            theirs = _host(_changes(*untrained, contexts, key, layer))
            arms["untrained"] = (theirs["edited"], theirs["predicted"])
        own = (changes["edited"], changes["predicted"])
        found.append(
            Edited(
                layer,
                _followed(own),
                _followed((changes["input"], changes["changed in the input"])),
                {name: _followed(pair) for name, pair in arms.items()},
                {name: _ahead(own, pair) for name, pair in arms.items()},
            )
        )
    return found


@eqx.filter_jit
def _changes(
    reader: AbstractReader, rates: Array, shrinks: Array, contexts: Contexts, key: PRNGKeyArray, layer: int
) -> dict[str, Array]:
    count = contexts.labels.shape[0]
    by = SIZE * jax.random.normal(named_key(key, "label"), (count,))
    donor = relabeled(contexts, 0, by)
    state, other = reader.states(contexts), reader.states(donor)
    before = reader.answer(state[-1])
    written = other[layer][:, 0] - state[layer][:, 0]
    noise = jax.random.normal(named_key(key, "noise"), written.shape)
    noise *= jnp.linalg.norm(written, axis=-1, keepdims=True) / jnp.linalg.norm(noise, axis=-1, keepdims=True)
    return {
        "edited": reader.go_on(state[layer].at[:, 0].add(written), layer) - before,
        "random": reader.go_on(state[layer].at[:, 0].add(noise), layer) - before,
        "input": reader.answer(other[-1]) - before,
        "predicted": _predicted(rates, shrinks, contexts, by, layer, 0),
        "another pair": _predicted(rates, shrinks, contexts, by, layer, 1),
        "changed in the input": _predicted(rates, shrinks, contexts, by, 0, 0),
    }


def _predicted(
    rates: Array, shrinks: Array, contexts: Contexts, by: Array, layer: int, pair: int
) -> Float[Array, " level"]:
    """What the algorithm makes of the replacement of one pair's token after a step."""
    state = token_steps(contexts, rates, shrinks)
    other = token_steps(relabeled(contexts, pair, by), rates, shrinks)
    edited = state[layer].at[:, pair].set(other[layer][:, pair])
    for rate, shrink in zip(rates[layer:], shrinks[layer:], strict=True):
        edited = descent_tokens(edited, rate, shrink)
    return state[-1][:, -1, -1] - edited[:, -1, -1]


def _host(changes: dict[str, Array]) -> dict[str, np.ndarray]:
    return {name: np.asarray(change, np.float64) for name, change in changes.items()}


def _columns(pair: tuple[np.ndarray, ...]) -> Float[np.ndarray, "level 2"]:
    change, predicted = pair
    return np.stack([(change - predicted) ** 2, change**2], 1)


def _followed(pair: tuple[np.ndarray, ...]) -> Estimate:
    return statistic_of(_columns(pair), _explained)


def _ahead(own: tuple[np.ndarray, ...], control: tuple[np.ndarray, ...]) -> Estimate:
    """Own less control, contexts resampled together."""
    both = np.stack([_columns(own), _columns(control)], 1)
    return statistic_of(both, lambda m: _explained(m[:, 0]) - _explained(m[:, 1]))


def _explained(means: Float[np.ndarray, "resample 2"]) -> Float[np.ndarray, " resample"]:
    """Share of the squared change that is predicted; no worse than -1, as bad predictions have no bound."""
    return np.maximum(1 - means[:, 0] / np.maximum(means[:, 1], 1e-12), -1.0)
