"""Files of tensors by name, read without unpickling anything, and put into a module."""

import io
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mesascope.adapters.torch_functions import Module, Tensor, import_torch
from mesascope.core.errors import AgentFileError, DivergedError, said

SAFETENSORS = ".safetensors"
_PREFIXES = ("module.", "_orig_mod.")
"""What PyTorch's wrappers put before every name: `DataParallel`, and `torch.compile`."""
_NAMED = 4
"""Names of weights in a message, at most."""


def read_bytes(path: Path, what: str) -> bytes:
    """The content of a file; `AgentFileError` where there is none to read."""
    try:
        return path.read_bytes()
    except OSError as error:
        why = "a folder" if path.is_dir() else "a file that cannot be read" if path.exists() else "nothing there"
        raise AgentFileError(f"{path}: expected {what}, found {why}") from error


def is_script(content: bytes) -> bool:
    """Whether a file holds TorchScript: a zip file with code in it."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            return any("/code/" in name for name in parts.namelist())
    except zipfile.BadZipFile:
        return False


def read_tensors(path: Path, content: bytes, key: str | None = None) -> dict[str, Tensor]:
    """The tensors in a file by name. Nothing in it is executed.

    Args:
        path: The file; the ending `.safetensors` says that it is one.
        content: Its bytes.
        key: Under which name the tensors are, in a file that holds several things.

    Returns:
        Tensors on the CPU by name.

    Raises:
        AgentFileError: It holds a pickled module or other code, is damaged, or holds something else.
    """
    found = _safe(path, content) if path.suffix == SAFETENSORS else _pickled(path, content)
    if key is not None:
        if not isinstance(found, Mapping) or key not in found:
            raise AgentFileError(f"{path}: holds nothing under '{key}'; found {_listed(found)}")
        found = found[key]
    tensor = import_torch().Tensor
    if not isinstance(found, Mapping) or not found or not all(isinstance(value, tensor) for value in found.values()):
        nested = [name for name, value in found.items() if _are_tensors(value)] if isinstance(found, Mapping) else []
        hint = f": write key={nested[0]}" if nested else ""
        raise AgentFileError(f"{path}: expected tensors by name (a state dict), found {_listed(found)}{hint}")
    return {str(name): value for name, value in found.items()}


def load_into(module: Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Put tensors into a module, all of them and no others.

    The module takes on the floating-point type of the tensors where they have one.

    Args:
        module: The module, which is changed.
        tensors: Its parameters and buffers by name.
        path: The file that they are from, for messages.

    Raises:
        AgentFileError: Tensors are missing, extra or of another shape.
        DivergedError: A parameter is not finite.
    """
    own = module.state_dict()
    for prefix in _PREFIXES:
        if all(name.startswith(prefix) for name in tensors) and not any(name.startswith(prefix) for name in own):
            tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    shapes = [
        f"{name} {tuple(value.shape)} in place of {tuple(own[name].shape)}"
        for name, value in tensors.items()
        if name in own and value.shape != own[name].shape
    ]
    troubles = {
        "missing": [name for name in own if name not in tensors],
        "not in the module": [name for name in tensors if name not in own],
        "of another shape": shapes,
    }
    wrong = [f"{trouble}: {_few(names)}" for trouble, names in troubles.items() if names]
    if wrong:
        raise AgentFileError(
            f"{path}: expected the weights of {type(module).__name__}, as module= gives it without arguments; "
            f"{'; '.join(wrong)}. Name the class that was saved, or a function that makes it of the same size"
        )
    parameters = dict(module.named_parameters(remove_duplicate=False))
    for name, value in tensors.items():
        if name in parameters and not bool(value.float().isfinite().all()):
            raise DivergedError(f"{path}: the weights '{name}' are not finite: the training diverged")
    types = {value.dtype for name, value in tensors.items() if name in parameters and value.is_floating_point()}
    if len(types) == 1:
        module.to(types.pop())
    module.load_state_dict(dict(tensors))


def read_script(path: Path, content: bytes) -> Module:
    """The module in a file of TorchScript. Its program is run when it is asked.

    Raises:
        AgentFileError: PyTorch cannot read it.
    """
    torch = import_torch()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # newer PyTorch says that there are newer formats
            return torch.jit.load(io.BytesIO(content), map_location="cpu")
    except Exception as error:  # what PyTorch raises for a damaged file is of many types
        raise AgentFileError(f"{path}: PyTorch cannot read it as TorchScript: {said(error)}") from error


def _pickled(path: Path, content: bytes) -> Any:
    torch = import_torch()
    try:
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # what PyTorch raises for a damaged file is of many types
        code = re.search(r"GLOBAL ([\w.]+)", str(error))
        if code is None:
            raise AgentFileError(
                f"{path}: expected a file that torch.save wrote of a state dict, or {SAFETENSORS}; found one that PyTorch cannot "
                "read, damaged or of another kind"
            ) from error
        raise AgentFileError(
            f"{path}: holds pickled objects with code ({code[1]}), which is not executed; expected tensors alone. Save them "
            "with torch.save(module.state_dict(), FILE), and name the class: module=MODULE:CLASS"
        ) from error


def _safe(path: Path, content: bytes) -> Any:
    from safetensors.torch import load  # needs PyTorch

    try:
        return load(content)
    except Exception as error:  # what the library raises for a damaged file is of many types
        raise AgentFileError(f"{path}: expected a {SAFETENSORS} file, found a damaged one: {said(error)}") from error


def _are_tensors(value: Any) -> bool:
    tensor = import_torch().Tensor
    return isinstance(value, Mapping) and bool(value) and all(isinstance(each, tensor) for each in value.values())


def _few(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def _listed(found: Any) -> str:
    if isinstance(found, Mapping):
        return _few([str(name) for name in found]) or "nothing"
    return f"a {type(found).__name__}"
