"""What can be read off the tokens: the answer so far, and what is left of each label."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Float

from mesascope.core.statistics import Estimate, statistic_of
from mesascope.experiments.regression.contexts import Contexts
from mesascope.experiments.regression.instruments.family import token_steps
from mesascope.experiments.regression.reader import AbstractReader
from mesascope.instruments.card import Card

PROBES = Card(
    name="in-context probes",
    measures="Whether the matched algorithm's quantities stand, linearly, in the tokens after each layer.",
    estimator="Ridge regression, fitted on one half of the contexts, from a token to a quantity after the step of the same "
    "number: at the query, the answer so far; at a pair, what is left of its label. Explained share of the variance on the "
    "other half.",
    assumptions="None that the controls do not show.",
    controls="The same probes on the untrained network, whose weights are fixed, and with quantities of other contexts.",
    blind_spots=("What can be read need not be used: probes decide nothing.",),
    cost="Less than a second.",
    references=(
        "Alain and Bengio, Understanding intermediate layers using linear classifier probes, 2016, arXiv:1610.01644",
        "von Oswald and others, Uncovering mesa-optimization algorithms in transformers, 2023, arXiv:2309.05858",
    ),
)

PENALTY = 1e-4


class Probed(NamedTuple):
    """Explained variance after one layer, with its controls."""

    layer: int
    quantity: str
    explained: Estimate
    untrained: Estimate | None
    shuffled: Estimate


def probe(
    reader: AbstractReader,
    untrained: AbstractReader | None,
    rates: Float[Array, " step"],
    shrinks: Float[Array, " step"],
    fit: Contexts,
    scored: Contexts,
) -> list[Probed]:
    """Both quantities after every layer."""
    halves = (fit, scored)
    wanted = [token_steps(half, rates, shrinks) for half in halves]
    own = [reader.states(half) for half in halves]
    theirs = None if untrained is None else [untrained.states(half) for half in halves]
    found = []
    for layer in range(1, reader.layers + 1):
        for quantity, token in (("answer so far", -1), ("what is left of a label", 0)):
            targets = tuple(np.asarray(steps[layer][:, token, -1], np.float64) for steps in wanted)
            mixed = tuple(np.roll(target, 1) for target in targets)
            found.append(
                Probed(
                    layer,
                    quantity,
                    _explained(_tokens(own, layer, token), targets),
                    None if theirs is None else _explained(_tokens(theirs, layer, token), targets),
                    _explained(_tokens(own, layer, token), mixed),
                )
            )
    return found


def _tokens(states: list[list[Array]], layer: int, token: int) -> tuple[np.ndarray, ...]:
    return tuple(np.asarray(half[layer][:, token], np.float64) for half in states)


def _explained(tokens: tuple[np.ndarray, ...], targets: tuple[np.ndarray, ...]) -> Estimate:
    (fit, scored), (wanted, right) = ((_with_one(t) for t in tokens), targets)
    size = np.trace(fit.T @ fit) / fit.shape[1]
    weights = np.linalg.solve(fit.T @ fit + PENALTY * size * np.eye(fit.shape[1]), fit.T @ wanted)
    columns = np.stack([(scored @ weights - right) ** 2, (right - wanted.mean()) ** 2], 1)
    return statistic_of(columns, lambda m: 1 - m[:, 0] / np.maximum(m[:, 1], 1e-12))


def _with_one(tokens: np.ndarray) -> np.ndarray:
    return np.concatenate([tokens, np.ones((len(tokens), 1))], 1)
