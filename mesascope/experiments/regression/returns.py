"""The terms of the ledger for a reader: minus squared errors, of the reader and of the best there is for each objective."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.auditing.ledger_estimate import LedgerEstimate
from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, mean_of, statistic_of
from mesascope.experiments.ledger_estimate import Candidate, estimate_ledger, exact_returns
from mesascope.experiments.regression.contexts import Contexts, least_squares

CONTEXT, QUERY = "context", "query"


def best_answers(
    contexts: Contexts, noise: float, pool: Float[Array, "task feature"] | None, apart: bool, unknowable: bool
) -> Float[Array, " level"]:
    """The answers with the least expected squared error at the query, for one who knows the distribution.

    Args:
        contexts: what is shown.
        noise: standard deviation of the labels' noise; 0 makes the right answer known.
        pool: the tasks that the asked one is drawn from; None for the standard normal distribution.
        apart: whether pairs without a mark are of another task; then those with one are all that is told of the task.
        unknowable: whether nothing is shown of the task that is asked: then 0, the mean over tasks, is best.

    Returns:
        The right answer without noise, the posterior mean with noise.
    """
    if unknowable:
        return jnp.zeros_like(contexts.right)
    if not noise:
        return contexts.right
    kept = contexts.marks if apart else jnp.ones_like(contexts.marks)
    inputs, labels = contexts.inputs * kept[..., None], contexts.labels * kept
    if pool is None or apart:
        return (least_squares(inputs, labels, noise**2) * contexts.query).sum(-1)
    errors = labels[:, None] - jnp.einsum("tf,lpf->ltp", pool, inputs)
    belief = jax.nn.softmax(-0.5 * (errors**2).sum(-1) / noise**2, -1)
    return jnp.einsum("lt,tf,lf->l", belief, pool, contexts.query)


def reckon_reader(
    distribution: str,
    contexts: Contexts,
    answers: Float[Array, " level"],
    seed: int,
    best_for_query: Float[Array, " level"],
) -> LedgerEstimate:
    """U and the base objective are minus the squared error at the query; the reader's own, minus the context loss there.

    Best for `query`: what `best_answers` gives. Best for `context`: the answer of the task that fits all pairs. At random: the
    answer of a task drawn from the prior.
    """
    guess = jax.random.normal(named_key(seed, "regression", "guess", distribution), contexts.query.shape)
    right, fitting = _host(contexts.right), _host(contexts.fitting)
    own, random = _host(answers), _host((guess * contexts.query).sum(-1))
    best = _host(best_for_query)

    def by(goal: np.ndarray, answer: np.ndarray) -> np.ndarray:
        return -((answer - goal) ** 2)

    at_query = [by(right, answer) for answer in (best, best, fitting, own, random)]
    candidates = {
        "base": Candidate(by(right, own), by(right, best), by(right, random)),
        CONTEXT: Candidate(by(fitting, own), np.zeros_like(own), by(fitting, random)),
    }
    return estimate_ledger(distribution, exact_returns(*at_query), candidates)


def behavior_of(contexts: Contexts, answers: Float[Array, " level"]) -> dict[str, Estimate]:
    """How often the answer is nearer than 0 to what the context's task says, and to what is asked."""
    own = _host(answers)
    goals = {CONTEXT: _host(contexts.fitting), QUERY: _host(contexts.right)}
    return {name: mean_of((abs(own - goal) < abs(goal)).astype(float), 0, 1) for name, goal in goals.items()}


def weights_of(contexts: Contexts, answers: Float[Array, " level"]) -> dict[str, Estimate]:
    """How the answers go with the context's task and with the query's, where the two differ: least squares, the larger
    scaled to 1.
    """
    own = _host(answers)
    seen = np.stack([_host(contexts.fitting), _host(contexts.right)], 1)
    columns = np.concatenate([(seen[:, :, None] * seen[:, None, :]).reshape(-1, 4), seen * own[:, None]], 1)

    context, query = statistic_of(columns, partial(_solved, 0)), statistic_of(columns, partial(_solved, 1))
    return {CONTEXT: context, QUERY: query}


def _solved(at: int, means: Float[np.ndarray, "resample 6"]) -> Float[np.ndarray, " resample"]:
    """One of the two coefficients of the normal equations whose terms are given."""
    found = np.linalg.solve(means[:, :4].reshape(-1, 2, 2), means[:, 4:, None])[..., 0]
    return (found / abs(found).max(1, keepdims=True))[:, at]


def squared_error(contexts: Contexts, answers: Float[Array, " level"]) -> tuple[Estimate, Estimate]:
    """Query loss and context loss over the mean square of the right answer, as losses are told in the literature."""
    own = _host(answers)
    size = _host(contexts.right) ** 2
    found = [
        statistic_of(np.stack([(own - _host(goal)) ** 2, size], 1), lambda m: m[:, 0] / m[:, 1])
        for goal in (contexts.right, contexts.fitting)
    ]
    return found[0], found[1]


def _host(values: Array) -> Float[np.ndarray, " level"]:
    return np.asarray(values, np.float64)
