"""Learners of a user's own: any function from contexts to answers, in NumPy, PyTorch or anything else."""

import inspect
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.errors import SubjectError, said
from mesascope.experiments.regression.contexts import PLAIN, Contexts, draw
from mesascope.experiments.regression.reader import AbstractReader, State, tokens_of

CALLED = "learner(inputs, labels, marks, query)"
_SHAPES = "inputs (level, pair, feature), labels (level, pair), marks (level, pair), query (level, feature)"

STEP = 1e-2
"""Half the step of the differences that stand in for derivatives."""


class Learner(AbstractReader):
    """A function that is asked for its answers. Nothing inside of it can be seen, so that it has no layers.

    Args:
        answers: called as `learner(inputs, labels, marks, query)` with NumPy arrays of single precision; gives an answer for
            each context, as an array or as a tensor of PyTorch.
    """

    answers: Callable[..., Any] = eqx.field(static=True)

    @property
    def layers(self) -> int:
        """None that could be seen."""
        return 0

    def begin(self, contexts: Contexts) -> State:
        """The tokens."""
        return tokens_of(contexts)

    def step(self, state: State, layer: int) -> State:
        """Never called: there are no layers."""
        raise AssertionError("a learner of the user's own has no layers")

    def answer(self, state: State) -> Float[Array, " level"]:
        """Never called: answers are asked for contexts, not for a state."""
        raise AssertionError("a learner of the user's own has no state")

    def __call__(self, contexts: Contexts) -> Float[Array, " level"]:
        """The answers."""
        shape = jax.ShapeDtypeStruct(contexts.labels.shape[:1], jnp.float32)
        given = (contexts.inputs, contexts.labels, contexts.marks, contexts.query)
        return jax.pure_callback(self._asked, shape, *given)

    def slopes(self, contexts: Contexts) -> Float[Array, "level feature"]:
        """Differences of the answers by each number of the query."""

        def difference(along: Array) -> Array:
            ahead, back = (self(contexts._replace(query=contexts.query + by * along)) for by in (STEP, -STEP))
            return (ahead - back) / (2 * STEP)

        return jnp.stack([difference(along) for along in jnp.eye(contexts.query.shape[1])], 1)

    def _asked(self, *given: Array) -> np.ndarray:
        answered = self.answers(*(np.array(x, np.float32) for x in given))
        if hasattr(answered, "detach"):
            answered = answered.detach().cpu().numpy()
        return np.asarray(answered, np.float32)


def learner_of(function: Any, name: str) -> Learner:
    """A learner, tried on a few contexts.

    Args:
        function: see `Learner`.
        name: what it goes by in messages.

    Returns:
        The reader.

    Raises:
        SubjectError: it cannot be called so, or answers with what is not one finite number for each context.

    Example:
        >>> import numpy as np
        >>> learner_of(lambda inputs, labels, marks, query: np.zeros(len(query)), "nothing").layers
        0
    """
    if inspect.isclass(function) or not callable(function):
        raise SubjectError(f"{name} is a {type(function).__name__}; expected a function, called as {CALLED}: {_SHAPES}")
    learner, few = Learner(function), draw(jax.random.key(0), 3, None, PLAIN)
    try:
        answers = learner._asked(few.inputs, few.labels, few.marks, few.query)
    except Exception as error:
        raise SubjectError(f"{name}: {CALLED} failed: {said(error)}; it is given {_SHAPES}") from error
    if answers.shape != (3,) or not np.isfinite(answers).all():
        found = f"shape {answers.shape}" if answers.shape != (3,) else "numbers that are not finite"
        raise SubjectError(
            f"{name}: expected one finite answer for each of 3 contexts, found {found}; it is given {_SHAPES}"
        )
    return learner
