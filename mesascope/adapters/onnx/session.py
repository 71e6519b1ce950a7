"""An ONNX file as a function of NumPy arrays, of the types and shapes that it declares, in batches of the size that it takes."""

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mesascope.adapters.libraries import import_extra
from mesascope.core.errors import AgentFileError, SubjectError, said

TYPES: dict[str, type] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(int8)": np.int8,
    "tensor(uint8)": np.uint8,
    "tensor(bool)": np.bool_,
}
"""Types of inputs, as onnxruntime calls them."""
STANDARD = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")
"""Domains of operators that onnxruntime brings."""


class Port(NamedTuple):
    """An input or an output.

    Attributes:
        name: Its name.
        shape: Numbers, or the name of a dimension that may have any size.
        dtype: Its NumPy type.
    """

    name: str
    shape: tuple[int | str, ...]
    dtype: np.dtype

    @property
    def text(self) -> str:
        """Name, type and shape, for messages."""
        return f"'{self.name}' {self.dtype} ({', '.join(map(str, self.shape))})"

    def takes(self, shape: Sequence[int]) -> bool:
        """Whether an array of this shape fits, whatever its number of rows."""
        own = self.shape[1:]
        return len(shape) == len(self.shape) and all(
            isinstance(a, str) or a == b for a, b in zip(own, shape[1:], strict=True)
        )


class Model(NamedTuple):
    """An ONNX file that was loaded.

    Attributes:
        path: The file.
        sha256: Of the file and of the files of weights that it names.
        session: What runs it.
        inputs: In their order.
        outputs: In their order.
    """

    path: Path
    sha256: str
    session: Any
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]

    @property
    def rows(self) -> int | None:
        """Rows of a batch that the file takes; None for any number."""
        first = self.inputs[0].shape[:1]
        return first[0] if first and isinstance(first[0], int) else None

    def run(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        """All outputs.

        A batch of another size than a file of fixed size takes is cut into pieces of that size, the last one filled up.

        Args:
            inputs: One array for each input, a row for each query.

        Returns:
            One array for each output.

        Raises:
            SubjectError: Another number of inputs, another shape, numbers that the type of an input does not hold, or
                outputs that do not have a row for each query.
        """
        if len(inputs) != len(self.inputs):
            raise SubjectError(
                f"{self.path} takes {len(self.inputs)} inputs, {', '.join(port.text for port in self.inputs)}; it was given "
                f"{len(inputs)}: observe= gives a tuple of them in this order"
            )
        given = [self._checked(port, array) for port, array in zip(self.inputs, inputs, strict=True)]
        if self.rows is None or len(given[0]) == self.rows:
            return self._run(given)
        queries, parts = len(given[0]), []
        for first in range(0, queries, self.rows):
            at = np.minimum(np.arange(first, first + self.rows), queries - 1)
            parts.append(self._run([array[at] for array in given]))
        for port, array in zip(self.outputs, parts[0], strict=True):
            if array.shape[:1] != (self.rows,):
                raise SubjectError(
                    f"{self.path} takes batches of {self.rows} and puts out {port.name} of shape {array.shape}, without a row "
                    "for each: export it with a batch axis of any size"
                )
        return tuple(np.concatenate(arrays)[:queries] for arrays in zip(*parts, strict=True))

    def _run(self, given: list[np.ndarray]) -> tuple[np.ndarray, ...]:
        feed = {port.name: array for port, array in zip(self.inputs, given, strict=True)}
        try:
            return tuple(self.session.run(None, feed))
        except Exception as error:
            shapes = ", ".join(f"{name} {array.dtype} {array.shape}" for name, array in feed.items())
            raise SubjectError(f"{self.path} failed when it was given {shapes}: {said(error)}") from error

    def _checked(self, port: Port, array: np.ndarray) -> np.ndarray:
        if not port.takes(array.shape):
            hint = ""
            if sorted(array.shape[1:]) == sorted(n for n in port.shape[1:] if isinstance(n, int)):
                hint = (
                    ": the same numbers in another order, as observe=channels-first or observe=channels-last put them"
                )
            elif len(port.shape) == 2 and math.prod(array.shape[1:]) == port.shape[1]:
                hint = ": as many numbers in one row, as observe=flat puts them"
            raise SubjectError(
                f"{self.path}: input {port.text} was given shape {tuple(array.shape)}"
                f"{hint or '; choose view=, observe= or the size of the levels so that they agree'}"
            )
        typed = array.astype(port.dtype)
        if not np.issubdtype(port.dtype, np.floating) and not np.array_equal(typed, array):
            raise SubjectError(
                f"{self.path}: input {port.text} does not hold what it was given, numbers from {array.min():g} to "
                f"{array.max():g}: write observe=MODULE:FUNCTION that gives what it was trained on"
            )
        return typed


def open_model(path: str | Path) -> Model:
    """Load an ONNX file, to be run on one thread of the CPU.

    Args:
        path: The file; weights that it keeps in other files are read beside it.

    Returns:
        The model.

    Raises:
        AgentFileError: It is damaged, of a version that onnxruntime does not read, needs operators of somebody's own, or is not
            there.
        UsageError: onnx or onnxruntime is not installed.

    Example:
        >>> open_model("agent.onnx").inputs[0].text  # doctest: +SKIP
        "'x' float32 (n, 25)"
    """
    onnx, runtime = import_extra("onnx", "onnx"), import_extra("onnxruntime", "onnx")
    place = Path(path)
    if not place.is_file():
        raise AgentFileError(
            f"{path}: expected an ONNX file, found {'a folder' if place.is_dir() else 'nothing there'}"
        )
    try:
        graph = onnx.load(str(place), load_external_data=False)
    except Exception as error:
        raise AgentFileError(f"{path}: expected an ONNX file; reading it failed: {said(error)}") from error
    own = {f"{node.domain}:{node.op_type}" for node in graph.graph.node if node.domain not in STANDARD}
    own -= {f"{function.domain}:{function.name}" for function in graph.functions}
    if own:
        raise AgentFileError(
            f"{path} needs operators of its owner's, {', '.join(sorted(own))}, which are code outside of the file and are not "
            "loaded: export it with standard operators"
        )
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors; warnings speak of shapes that were declared too narrowly
    try:
        session = runtime.InferenceSession(str(place), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise AgentFileError(f"{path}: onnxruntime does not load this file: {said(error)}") from error
    inputs, outputs = (tuple(map(_port, ports)) for ports in (session.get_inputs(), session.get_outputs()))
    strange = [port.name for port in (*inputs, *outputs) if port.dtype == np.dtype(object)]
    if strange or not inputs:
        raise AgentFileError(
            f"{path}: expected inputs and outputs that are arrays of numbers; found {strange or 'no input'}"
        )
    return Model(place, _hash_of(place, graph), session, inputs, outputs)


def _port(port: Any) -> Port:
    shape = tuple(n if isinstance(n, int) else n or f"any{i}" for i, n in enumerate(port.shape))
    return Port(port.name, shape, np.dtype(TYPES.get(port.type, object)))


def _hash_of(path: Path, graph: Any) -> str:
    files = {entry.value for x in graph.graph.initializer for entry in x.external_data if entry.key == "location"}
    digest = hashlib.sha256(path.read_bytes())
    for name in sorted(files):
        digest.update((path.parent / name).read_bytes())
    return digest.hexdigest()
