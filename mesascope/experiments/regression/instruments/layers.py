"""What a reader would answer after each of its layers, beside what algorithms answer after each of their steps."""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.statistics import Estimate, statistic_of
from mesascope.experiments.regression.contexts import Contexts
from mesascope.experiments.regression.instruments.match import Match, answers_of
from mesascope.experiments.regression.reader import AbstractReader
from mesascope.instruments.card import Card

LAYERS = Card(
    name="layer by step",
    measures="Whether each layer does what a step of an algorithm does: which number of steps the answer after each "
    "layer is nearest to.",
    estimator="The reader's own readout is applied after each layer. Share of the squared answer that is not in "
    "proportion to the "
    "answer of an algorithm with so many steps, whose parameters were fitted to the reader's last answer.",
    assumptions="The readout says something of the tokens before the last layer.",
    controls="The answer before the first layer, and the algorithms against each other: where steps answer alike, the "
    "curve is flat.",
    blind_spots=("Curves are from outside: that they go together does not show that the layers take the steps.",),
    cost="Seconds.",
    references=(
        "von Oswald and others, Transformers learn in-context by gradient descent, 2022, arXiv:2212.07677",
        "Fu and others, Transformers learn to achieve second-order convergence rates for in-context linear regression, "
        "2023, arXiv:2310.17086",
    ),
)


class AfterLayer(NamedTuple):
    """One layer: the distance to each number of steps, by group of algorithms."""

    layer: int
    distances: dict[str, dict[int, Estimate]]

    def plain(self) -> dict[str, object]:
        """As a document holds it, where keys are text."""
        by_group = {group: {str(steps): e for steps, e in found.items()} for group, found in self.distances.items()}
        return {"layer": self.layer, "distances": by_group}

    def nearest(self, group: str) -> int:
        """The number of steps of a group that the answer after this layer is nearest to."""
        return min(self.distances[group], key=lambda steps: self.distances[group][steps].value)


def after_layers(reader: AbstractReader, matches: list[Match], contexts: Contexts) -> list[AfterLayer]:
    """Every layer against every matched algorithm that takes steps, the nearer where two have the same group and steps."""
    readouts = np.asarray(_readouts(reader, contexts), np.float64)
    own = [
        (m, np.asarray(answers_of(m.algorithm, m.parameters, contexts)[0], np.float64))
        for m in matches
        if m.algorithm.steps
    ]
    found = []
    for layer, answers in enumerate(readouts, start=1):
        distances: dict[str, dict[int, Estimate]] = {}
        for match, steps_answer in own:
            group, steps = distances.setdefault(match.algorithm.group, {}), match.algorithm.steps or 0
            distance = _distance(answers, steps_answer)
            if steps not in group or distance.value < group[steps].value:
                group[steps] = distance
        found.append(AfterLayer(layer, distances))
    return found


@eqx.filter_jit
def _readouts(reader: AbstractReader, contexts: Contexts) -> Float[Array, "layer level"]:
    return jnp.stack([reader.answer(state) for state in reader.states(contexts)[1:]])


def _distance(answers: Float[np.ndarray, " level"], steps: Float[np.ndarray, " level"]) -> Estimate:
    """1 less the squared cosine over contexts: scale does not matter, as readouts are made for the last layer."""
    columns = np.stack([answers**2, answers * steps, steps**2], 1)
    return statistic_of(columns, lambda m: 1 - m[:, 1] ** 2 / np.maximum(m[:, 0] * m[:, 2], 1e-24))
