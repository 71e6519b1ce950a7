"""Which algorithm a reader answers like."""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from mesascope.core.statistics import Estimate, mean_of, statistic_of
from mesascope.experiments.regression.contexts import Contexts
from mesascope.experiments.regression.instruments.family import Algorithm
from mesascope.experiments.regression.reader import AbstractReader, sensitivities
from mesascope.instruments.card import Card

MATCH = Card(
    name="in-context match",
    measures="Which algorithm a reader of contexts answers like, and with how many steps.",
    estimator="Each algorithm's few parameters are fitted to the reader's answers on one half of the contexts. On the other "
    "half: mean squared difference of the answers over the mean squared answer (distance), and the cosine of the derivatives "
    "of the answers by the query. Newton's iteration of up to 12 steps is compared with plain gradient descent of up to 32 by "
    "the difference of their errors, context by context.",
    assumptions="Sensitivities are compared where both are differentiable.",
    controls="The same fit to the untrained network, and to answers dealt out to the wrong contexts.",
    blind_spots=(
        "On contexts that every good algorithm solves, all good algorithms match.",
        "Equal answers do not show equal insides: the edit of a label inside is for that.",
        "An algorithm that is not in the family cannot be found.",
    ),
    cost="Seconds: some thousand contexts, and a small fit for each algorithm.",
    references=(
        "von Oswald and others, Transformers learn in-context by gradient descent, 2022, arXiv:2212.07677",
        "Fu and others, Transformers learn to achieve second-order convergence rates for in-context linear regression, "
        "2023, arXiv:2310.17086",
        "Raventos and others, Pretraining task diversity and the emergence of non-Bayesian in-context learning for "
        "regression, 2023, arXiv:2306.15063",
    ),
)

FIT_UPDATES, FIT_CONTEXTS = 300, 512


class Match(NamedTuple):
    """One algorithm against a reader: distance 0 is the same answers; None for a cosine that does not exist.

    `errors` are the squared differences of each scored context, over the mean squared answer.
    """

    algorithm: Algorithm
    parameters: Float[Array, " parameter"]
    distance: Estimate
    cosine: Estimate | None
    errors: Float[np.ndarray, " level"]


def match(reader: AbstractReader, algorithms: list[Algorithm], fit: Contexts, scored: Contexts) -> list[Match]:
    """Every algorithm, fitted on the contexts `fit`, compared on the contexts `scored`."""
    wanted, given = _read(reader, fit)[0], _read(reader, scored)
    found = []
    for algorithm in algorithms:
        parameters = fitted(algorithm, fit, wanted)
        found.append(_compared(algorithm, parameters, given, scored))
    return found


def _compared(algorithm: Algorithm, parameters: Array, given: tuple[Array, Array], scored: Contexts) -> Match:
    answers, own = (np.asarray(x, np.float64) for x in answers_of(algorithm, parameters, scored))
    wanted, slopes = (np.asarray(x, np.float64) for x in given)
    errors = (answers - wanted) ** 2 / max((wanted**2).mean(), 1e-12)
    return Match(algorithm, parameters, _distance(answers, wanted), _cosine(own, slopes), errors)


def fitted(algorithm: Algorithm, fit: Contexts, wanted: Float[Array, " level"]) -> Float[Array, " parameter"]:
    """The parameters at which its answers are nearest to `wanted`, on the first of the contexts: Adam from its start."""
    if not algorithm.start:
        return jnp.zeros(0)
    few = jax.tree.map(lambda x: x[:FIT_CONTEXTS], fit)
    steps = jnp.array(algorithm.steps or 0)
    return _fitted(algorithm.answers, steps, jnp.array(algorithm.start), few, wanted[:FIT_CONTEXTS])


