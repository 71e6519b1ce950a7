"""PyTorch functions that compute in ticks, as a subject with sites. PyTorch itself is imported when something is adapted."""

import contextlib
import importlib
import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, SupportsIndex

import jax
import numpy as np
from jaxtyping import Array, Float, UInt32

from mesascope.adapters.checks import digest
from mesascope.adapters.steps import HostSteps, NumpyState, Steps, Weights, numpy_steps
from mesascope.core.errors import MesascopeError, SubjectError, UsageError, said
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


def to_tensor(array: np.ndarray, dtype: Any = None) -> Tensor:
    """A map of NumPy, channels last, as a tensor of its own, channels first; float32 unless another type is given."""
    tensor = import_torch().from_numpy(np.array(array.transpose(0, 3, 1, 2), np.float32, order="C"))
    return tensor if dtype is None else tensor.to(dtype)


def precision_of(module: Module) -> Any:
    """The floating-point type of a module's parameters, in which it is given its inputs; None where it has none."""
    return next((p.dtype for p in module.parameters() if p.is_floating_point()), None)


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
    actions: Sequence[str] | SupportsIndex | None = None,
) -> HostSteps:
    """A subject with sites from PyTorch functions, for agents of which one tick can be called: each call of `think` is a tick.

    `start(levels, height, width)` gives the state before the first tick, `think(state, observation, tick)` the next,
    `act(state)` the answer; all maps are tensors (level, channel, height, width) of the module's floating-point type, the
    answer has a channel for each of `actions` (`numpy_steps`). The state holds everything that goes from tick to tick, in
    the order of nothing but `sites`.
    `module` holds the weights that the functions use and must be in evaluation mode; `hidden_bits` as in `numpy_steps`. They
    run on CPU, without gradients, from threads that are not the main one.
    """
    check_evaluating(module)
    dtype = precision_of(module)

    def tensors(state: NumpyState) -> dict[str, Tensor]:
        return {name: to_tensor(value, dtype) for name, value in state.items()}

    def arrays(state: object, when: str) -> NumpyState:
        if not isinstance(state, Mapping):
            raise SubjectError(f"{when} gives a {type(state).__name__}; expected a dict of tensors, one for each site")
        return {name: to_array(value, f"site '{name}' of {when}") for name, value in state.items()}

    def first(weights: Weights, levels: int, height: int, width: int) -> NumpyState:
        with running(module, weights):
            return arrays(start(levels, height, width), "start")

    def after(weights: Weights, state: NumpyState, observation: np.ndarray, tick: int) -> NumpyState:
        with running(module, weights):
            return arrays(think(tensors(state), to_tensor(observation, dtype), tick), f"tick {tick}")

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
        actions=actions,
    )


_ONE_AT_A_TIME = threading.RLock()


@contextlib.contextmanager
def running(module: Module, weights: Weights | None = None) -> Iterator[None]:
    """Run a module without gradients, one at a time, and with these weights where they are not its own.

    Other weights are written into the module's own tensors, which everything that computes with them shares, and its own are back
    when this ends, however it ends. What the module's code raises becomes a `SubjectError` that names the module.
    """
    torch = import_torch()
    with _ONE_AT_A_TIME, torch.inference_mode():
        swapped = []
        try:
            for name, own in _tensors(module).items():
                given = None if weights is None else weights[name]
                if given is not None and not np.array_equal(given, _as_held(own)):
                    swapped.append((own, own.detach().clone()))
                    own.copy_(torch.from_numpy(np.array(given)))
            yield
        except (MesascopeError, PassEnded):
            raise
        except Exception as error:
            raise SubjectError(_failed(module, error)) from error
        finally:
            for own, before in reversed(swapped):
                own.copy_(before)


class PassEnded(Exception):
    """All that was wanted has been computed: the rest of the forward pass is left out."""


def _failed(module: Module, error: Exception) -> str:
    kind = str(precision_of(module) or "no particular type").removeprefix("torch.")
    return (
        f"the {type(module).__name__} failed: {said(error)}. It was given levels (level, channel, height, width) of its own "
        f"type, {kind}; where it takes other inputs say how with observe=, and choose levels of the size that it is made for"
    )


def _tensors(module: Module) -> dict[str, Tensor]:
    """Parameters and buffers by name, each once: of weights that are shared under several names, the first."""
    found: dict[tuple, tuple[str, Tensor]] = {}
    for name, own in (*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False)):
        place = own.data_ptr() or name  # nothing has no place
        found.setdefault((place, own.dtype, tuple(own.shape), own.stride()), (name, own))
    return dict(found.values())


def _as_held(tensor: Tensor) -> np.ndarray:
    """A tensor as a subject holds it: bfloat16 is no type of NumPy, and JAX's numbers have 32 bits."""
    value = _to_numpy(tensor)
    return value.astype(jax.dtypes.canonicalize_dtype(value.dtype), copy=False)


def _to_numpy(tensor: Tensor) -> np.ndarray:
    own = tensor.detach().cpu()
    narrow = own.is_floating_point() and own.element_size() < 4
    return (own.float() if narrow else own).numpy()


def weights_of(module: Module) -> dict[str, np.ndarray]:
    """Parameters and buffers of a module by name; those that are shared under several names stand there once."""
    return {name: _to_numpy(own) for name, own in _tensors(module).items()}


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
    placed = {str(own.device) for own in (*module.parameters(), *module.buffers()) if own.device.type != "cpu"}
    if placed:
        raise SubjectError(
            f"the module has weights on {', '.join(sorted(placed))}; expected the CPU: call module.cpu()"
        )
