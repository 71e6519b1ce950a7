"""Inputs and outputs of an ONNX file that are one memory: what is put out at one step goes in at the next."""

from typing import Any, NamedTuple

import numpy as np

from mesascope.adapters.onnx.session import Model, Port
from mesascope.core.errors import UsageError, unknown


class States(NamedTuple):
    """The memory of a model.

    Attributes:
        before: Names of the inputs that take it; empty for a model without memory.
        after: Names of the outputs that hold it, in the same order.
        ports: The inputs.
        axes: Which axis of each counts the actors.
        suspected: Why the model looks recurrent, as a clause, where nobody has said that it is.
    """

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    ports: tuple[Port, ...] = ()
    axes: tuple[int, ...] = ()
    suspected: str = ""

    def blank(self, actors: int) -> tuple[np.ndarray, ...]:
        """The memory at the beginning of an episode: zeros."""
        return tuple(
            np.zeros([actors if i == axis else int(n) for i, n in enumerate(port.shape)], port.dtype)
            for port, axis in zip(self.ports, self.axes, strict=True)
        )


def read_states(model: Model, said: Any, recurrent: bool) -> States:
    """The memory of a model: as it was named, or the inputs after the first one that have outputs of their shape.

    Args:
        model: The model.
        said: `INPUT:OUTPUT` for each part of the memory, apart by slashes; None where nobody has said.
        recurrent: Whether it was said that the model is recurrent.

    Returns:
        The memory; empty where the model is not said to be recurrent.

    Raises:
        UsageError: A name that the model does not have, or a memory that cannot be told.
    """
    inputs = {port.name: port for port in model.inputs}
    outputs = {port.name: port for port in model.outputs}
    if said is not None and not recurrent:
        raise UsageError("states= names the memory of a recurrent network: write recurrent=true as well")
    if said is None:
        pairs = _pairs(model)
        if not recurrent:
            names = ", ".join(f"{before} and {after}" for before, after in pairs)
            return States(suspected=f"inputs and outputs of one shape, {names}, may be a memory" if pairs else "")
        if not pairs:
            found = "; ".join(port.text for port in (*model.inputs, *model.outputs))
            raise UsageError(
                f"{model.path}: which inputs and outputs are the memory? Write states=INPUT:OUTPUT, several apart by slashes, "
                f"of {found}"
            )
    else:
        pairs = [(before, after) for before, _, after in (pair.partition(":") for pair in str(said).split("/"))]
        for before, after in pairs:
            if before not in inputs:
                raise unknown("input", before, inputs)
            if after not in outputs:
                raise unknown("output", after, outputs)
    ports = tuple(inputs[before] for before, _ in pairs)
    axes = tuple(_axis(model, port) for port in ports)
    return States(tuple(before for before, _ in pairs), tuple(after for _, after in pairs), ports, axes)


def _pairs(model: Model) -> list[tuple[str, str]]:
    """Inputs after the first, each with an output of its rank and fixed sizes, from the last output on."""
    free, found = list(model.outputs), []
    for port in reversed(model.inputs[1:]):
        match = next((out for out in reversed(free) if _alike(port, out)), None)
        if match is None:
            return []
        free.remove(match)
        found.append((port.name, match.name))
    return found[::-1] if free else []


def _alike(a: Port, b: Port) -> bool:
    fixed = [(x, y) for x, y in zip(a.shape, b.shape, strict=False) if isinstance(x, int) and isinstance(y, int)]
    return len(a.shape) == len(b.shape) and a.dtype == b.dtype and all(x == y for x, y in fixed)


def _axis(model: Model, port: Port) -> int:
    """The axis of a state that counts the actors: the only one that may have any size."""
    free = [i for i, n in enumerate(port.shape) if isinstance(n, str)]
    if len(free) != 1 or model.rows is not None:
        raise UsageError(
            f"{model.path}: state {port.text} and input {model.inputs[0].text}: expected one axis of any size in each, that of "
            "the batch, so that several actors can be asked; export it so (dynamic axes)"
        )
    return free[0]