@eqx.filter_jit
def _fitted(answers: Callable[..., Array], steps: Array, start: Array, fit: Contexts, wanted: Array) -> Array:
    optimizer = optax.adam(optax.cosine_decay_schedule(0.1, FIT_UPDATES))
    size = (wanted**2).mean() + 1e-12

    def loss(parameters):
        value = ((answers(parameters, steps, fit) - wanted) ** 2).mean() / size
        return value, value

    def update(carry, _):
        parameters, state, best = carry
        # Forward: the parameters are few, and loops of a traced length cannot be differentiated backward.
        slope, value = jax.jacfwd(loss, has_aux=True)(parameters)
        best = jax.tree.map(lambda new, old: jnp.where(value < best[1], new, old), (parameters, value), best)
        change, state = optimizer.update(jnp.nan_to_num(slope), state)
        return (optax.apply_updates(parameters, change), state, best), None

    begin = (start, optimizer.init(start), (start, jnp.array(jnp.inf)))
    (_, _, best), _ = jax.lax.scan(update, begin, None, FIT_UPDATES)
    return best[0]


def answers_of(algorithm: Algorithm, parameters: Array, contexts: Contexts) -> tuple[Array, Array]:
    """An algorithm's answers and their derivatives by the query."""
    return _asked(algorithm.answers, jnp.array(algorithm.steps or 0), parameters, contexts)


@eqx.filter_jit
def _asked(answers: Callable[..., Array], steps: Array, parameters: Array, contexts: Contexts) -> tuple[Array, Array]:
    def reader(seen: Contexts) -> Array:
        return answers(parameters, steps, seen)

    return reader(contexts), sensitivities(reader, contexts)


@eqx.filter_jit
def _read(reader: AbstractReader, contexts: Contexts) -> tuple[Array, Array]:
    return reader(contexts), sensitivities(reader, contexts)


def _distance(answers: Float[np.ndarray, " level"], given: Float[np.ndarray, " level"]) -> Estimate:
    both = np.stack([(answers - given) ** 2, given**2], 1)
    return statistic_of(both, lambda m: m[:, 0] / np.maximum(m[:, 1], 1e-12))


def _cosine(own: Float[np.ndarray, "level feature"], slopes: Float[np.ndarray, "level feature"]) -> Estimate | None:
    sizes = np.linalg.norm(own, axis=1) * np.linalg.norm(slopes, axis=1)
    if not (sizes > 1e-12).any():
        return None
    return mean_of(((own * slopes).sum(1) / np.maximum(sizes, 1e-12))[sizes > 1e-12])


def nearest_match(matches: list[Match]) -> Match:
    """The nearest; of those that it is not nearer than beyond doubt, the one with fewest parameters, then fewest steps."""
    first = min(matches, key=lambda m: m.distance.value)
    level = [m for m in matches if m is first or not ahead(first, m).interval.low > 0]
    return min(level, key=lambda m: (len(m.algorithm.start), m.algorithm.steps or 0, m.distance.value))


def level_with(matches: list[Match]) -> list[Match]:
    """Those that the nearest is not nearer than beyond doubt, the nearest of each group, nearest first."""
    first = min(matches, key=lambda m: m.distance.value)
    level = [m for m in matches if m is first or not ahead(first, m).interval.low > 0]
    groups = {
        m.algorithm.group: nearest_match([o for o in level if o.algorithm.group == m.algorithm.group]) for m in level
    }
    return sorted(groups.values(), key=lambda m: m.distance.value)


def ahead(first: Match, second: Match) -> Estimate:
    """How much nearer the first is than the second, context by context."""
    return mean_of(second.errors - first.errors)


def shuffled(reader: AbstractReader, found: Match, scored: Contexts) -> Estimate:
    """Distance of the algorithm's answers to the reader's answers to other contexts: what no agreement looks like."""
    answers, _ = answers_of(found.algorithm, found.parameters, scored)
    other = np.roll(np.asarray(_read(reader, scored)[0], np.float64), 1)
    return _distance(np.asarray(answers, np.float64), other)
