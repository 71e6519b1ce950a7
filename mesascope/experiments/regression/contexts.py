"""Contexts: pairs of inputs and labels that share a task, and a query."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from mesascope.core.rng import named_key

INPUTS, PAIRS = 8, 16
"""Dimensions of an input, pairs in a context: the sizes of the experiments here."""


class Contexts(NamedTuple):
    """A batch of contexts with their queries.

    `task` is the vector that made the labels, `asked` the one that makes the right answer: the same one in training.
    """

    inputs: Float[Array, "level pair feature"]
    labels: Float[Array, "level pair"]
    query: Float[Array, "level feature"]
    task: Float[Array, "level feature"]
    asked: Float[Array, "level feature"]

    @property
    def right(self) -> Float[Array, " level"]:
        """The answer that is asked for."""
        return (self.asked * self.query).sum(-1)

    @property
    def fitting(self) -> Float[Array, " level"]:
        """The answer that the context's own task gives."""
        return (self.task * self.query).sum(-1)


def pool_of_tasks(key: PRNGKeyArray, count: int) -> Float[Array, "task feature"]:
    """The tasks that training draws from: standard normal vectors."""
    return jax.random.normal(named_key(key, "tasks"), (count, INPUTS))


@partial(jax.jit, static_argnames=("count", "differs"))
def draw(
    key: PRNGKeyArray,
    count: int,
    pool: Float[Array, "task feature"] | None = None,
    scale: float | Array = 1.0,
    differs: bool = False,
) -> Contexts:
    """`count` contexts: tasks standard normal, or uniformly from `pool`; inputs uniform between -1 and 1, times `scale`.

    With `differs` the query is asked about a fresh task (distribution and sizes of von Oswald et al. 2212.07677).
    """
    shown = jax.random.uniform(named_key(key, "inputs"), (count, PAIRS + 1, INPUTS), minval=-1.0) * scale
    fresh = jax.random.normal(named_key(key, "fresh"), (count, INPUTS))
    if pool is None:
        task = jax.random.normal(named_key(key, "task"), (count, INPUTS))
    else:
        task = pool[jax.random.randint(named_key(key, "which"), (count,), 0, pool.shape[0])]
    inputs = shown[:, :-1]
    labels = jnp.einsum("lpf,lf->lp", inputs, task)
    return Contexts(inputs, labels, shown[:, -1], task, fresh if differs else task)


def halves(contexts: Contexts) -> tuple[Contexts, Contexts]:
    """The half that choices are made on, and the half that they are scored on."""
    middle = contexts.labels.shape[0] // 2
    return jax.tree.map(lambda x: x[:middle], contexts), jax.tree.map(lambda x: x[middle:], contexts)


def relabeled(contexts: Contexts, pair: int, by: float | Array) -> Contexts:
    """The same contexts with `by` added to the label of one pair."""
    return contexts._replace(labels=contexts.labels.at[:, pair].add(by))
