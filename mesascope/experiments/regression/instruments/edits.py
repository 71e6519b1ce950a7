"""Whether a pair changed inside, between two layers, changes the answer as the matched algorithm says it would."""

from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, statistic_of
from mesascope.experiments.regression.contexts import PAIRS, Contexts, relabeled, with_other_input
from mesascope.experiments.regression.instruments.stepwise import AbstractStepwise
from mesascope.experiments.regression.reader import AbstractReader, State
from mesascope.instruments.card import Card

EDIT = Card(
    name="label edit inside",
    measures="Whether the layers after a place go on optimizing from what stands there.",
    estimator="One pair's token after a layer is replaced by what it would be had its label been another, every other token "
    "left as it was: a state that no input leads to. For Newton's iteration, whose iterate does not depend on labels, it is the "
    "input that is another. The matched algorithm is edited in the same way, and the two changes of the answer are compared: "
    "1 less the squared difference over the squared change. The algorithm is the nearest of those with as many "
    "steps as the reader has "
    "layers; which of the places it might work at is chosen on one half of the contexts.",
    assumptions="Layer and step go together: the algorithm takes as many steps as there are layers.",
    controls="The change that the algorithm predicts for another pair, and for the same change in the input; a random edit of "
    "the same size; the untrained network with the algorithm fitted to it.",
    blind_spots=(
        "One layer has no inside: nothing can be asked of it.",
        "Conjugate gradients, and an algorithm that reads the pairs once and never again, are not edited.",
        "A network that computes the same in other steps than layers fails: then no verdict follows.",
    ),
    cost="Seconds.",
    references=("von Oswald and others, Transformers learn in-context by gradient descent, 2022, arXiv:2212.07677",),
)

SIZE = 2.0
"""Standard deviation of the change of a label; labels have about 1.6."""

EDITED, OTHER = PAIRS - 1, 0
"""The pair that is edited, and the one of the control."""


class Matched(NamedTuple):
    """A reader with the algorithm that it is edited as, at one of the places that this may work at."""

    reader: AbstractReader
    model: AbstractStepwise


class Edited(NamedTuple):
    """Changes of the answer after an edit at one layer: the reader's, and those predicted."""

    layer: int
    followed: Estimate
    ceiling: Estimate
    controls: dict[str, Estimate]
    advantages: dict[str, Estimate]


def choose_model(
    reader: AbstractReader, models: Sequence[AbstractStepwise], contexts: Contexts, key: PRNGKeyArray
) -> Matched:
    """The reader with that of the models whose edits it follows best, at the layer where it follows least."""

    def least(model: AbstractStepwise) -> float:
        changes = (_host(_changes(reader, model, contexts, key, layer)) for layer in range(1, reader.layers))
        return min(_followed((c["edited"], c["predicted"])).value for c in changes)

    return Matched(reader, max(models, key=least) if len(models) > 1 else models[0])


def edit_pair(
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
    reader: AbstractReader, model: AbstractStepwise, contexts: Contexts, key: PRNGKeyArray, layer: int
) -> dict[str, Array]:
    by = SIZE * jax.random.normal(named_key(key, "label"), (contexts.labels.shape[0],))

    def other(pair: int) -> Contexts:
        return with_other_input(contexts, pair) if model.rewrites_input else relabeled(contexts, pair, by)

    state, donor = reader.states(contexts), reader.states(other(EDITED))
    before = reader.answer(state[-1])
    written = donor[layer][:, EDITED] - state[layer][:, EDITED]
    noise = jax.random.normal(named_key(key, "noise"), written.shape)
    noise *= jnp.linalg.norm(written, axis=-1, keepdims=True) / jnp.linalg.norm(noise, axis=-1, keepdims=True)
    return {
        "edited": _edited(reader, state, written, layer, EDITED) - before,
        "random": _edited(reader, state, noise, layer, EDITED) - before,
        "input": reader.answer(donor[-1]) - before,
        "predicted": _predicted(model, contexts, other(EDITED), layer, EDITED),
        "another pair": _predicted(model, contexts, other(OTHER), layer, OTHER),
        "changed in the input": model(other(EDITED)) - model(contexts),
    }


def _edited(reader: AbstractReader, states: list[State], by: Array, layer: int, pair: int) -> Float[Array, " level"]:
    return reader.go_on(states[layer].at[:, pair].add(by), layer)


def _predicted(
    model: AbstractReader, contexts: Contexts, other: Contexts, layer: int, pair: int
) -> Float[Array, " level"]:
    """What the algorithm makes of the replacement of one pair's token after a step."""
    state, donor = model.states(contexts), model.states(other)
    by = donor[layer][:, pair] - state[layer][:, pair]
    return _edited(model, state, by, layer, pair) - model.answer(state[-1])


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
