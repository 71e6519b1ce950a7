"""`torch:FILE,module=MODULE:CLASS[,...]`: the reference by which an agent in a file of PyTorch is named."""

import hashlib
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mesascope.adapters.asking.agent import AskedAgent
from mesascope.adapters.asking.memory import own_initial
from mesascope.adapters.asking.network import Network, explained
from mesascope.adapters.asking.options import ASKING, Code, asking_of, channels_first, code_of
from mesascope.adapters.references import parse_reference, yes_or_no
from mesascope.adapters.steps import Weights
from mesascope.adapters.torch_files.tensors import is_script, load_into, read_bytes, read_script, read_tensors
from mesascope.adapters.torch_functions import (
    Module,
    check_evaluating,
    import_torch,
    precision_of,
    running,
    weights_of,
)
from mesascope.adapters.torch_modules import torch_subject
from mesascope.core.errors import UsageError, said, unknown

OPTIONS = ("module", "key", "script", *ASKING)
"""`module` (the class, or a function that makes the module), `key` (where the state dict is in a file that holds more),
`script` (run TorchScript); and how it is asked.
"""
_MEMORIES = frozenset(
    (
        "h",
        "hc",
        "hx",
        "c",
        "hidden",
        "hidden_state",
        "memory",
        "mem",
        "state",
        "states",
        "carry",
        "rnn_state",
        "lstm_state",
    )
)
"""What parameters of a `forward` are called that take a memory."""


def load_reference(reference: str, actions: Sequence[str] | None = None, **options: Any) -> AskedAgent:
    """The agent that a reference names.

    Args:
        reference: `torch:FILE`, with options apart by commas.
        actions: Names of its actions in its order, in place of those in the reference.
        options: What else is said of it, by the same names, as text or as values: `module` a class, functions for `observe`,
            `call` and `initial`. They come before what the reference says.

    Returns:
        The agent.

    Raises:
        UsageError: An option that there is not, code that is not found, PyTorch is missing, or a program in the file that nobody
            has said to run.
        AgentFileError: The file is damaged, holds code, or does not hold the weights of the module.

    Example:
        >>> agent = load_reference("torch:net.pt,module=my_nets:Net,actions=up/down/left/right")  # doctest: +SKIP
    """
    path, given = parse_reference(reference, OPTIONS)
    other = next((name for name in options if name not in (*OPTIONS, "reported")), None)
    if other is not None:
        raise unknown("option of torch:", other, OPTIONS)
    said_of = {**given, **{name: value for name, value in options.items() if value is not None}}
    module, identity = _module(
        Path(path),
        said_of.get("module"),
        said_of.get("key"),
        yes_or_no("script", str(said_of.get("script", False)).lower()),
    )
    return AskedAgent(network_of(module, Path(path).name, identity), asking_of(given, actions, options))


def network_of(module: Module, name: str, identity: dict[str, Any]) -> Network:
    """A module of PyTorch, in evaluation mode and on the CPU, as a network.

    Args:
        module: The module.
        name: What it is called in messages.
        identity: What an audit of it depends on, beside its weights.

    Returns:
        The network.

    Raises:
        SubjectError: It is in training mode, or not on the CPU.
    """
    check_evaluating(module)
    torch, dtype, who = import_torch(), precision_of(module), f"{name} ({_kind(module)})"
    begin = own_initial(module)

    def call(weights: Weights | None, *inputs: Any) -> Any:
        with running(module, weights), explained(who, *inputs):
            return module(*inputs)

    def initial(weights: Weights | None, actors: int) -> Any:
        with running(module, weights), explained(f"{who}: its initial memory", actors):
            return begin(actors)

    def as_input(array: Any, like: Any = None) -> Any:
        # What nobody else may write to is copied, since a module may write to what it is given.
        own = isinstance(array, np.ndarray) and array.flags.writeable and array.flags.c_contiguous
        tensor = torch.from_numpy(array if own else np.array(array, order="C"))
        if like is not None:
            return tensor.to(like.dtype)
        return tensor.to(dtype or torch.float32) if tensor.is_floating_point() else tensor

    def within(weights: Weights | None, function: Callable[[], Any]) -> Any:
        with running(module, weights):
            return function()

    return Network(
        who,
        identity,
        weights_of(module),
        call,
        as_input,
        None if begin is None else initial,
        _looks_recurrent(module),
        channels_first if any("Conv" in _kind(part) for part in module.modules()) else None,
        lambda world, actions: torch_subject(module, actions=actions, world=world),
        module,
        within,
    )


def _module(path: Path, made_by: Any, key: str | None, script: bool) -> tuple[Module, dict[str, Any]]:
    """The module with its weights, and what an audit depends on of file and code."""
    content = read_bytes(path, "a file of PyTorch")
    identity: dict[str, Any] = {"torch": hashlib.sha256(content).hexdigest()}
    if is_script(content):
        if made_by is not None or key is not None:
            raise UsageError(f"{path}: holds TorchScript, which is a module already: leave out module= and key=")
        if not script:
            raise UsageError(
                f"{path}: holds TorchScript, a program that PyTorch runs when the agent is asked. If you trust the file write "
                "script=true; otherwise save the state dict of the module and name its class: module=MODULE:CLASS"
            )
        return read_script(path, content).eval(), identity
    if script:
        raise UsageError(f"{path}: holds no TorchScript: leave out script=true")
    tensors = read_tensors(path, content, key)
    if made_by is None:
        raise UsageError(
            f"{path}: holds weights, {', '.join(list(tensors)[:4])}, and not what is computed with them: name the class, "
            "module=MODULE:CLASS, or a function that makes the module"
        )
    module, code = _made(made_by)
    load_into(module, tensors, path)
    return module.eval(), {**identity, "module": code}


def _made(made_by: Any) -> tuple[Module, Any]:
    """The module that a class or a function gives, or a module itself, and what an audit depends on of its code."""
    kind = import_torch().nn.Module
    if isinstance(made_by, kind):
        return made_by, code_of("module", type(made_by)).identity
    code: Code = code_of("module", made_by)
    try:
        module = code.function()
    except Exception as error:
        raise UsageError(
            f"module={code.identity['name']}: calling it without arguments failed: {said(error)}. Name a function that makes "
            "the module with the arguments that it was trained with"
        ) from error
    if not isinstance(module, kind):
        raise UsageError(f"module={code.identity['name']}: gave a {type(module).__name__}; expected a torch.nn.Module")
    return module, code.identity


def _kind(part: Module) -> str:
    """Name of a module's class, also of one in TorchScript."""
    return str(getattr(part, "original_name", type(part).__name__))


def _looks_recurrent(module: Module) -> str:
    """Why a module seems to have a memory that lasts from step to step, as a clause."""
    taken = [name for name in _parameters(module) if name.lower() in _MEMORIES]
    if taken:
        return f"its forward takes '{taken[0]}'"
    if own_initial(module) is not None:
        return "it has a method that gives an initial memory"
    kinds = ("LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell")
    parts = [(name, _kind(part)) for name, part in module.named_modules() if _kind(part) in kinds]
    return f"its part '{parts[0][0]}' is a {parts[0][1]}" if parts else ""


def _parameters(module: Module) -> list[str]:
    schema = getattr(module.forward, "schema", None)
    if schema is not None:  # of TorchScript
        return [argument.name for argument in schema.arguments]
    try:
        return list(inspect.signature(module.forward).parameters)
    except (TypeError, ValueError):
        return []
