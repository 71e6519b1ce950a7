"""What is said of a network beside its file: the options that all loaders of networks have, in a reference or from Python."""

import hashlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from mesascope.adapters.references import REPORTED, names_in, reported_return, yes_or_no
from mesascope.adapters.replay import ReportedReturn
from mesascope.core.errors import UsageError
from mesascope.core.named_code import named_code

ASKING = (
    "view",
    "actions",
    "observe",
    "output",
    "recurrent",
    "initial",
    "answers",
    "call",
    "deterministic",
    "length",
    *REPORTED,
)
"""Names of the options."""
ANSWERS = ("logits", "actions", "path")
LENGTH = 128
"""Moves of a written path, at most, unless `length` says otherwise."""


def channels_first(shown: np.ndarray) -> np.ndarray:
    """Pictures, `(query, height, width, channel)`, with the channels before the rows, as convolutions of PyTorch take them."""
    if shown.ndim != 4:
        raise UsageError(f"observe=channels-first: a view of shape {shown.shape[1:]} is no picture; leave it out")
    return np.ascontiguousarray(np.moveaxis(shown, -1, 1))


def as_shown(shown: np.ndarray) -> np.ndarray:
    """What a view shows, as it is: pictures have their channels last."""
    return shown


def flat(shown: np.ndarray) -> np.ndarray:
    """What a view shows in one row of numbers: of pictures the channels of one cell after the other, row by row."""
    return shown.reshape(len(shown), -1)


READY = {"channels-first": channels_first, "channels-last": as_shown, "flat": flat}
"""Functions for `observe` that go by a name."""


class Code(NamedTuple):
    """Code of the user's, and what an audit depends on of it."""

    function: Callable[..., Any]
    identity: Any


class Asking(NamedTuple):
    """How a network is asked.

    Attributes:
        view: Name of the world's view that it is shown; `full` unless given, or the first that shows where it stands.
        actions: Names of its actions in its own order.
        observe: From a batch of the view, a NumPy array `(query, ...)`, to what the network takes: an array, a tensor or a tuple
            of them; also `channels-first`, `channels-last` or `flat`.
        output: Which of several outputs holds the answer, counted from 0.
        recurrent: Whether it is called `(input, memory) -> (output, memory)`; None where nobody has said.
        initial: From a number of actors to the memory at the beginning of an episode.
        answers: `logits`, `actions` (numbers of actions) or `path` (a whole sequence of them, written at the start).
        call: Called as `call(module, *inputs)` in place of the module.
        deterministic: Whether it takes the action of the greatest logit.
        length: Most moves of a written path.
        reported: The return that its owner reports.
    """

    view: str | None = None
    actions: tuple[str, ...] | None = None
    observe: Code | None = None
    output: int | None = None
    recurrent: bool | None = None
    initial: Code | None = None
    answers: str = "logits"
    call: Code | None = None
    deterministic: bool = False
    length: int = LENGTH
    reported: ReportedReturn | None = None

    @property
    def identity(self) -> dict[str, Any]:
        """What an audit depends on, of all this: plain values by name; what was not said is left out."""
        plain = self._asdict()
        del plain["reported"]
        said = {name: value for name, value in plain.items() if value != Asking._field_defaults[name]}
        return {
            name: value.identity if isinstance(value, Code) else list(value) if isinstance(value, tuple) else value
            for name, value in said.items()
        }


def asking_of(
    given: Mapping[str, str], actions: Sequence[str] | None = None, options: Mapping[str, Any] | None = None
) -> Asking:
    """How a network is asked, from the options of a reference and arguments from Python, which come first.

    Args:
        given: Options of the reference, as text. Others than those in `ASKING` are the loader's own and are passed over.
        actions: Names of the actions, from Python.
        options: Arguments from Python by the same names, as text or as values: functions in place of their names.

    Returns:
        All of it.

    Raises:
        UsageError: A value that cannot be, options that contradict each other, or code that is not found.

    Example:
        >>> asking_of({"actions": "left/right/forward", "output": "0"}, None, {"recurrent": True}).identity
        {'actions': ['left', 'right', 'forward'], 'output': 0, 'recurrent': True}
    """
    said: dict[str, Any] = {name: given[name] for name in ASKING if name in given}
    said |= {name: value for name, value in (options or {}).items() if name in ASKING and value is not None}
    if actions is not None:
        said["actions"] = tuple(actions)
    found: dict[str, Any] = {}
    for name in ("view", "answers"):
        if name in said:
            found[name] = str(said[name])
    for name in ("recurrent", "deterministic"):
        if name in said:
            found[name] = yes_or_no(name, str(said[name]).lower())
    for name, least in (("output", None), ("length", 1)):
        if name in said:
            found[name] = _whole(name, said[name], least)
    for name in ("observe", "initial", "call"):
        if name in said:
            found[name] = code_of(name, said[name])
    if "actions" in said:
        found["actions"] = names_in(said["actions"]) if isinstance(said["actions"], str) else tuple(said["actions"])
    reported = (options or {}).get("reported")
    found["reported"] = reported or reported_return({name: str(said[name]) for name in REPORTED if name in said})
    asking = Asking(**found)
    _check(asking)
    return asking


def code_of(name: str, value: Any) -> Code:
    """A function that was named (`MODULE:FUNCTION`, or a name of `READY`) or handed over, with the hash of its file."""
    if name == "observe" and isinstance(value, str) and value in READY:
        return Code(READY[value], value)
    if isinstance(value, str):
        code = named_code(value, f"{name}={value}")
        function, identity = code.found, code.identity
    else:
        function, identity = (
            value,
            {"name": getattr(value, "__qualname__", type(value).__name__), "sha256": _hash(value)},
        )
    if not callable(function):
        ready = f", or one of {', '.join(READY)}" if name == "observe" else ""
        raise UsageError(f"{name}={value}: a {type(function).__name__}; expected a function{ready}")
    return Code(function, identity)


def _check(asking: Asking) -> None:
    if asking.answers not in ANSWERS:
        raise UsageError(f"answers={asking.answers}: expected {', '.join(ANSWERS[:-1])} or {ANSWERS[-1]}")
    if asking.actions is not None and len(set(asking.actions)) < len(asking.actions):
        raise UsageError(f"actions={'/'.join(asking.actions)}: expected each name once")
    if asking.initial is not None and asking.recurrent is not True:
        raise UsageError("initial= gives the memory of a recurrent network: write recurrent=true as well")
    if asking.answers == "path" and asking.recurrent:
        raise UsageError(
            "answers=path: a network that writes its moves at the start is asked once; leave out recurrent=true"
        )
    if asking.deterministic and asking.answers != "logits":
        raise UsageError(f"deterministic=true is for logits; leave it out with answers={asking.answers}")


def _whole(name: str, value: Any, least: int | None) -> int:
    try:
        found = int(str(value))
    except ValueError:
        found = None
    if found is None or (least is not None and found < least):
        raise UsageError(f"{name}={value}: expected a whole number{'' if least is None else f' from {least}'}")
    return found


def _hash(function: Any) -> str | None:
    try:
        return hashlib.sha256(inspect.getsource(inspect.getmodule(function) or function).encode()).hexdigest()
    except (OSError, TypeError):
        return None
