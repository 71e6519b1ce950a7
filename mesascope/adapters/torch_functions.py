"""PyTorch functions that compute in ticks, as a subject with sites. PyTorch itself is imported when something is adapted."""

import contextlib
import importlib
import math
import threading
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Array, Float, UInt32

from mesascope.adapters.checks import digest
from mesascope.adapters.steps import HostSteps, NumpyState, Steps, Weights, numpy_steps
from mesascope.core.errors import SubjectError, UsageError
from mesascope.core.subject import Site

Tensor = Any
Module = Any
"""PyTorch's own, which is not there when this is imported."""

TorchState = Mapping[str, Tensor]


def import_torch() -> ModuleType:
    """PyTorch; `UsageError` with the command that installs it where it is missing."""
    try:
        return importlib.import_module("torch")
    except ImportError as error:
        raise UsageError(
            "PyTorch is needed to adapt its modules and is not installed: pip install 'mesascope[torch]'"
        ) from error


def to_tensor(array: np.ndarray) -> Tensor:
    """A map of NumPy, channels last, as a tensor of its own, channels first."""
    return import_torch().from_numpy(np.array(array.transpose(0, 3, 1, 2), np.float32, order="C"))


def to_array(tensor: object, what: str) -> Float[np.ndarray, "level height width channel"]:
    """A tensor, channels first, as a map of NumPy, channels last; `SubjectError` where it is no map over cells."""
    torch = import_torch()
    if not isinstance(tensor, torch.Tensor):
        raise SubjectError(f"{what} is a {type(tensor).__name__}; expected a tensor (level, channel, height, width)")
    if tensor.ndim != 4:
        raise SubjectError(
            f"{what} has shape {tuple(tensor.shape)}; expected a map over cells (level, channel, height, width)"
        )
    return tensor.detach().to("cpu", torch.float32).numpy().transpose(0, 2, 3, 1)


def torch_steps(
    *,
    start: Callable[[int, int, int], TorchState],
    think: Callable[[TorchState, Tensor, int], TorchState],
    act: Callable[[TorchState], Tensor],
    sites: tuple[Site, ...],
    ticks: int,
    reads_until: int,
    module: Module,
    hidden_bits: float = math.inf,
) -> HostSteps:
    """A subject with sites from PyTorch functions, for agents of which one tick can be called: each call of `think` is a tick.

    `start(levels, height, width)` gives the state before the first tick, `think(state, observation, tick)` the next,
    `act(state)` the answer; all maps are tensors (level, channel, height, width), the answer has four channels (up,
    down, left, right). The state holds everything that goes from tick to tick, in the order of nothing but `sites`.
    `module` holds the weights that the functions use and must be in evaluation mode; `hidden_bits` as in `numpy_steps`. They
    run on CPU, without gradients, from threads that are not the main one.
    """
    check_evaluating(module)

    def tensors(state: NumpyState) -> dict[str, Tensor]:
        return {name: to_tensor(value) for name, value in state.items()}

    def arrays(state: object, when: str) -> NumpyState:
        if not isinstance(state, Mapping):
            raise SubjectError(f"{when} gives a {type(state).__name__}; expected a dict of tensors, one for each site")
        return {name: to_array(value, f"site '{name}' of {when}") for name, value in state.items()}

    def first(weights: Weights, levels: int, height: int, width: int) -> NumpyState:
        with running(module, weights):
            return arrays(start(levels, height, width), "start")

    def after(weights: Weights, state: NumpyState, observation: np.ndarray, tick: int) -> NumpyState:
        with running(module, weights):
            return arrays(think(tensors(state), to_tensor(observation), tick), f"tick {tick}")

    def answer(weights: Weights, state: NumpyState) -> np.ndarray:
        with running(module, weights):
            return to_array(act(tensors(state)), "the answer of `act`")

    return numpy_steps(
        Steps(first, after, answer),
        sites=sites,
        ticks=ticks,
        reads_until=reads_until,
        weights=weights_of(module),
        hidden_bits=hidden_bits,
    )


_ONE_AT_A_TIME = threading.RLock()


@contextlib.contextmanager
def running(module: Module, weights: Weights | None = None) -> Iterator[None]:
    """Run a module without gradients, one at a time, and with these weights where they are not its own."""
    torch = import_torch()
    with _ONE_AT_A_TIME, torch.inference_mode():
        swapped = []
        try:
            for name, own in module.state_dict().items():
                given = None if weights is None else weights[name]
                if given is not None and not np.array_equal(given, own.detach().numpy()):
                    swapped.append((own, own.detach().clone()))
                    own.copy_(torch.from_numpy(np.array(given)))
            yield
        finally:
            for own, before in swapped:
                own.copy_(before)


def weights_of(module: Module) -> dict[str, np.ndarray]:
    """Parameters and buffers of a module by name."""
    return {name: value.detach().cpu().numpy() for name, value in module.state_dict().items()}


def digest_of(module: Module) -> UInt32[Array, "8"]:
    """What tells one module's weights from another's."""
    return digest(weights_of(module).items())


def check_evaluating(module: Module) -> None:
    """`SubjectError` for a module in training mode, or with weights that are not on the CPU."""
    training = [name or type(module).__name__ for name, part in module.named_modules() if part.training]
    if training:
        raise SubjectError(
            f"the module is in training mode ({training[0]}): its answers may be random or depend on the batch; "
            "call module.eval() first"
        )
    elsewhere = sorted({str(p.device) for p in module.parameters() if p.device.type != "cpu"})
    if elsewhere:
        raise SubjectError(f"the module has weights on {', '.join(elsewhere)}; expected the CPU: call module.cpu()")
