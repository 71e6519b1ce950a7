"""A network of any library, as a function of arrays: what it is given, what it gives, and how both are read."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Float

from mesascope.adapters.checks import SURE
from mesascope.adapters.steps import Weights
from mesascope.core.errors import MesascopeError, SubjectError, UsageError, said
from mesascope.core.subject import AbstractSubject
from mesascope.worlds.world import AbstractWorld


def _unchanged(array: np.ndarray, like: Any = None) -> Any:
    return array if like is None else array.astype(like.dtype)


class Network(NamedTuple):
    """A network as a loader hands it over.

    Attributes:
        name: What it is called in a report and in messages, such as `agent.pt (Net)`.
        identity: What an audit of it depends on, beside its weights: hashes of files and code, plain values by name.
        weights: Its arrays by name.
        call: `call(weights, *inputs)`: what it puts out, in any nesting of its library's arrays. `weights` has the names of
            `weights`, or is None for its own. A recurrent network takes its memory as the last input.
        as_input: From a NumPy array to an array of its library; `like` is an array of the library whose type it gets.
        initial: From weights and a number of actors to the memory at the beginning of an episode; None where the network has no
            way of its own to it, and takes None.
        looks_recurrent: Why it seems to have a memory, as a clause; "" where it does not.
        arrange: What it is shown of a picture, channels last, where nobody says (`observe`); None where that is not known.
        whole: The subject that it is where it is shown the whole map at once and answers for every cell; None where its library
            has none.
        module: What `call=` is given in the network's place: the module of its library.
        within: `within(weights, function)`: runs a function while the network has these weights.
    """

    name: str
    identity: dict[str, Any]
    weights: Weights
    call: Callable[..., Any]
    as_input: Callable[..., Any] = _unchanged
    initial: Callable[[Weights | None, int], Any] | None = None
    looks_recurrent: str = ""
    arrange: Callable[[np.ndarray], np.ndarray] | None = lambda shown: shown
    whole: Callable[[AbstractWorld, tuple[str, ...] | None], AbstractSubject] | None = None
    module: Any = None
    within: Callable[[Weights | None, Callable[[], Any]], Any] = lambda weights, function: function()


@contextlib.contextmanager
def explained(who: str, *given: Any) -> Iterator[None]:
    """While open, what somebody's code raises becomes a `SubjectError` that says what the code was given."""
    try:
        yield
    except MesascopeError:
        raise
    except Exception as error:
        raise SubjectError(
            f"{who} failed when it was given {', '.join(map(described, given)) or 'nothing'}: {said(error)}"
        ) from error


def described(value: Any) -> str:
    """A value in a message: shapes and types, not numbers."""
    if isinstance(value, tuple | list):
        return f"({', '.join(map(described, value))})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name}: {described(part)}' for name, part in value.items())}}}"
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
    return type(value).__name__


def as_numpy(value: Any) -> np.ndarray:
    """An array of any library; a tensor of PyTorch with or without gradients, of any precision and on any device."""
    if not hasattr(value, "detach"):
        return np.asarray(value)
    tensor = value.detach().cpu()
    return np.asarray(tensor.float() if tensor.is_floating_point() and tensor.element_size() < 4 else tensor)


def is_array(value: Any) -> bool:
    """Whether it is an array of some library."""
    return hasattr(value, "shape") and hasattr(value, "dtype")


def chosen_output(answered: Any, output: int | None, who: str, what: str = "the action logits") -> Any:
    """The output that was asked for.

    Args:
        answered: What the network puts out: an array, or several in a tuple, list or dict.
        output: Which of several; None where nobody has said.
        who: The network, at the beginning of a message.
        what: What the output holds, for a message.

    Returns:
        The array.

    Raises:
        UsageError: There are several and nobody has said which, there is no such one, or it is no array.
    """
    several = list(answered.values()) if isinstance(answered, Mapping) else answered
    if isinstance(several, tuple | list):
        if output is None and len(several) == 1:
            output = 0
        if output is None or not -len(several) <= output < len(several):
            found = "" if output is None else f", and output={output} is none of them"
            raise UsageError(
                f"{who} puts out {len(several)} things, {described(answered)}{found}: write output=N, counted from 0, for the "
                f"one that holds {what}; where one is a memory that lasts from step to step, write recurrent=true as well"
            )
        several = several[output]
    elif output not in (None, 0, -1):
        raise UsageError(f"{who} puts out {described(answered)} alone; leave out output={output}")
    if not is_array(several):
        raise UsageError(f"{who} puts out a {type(several).__name__} for {what}; expected an array or a tensor")
    return several


def read_preferences(
    answered: Any, queries: int, actions: tuple[str, ...], answers: str, deterministic: bool, who: str
) -> Float[np.ndarray, "query action"]:
    """Logits of the actions from what a network puts out.

    Args:
        answered: An array of logits, a row for each query, or of numbers of actions.
        queries: How many queries were asked.
        actions: Names of its actions.
        answers: `logits` or `actions`.
        deterministic: Whether it takes the action of the greatest logit.
        who: The network, at the beginning of a message.

    Returns:
        A row for each query.

    Raises:
        SubjectError: The array has another shape, or other numbers.
    """
    found, width = as_numpy(answered), len(actions)
    if answers == "actions":
        if found.shape not in ((queries,), (queries, 1)) or not np.isin(found, range(width)).all():
            raise SubjectError(
                f"{who} answered {queries} queries with {described(answered)}, values {np.unique(found)[:6].tolist()}; expected "
                f"the number of an action, 0 to {width - 1}, for each. For logits leave out answers=actions"
            )
        return SURE * np.eye(width, dtype=np.float32)[found.astype(int).reshape(queries)]
    if found.shape != (queries, width):
        raise SubjectError(
            f"{who} answered {queries} queries with {described(answered)}; expected {(queries, width)}, a row of logits for its "
            f"actions {'/'.join(actions)}. Name its actions with actions=, all and in its own order; for one that "
            "gives the number of an action write answers=actions"
        )
    logits = found.astype(np.float32)
    return greedy(logits) if deterministic else logits


def greedy(values: Float[np.ndarray, "query action"]) -> Float[np.ndarray, "query action"]:
    """Logits of whoever takes the action of the greatest value; where several have it, each equally often."""
    return np.where(values == values.max(1, keepdims=True), np.float32(SURE), np.float32(0.0))


def given_to(network: Network, observed: Any, queries: int, who: str) -> tuple[Any, ...]:
    """What a network is given, from what `observe` made: arrays of its library, one row for each query.

    Raises:
        SubjectError: It is neither an array nor a tuple of them, or has another number of rows.
    """
    parts = observed if isinstance(observed, tuple) else (observed,)
    for part in parts:
        if not is_array(part) or not part.shape or part.shape[0] != queries:
            raise SubjectError(
                f"{who} made {described(observed)} of {queries} queries; expected an array, a tensor or a tuple of them, with "
                f"one row for each of the {queries}"
            )
    return tuple(network.as_input(part) if isinstance(part, np.ndarray | jax.Array) else part for part in parts)
