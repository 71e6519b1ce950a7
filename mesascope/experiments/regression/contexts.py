"""Contexts: pairs of inputs and labels that share a task, and a query."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from mesascope.core.rng import named_key

INPUTS, PAIRS = 8, 16
"""Dimensions of an input and pairs in a context: as many as in Raventos et al. 2306.15063."""


class Contexts(NamedTuple):
    """A batch of contexts with their queries.

    `task` is the vector that made the labels, `asked` the one that makes the right answer: the same one in training. `marks`
    are 1 on some of the pairs; where a context has two tasks, those are of the one that is asked and the others of `task`.
    """

    inputs: Float[Array, "level pair feature"]
    labels: Float[Array, "level pair"]
    query: Float[Array, "level feature"]
    task: Float[Array, "level feature"]
    asked: Float[Array, "level feature"]
    marks: Float[Array, "level pair"]

    @property
    def right(self) -> Float[Array, " level"]:
        """The answer that is asked for."""
        return (self.asked * self.query).sum(-1)

    @property
    def fitting(self) -> Float[Array, " level"]:
        """The answer of the task that fits all pairs best, marked or not: that of least squares."""
        return (least_squares(self.inputs, self.labels) * self.query).sum(-1)


class Look(NamedTuple):
    """What contexts look like, whatever the tasks.

    Args:
        scale: inputs are uniform between minus this and this, in their widest direction.
        noise: standard deviation of the normal noise on labels.
        condition: condition number of the inputs' covariance: directions are as wide as equal steps from 1 to its root on a
            logarithmic scale.
        marked: share of the contexts in which pairs without a mark are of another task than pairs with one, and than the query.
    """

    scale: float | Array = 1.0
    noise: float | Array = 0.0
    condition: float | Array = 1.0
    marked: float | Array = 0.0

    @property
    def widths(self) -> Float[Array, " feature"]:
        """The greatest value of each input."""
        return self.scale * jnp.asarray(self.condition) ** (-jnp.linspace(0.0, 0.5, INPUTS))


PLAIN = Look()
MARKED = 10
"""Pairs with a mark: enough to tell a task from them alone."""


def pool_of_tasks(key: PRNGKeyArray, count: int) -> Float[Array, "task feature"]:
    """The tasks that training draws from: standard normal vectors."""
    return jax.random.normal(named_key(key, "tasks"), (count, INPUTS))


@partial(jax.jit, static_argnames=("count", "differs"))
def draw(
    key: PRNGKeyArray,
    count: int,
    pool: Float[Array, "task feature"] | None = None,
    look: Look = PLAIN,
    differs: bool = False,
) -> Contexts:
    """`count` contexts: tasks standard normal, or uniformly from `pool`; inputs uniform (as in von Oswald et al. 2212.07677).

    With `differs` the query is asked about a fresh task, of which the context shows nothing.
    """
    shown = jax.random.uniform(named_key(key, "inputs"), (count, PAIRS + 1, INPUTS), minval=-1.0) * look.widths
    fresh = jax.random.normal(named_key(key, "fresh"), (count, INPUTS))
    if pool is None:
        task = jax.random.normal(named_key(key, "task"), (count, INPUTS))
    else:
        task = pool[jax.random.randint(named_key(key, "which"), (count,), 0, pool.shape[0])]
    order = jnp.argsort(jax.random.uniform(named_key(key, "marks"), (count, PAIRS)), -1)
    marks = (order < MARKED).astype(float)
    two = jax.random.uniform(named_key(key, "two"), (count, 1)) < look.marked
    inputs = shown[:, :-1]
    labels = jnp.einsum("lpf,lf->lp", inputs, task)
    asked = jnp.where(two, fresh, task)
    labels = jnp.where((marks > 0) & two, jnp.einsum("lpf,lf->lp", inputs, fresh), labels)
    labels += look.noise * jax.random.normal(named_key(key, "noise"), labels.shape)
    return Contexts(inputs, labels, shown[:, -1], task, fresh if differs else asked, marks)


def least_squares(
    inputs: Float[Array, "level pair feature"], labels: Float[Array, "level pair"], penalty: float | Array = 1e-6
) -> Float[Array, "level feature"]:
    """The weights that fit all pairs best; `penalty` times their square is added to the sum of squared errors."""
    second = jnp.einsum("lpf,lpg->lfg", inputs, inputs) + penalty * jnp.eye(inputs.shape[-1])
    return jnp.linalg.solve(second, jnp.einsum("lpf,lp->lf", inputs, labels)[..., None])[..., 0]


def halves(contexts: Contexts) -> tuple[Contexts, Contexts]:
    """The half that choices are made on, and the half that they are scored on."""
    middle = contexts.labels.shape[0] // 2
    return jax.tree.map(lambda x: x[:middle], contexts), jax.tree.map(lambda x: x[middle:], contexts)


def relabeled(contexts: Contexts, pair: int, by: float | Array) -> Contexts:
    """The same contexts with `by` added to the label of one pair."""
    return contexts._replace(labels=contexts.labels.at[:, pair].add(by))


def with_other_input(contexts: Contexts, pair: int) -> Contexts:
    """The same contexts with the input of one pair taken from the next context, its label left as it is."""
    return contexts._replace(inputs=contexts.inputs.at[:, pair].set(jnp.roll(contexts.inputs[:, pair], 1, 0)))
