"""Arrays, spaces and options of a policy, from what their pickles say. Values are made here; nothing in the file is called."""

import importlib
import math
import re
from typing import Any

import numpy as np

from mesascope.adapters.sb3.pickled import Call, Name
from mesascope.core.errors import AgentFileError

Space = Any
"""A space of Gymnasium, which is not there when this is imported."""

_EXTRACTORS = ("FlattenExtractor", "NatureCNN", "CombinedExtractor")
_LAYERS, _ACTIVATIONS = "stable_baselines3.common.torch_layers", "torch.nn.modules.activation"
_DEEPEST, _MOST = 8, 10_000
"""Depth and number of values of the options of a policy, at most."""


class Unreadable(AgentFileError):
    """A description that cannot be read as data; whoever asked says what to give in its place."""


def array_of(value: object) -> np.ndarray:
    """An array that a pickle would make, from its bytes.

    Args:
        value: A number, or a `Call` of one of the functions by which NumPy pickles arrays and scalars.

    Returns:
        The array.

    Raises:
        Unreadable: It is none, or of objects, or its bytes do not fill its shape.
    """
    if isinstance(value, bool | int | float):
        return np.asarray(value)
    name = _called(value)
    if isinstance(value, Call) and name.endswith("._frombuffer"):
        data, dtype, shape, order = _parts(value.arguments, 4)
        return _filled(data, dtype_of(dtype), shape, order == "F")
    if isinstance(value, Call) and name.endswith("._reconstruct"):
        _, shape, dtype, fortran, data = _parts(value.state, 5)
        return _filled(data, dtype_of(dtype), shape, bool(fortran))
    if isinstance(value, Call) and name.endswith(".scalar"):
        dtype, data = _parts(value.arguments, 2)
        return _filled(data, dtype_of(dtype), (), False)
    raise Unreadable(f"expected an array, found {_said(value)}")


def dtype_of(value: object) -> np.dtype[Any]:
    """A type of numbers that a pickle would make; `Unreadable` for any other type."""
    code = str(value.name) if isinstance(value, Name) and value.module == "numpy" else None
    if isinstance(value, Call) and _called(value) == "numpy.dtype" and isinstance(value.arguments, tuple):
        order = value.state[1] if isinstance(value.state, tuple) and len(value.state) > 1 else "="
        code = f"{order if order in ('<', '>') else '='}{value.arguments[0]}"
    if code is None or not re.fullmatch(r"[<>=]?[biuf]\d|bool_?|u?int\d+|float\d+", code):
        raise Unreadable(f"expected a type of numbers, found {_said(value)}")
    return np.dtype(code)


def space_of(value: object) -> Space:
    """A space of Gymnasium that a pickle describes.

    Args:
        value: What the pickle of a `Box`, `Discrete`, `MultiDiscrete`, `MultiBinary` or `Dict` says, of Gymnasium or of Gym.

    Returns:
        The same space, made anew.

    Raises:
        Unreadable: It is of another kind.
    """
    from gymnasium import spaces

    kind = re.fullmatch(r"gym(?:nasium)?\.spaces\.\w+\.(\w+)", _called(value))
    if not isinstance(value, Call) or kind is None or not isinstance(value.state, dict):
        raise Unreadable(f"expected a space of Gymnasium, found {_said(value)}")
    state = value.state
    try:
        if kind[1] == "Box":
            low, high = array_of(state["low"]), array_of(state["high"])
            return spaces.Box(low, high, dtype=dtype_of(state["dtype"]).type)
        if kind[1] == "Discrete":
            return spaces.Discrete(int(array_of(state["n"])), start=int(array_of(state.get("start", 0))))
        if kind[1] == "MultiDiscrete":
            return spaces.MultiDiscrete(array_of(state["nvec"]))
        if kind[1] == "MultiBinary":
            n = state["n"]
            return spaces.MultiBinary([int(i) for i in n] if isinstance(n, tuple) else int(array_of(n)))
        if kind[1] == "Dict":
            parts = state["spaces"]
            pairs = parts.items if isinstance(parts, Call) else list(parts.items())
            if any(_called(part).endswith(".Dict") for _, part in pairs):
                raise Unreadable("a Dict space within a Dict space")
            # Pairs keep the order of the file, in which the library joins the features of the parts; a dict would be sorted.
            return spaces.Dict([(str(name), space_of(part)) for name, part in pairs])
    except (KeyError, ValueError, AssertionError, AttributeError) as error:
        raise Unreadable(f"the description of a {kind[1]} space does not hold together") from error
    raise Unreadable(f"a space of the kind {kind[1]}; Box, Discrete, MultiDiscrete, MultiBinary and Dict are read")


def options_of(value: object) -> dict[str, Any]:
    """Keyword arguments of a policy that a pickle describes: plain values, activations of PyTorch, extractors of the library.

    Args:
        value: What the pickle says. The options of the optimizer are left out: nothing is trained here.

    Returns:
        The arguments.

    Raises:
        Unreadable: One of them is code of its owner.
    """
    if not isinstance(value, dict):
        raise Unreadable(f"expected a dict of options, found {_said(value)}")
    left = [_MOST]
    return {
        str(name): _plain(option, str(name), left)
        for name, option in value.items()
        if name not in ("optimizer_class", "optimizer_kwargs")
    }


def _plain(value: object, where: str, left: list[int], depth: int = 0) -> Any:
    left[0] -= 1
    if depth > _DEEPEST or left[0] < 0:
        raise Unreadable(f"'{where}' holds more than options do")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return type(value)(_plain(each, where, left, depth + 1) for each in value)
    if isinstance(value, dict):
        return {str(key): _plain(each, where, left, depth + 1) for key, each in value.items()}
    if isinstance(value, Name) and value.module == _LAYERS and value.name in _EXTRACTORS:
        return getattr(importlib.import_module(_LAYERS), value.name)
    if isinstance(value, Name) and value.module == _ACTIVATIONS:
        activations = importlib.import_module(_ACTIVATIONS)
        if value.name in activations.__all__:
            return getattr(activations, value.name)
    raise Unreadable(f"'{where}' is code of its owner ({_said(value)})")


def _filled(data: object, dtype: np.dtype[Any], shape: object, fortran: bool) -> np.ndarray:
    whole = isinstance(shape, tuple) and all(isinstance(n, int) and n >= 0 for n in shape)
    if not whole or not isinstance(data, bytes | bytearray):
        raise Unreadable("expected an array as bytes with a shape")
    assert isinstance(shape, tuple)
    if len(data) != math.prod(shape) * dtype.itemsize:
        raise Unreadable(f"{len(data)} bytes for an array of shape {shape} and type {dtype}")
    return np.frombuffer(bytes(data), dtype).reshape(shape, order="F" if fortran else "C")


def _parts(value: object, count: int) -> tuple[Any, ...]:
    if not isinstance(value, tuple) or len(value) != count:
        raise Unreadable(f"expected {count} parts of an array, found {_said(value)}")
    return value


def _called(value: object) -> str:
    return str(value.function) if isinstance(value, Call) and isinstance(value.function, Name) else ""


def _said(value: object) -> str:
    """What a value is, in a few words; of a class that was pickled with its code, its name."""
    if isinstance(value, Call) and _called(value).startswith("cloudpickle."):
        names = (
            [part for part in value.arguments if isinstance(part, str)] if isinstance(value.arguments, tuple) else []
        )
        return f"the class {names[0]}, pickled with its code" if names else "code"
    return str(value) if isinstance(value, Name | Call) else type(value).__name__
