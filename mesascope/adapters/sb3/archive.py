"""The zip file of a Stable-Baselines3 agent: its JSON part and its weights, without unpickling anything."""

import base64
import binascii
import hashlib
import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any, NamedTuple

from mesascope.adapters.sb3.pickled import Name, read_pickle
from mesascope.adapters.torch_functions import import_torch
from mesascope.core.errors import AgentFileError, DivergedError, said

DATA, WEIGHTS, VERSION = "data", "policy.pth", "_stable_baselines3_version"
LARGEST = 2**30
"""Bytes of a part of the file that is read, at most."""
_SERIALIZED = ":serialized:"


class Archive(NamedTuple):
    """What a file holds.

    Attributes:
        path: The file.
        data: The attributes of the agent, as JSON; what JSON cannot hold is there as a pickle in base64.
        weights: Tensors by name.
        version: Of the Stable-Baselines3 that wrote it; "" if it does not say.
        sha256: Of the whole file.
    """

    path: Path
    data: dict[str, Any]
    weights: dict[str, Any]
    version: str
    sha256: str

    def pickled(self, name: str) -> Any:
        """What the pickle of one attribute says (`read_pickle`), or its plain JSON value where it is one.

        Raises:
            AgentFileError: The file does not have the attribute, or it is no pickle.
        """
        if name not in self.data:
            raise AgentFileError(
                f"{self.path}: '{DATA}' does not say {name}; found {', '.join(sorted(self.data)[:8])}, ..."
            )
        value = self.data[name]
        if not isinstance(value, dict) or _SERIALIZED not in value:
            return value
        try:
            pickle = base64.b64decode(str(value[_SERIALIZED]), validate=True)
        except binascii.Error as error:
            raise AgentFileError(f"{self.path}: {name} is not written in base64") from error
        return read_pickle(pickle, f"{self.path}: {name}")

    def class_of(self, name: str) -> Name:
        """The class that an attribute is, by name; `AgentFileError` where it is a class pickled with its code."""
        value = self.pickled(name)
        if not isinstance(value, Name):
            raise AgentFileError(
                f"{self.path}: {name} is code of its owner; expected a policy of Stable-Baselines3 or sb3-contrib. "
                "If you trust the file, load it with unpickle=True"
            )
        return value


def read_archive(path: str | Path) -> Archive:
    """Read the file that `model.save` of Stable-Baselines3 writes.

    Nothing in it is executed: the JSON part is parsed, and PyTorch reads the weights with `weights_only`.

    Args:
        path: The zip file; the ending `.zip` may be left out, as `model.save` does.

    Returns:
        What it holds.

    Raises:
        AgentFileError: There is no such file, it is no whole zip file, or a part is missing or damaged.
        UsageError: PyTorch is not installed.

    Example:
        >>> archive = read_archive("agent.zip")  # doctest: +SKIP
        >>> archive.version, archive.data["num_timesteps"]  # doctest: +SKIP
        ('2.9.2', 100352)
    """
    file = Path(path)
    file = file.with_name(file.name + ".zip") if not file.exists() and file.suffix != ".zip" else file
    try:
        content = file.read_bytes()
    except OSError as error:
        raise AgentFileError(
            f"{file}: expected the zip file of a Stable-Baselines3 agent, found {_why(file)}"
        ) from error
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            data = json.loads(_part(parts, DATA, file))
            weights = _part(parts, WEIGHTS, file)
            version = _part(parts, VERSION, file).decode().strip() if VERSION in parts.namelist() else ""
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        UnicodeDecodeError,
        json.JSONDecodeError,
        NotImplementedError,
    ) as error:
        raise AgentFileError(
            f"{file}: expected the zip file that model.save of Stable-Baselines3 writes, found a damaged or another "
            f"one ({said(error)})"
        ) from error
    if not isinstance(data, dict):
        raise AgentFileError(f"{file}: '{DATA}' holds a {type(data).__name__}; expected the attributes of an agent")
    return Archive(file, data, _tensors(weights, file), version, hashlib.sha256(content).hexdigest())


def _part(parts: zipfile.ZipFile, name: str, file: Path) -> bytes:
    if name not in parts.namelist():
        raise AgentFileError(
            f"{file}: expected the parts '{DATA}' and '{WEIGHTS}' of a Stable-Baselines3 agent, found "
            f"{', '.join(parts.namelist()[:6]) or 'nothing'}"
        )
    if parts.getinfo(name).file_size > LARGEST:
        raise AgentFileError(
            f"{file}: '{name}' is {parts.getinfo(name).file_size} bytes long; at most {LARGEST} are read"
        )
    return parts.read(name)


def _tensors(content: bytes, file: Path) -> dict[str, Any]:
    torch = import_torch()
    try:
        weights = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # what PyTorch raises for a damaged file is of many types
        raise AgentFileError(f"{file}: '{WEIGHTS}' holds no tensors that can be read without executing code") from error
    if not isinstance(weights, dict) or not all(isinstance(value, torch.Tensor) for value in weights.values()):
        raise AgentFileError(f"{file}: '{WEIGHTS}' holds something else than tensors by name")
    bad = next((name for name, value in weights.items() if not bool(torch.isfinite(value.float()).all())), None)
    if bad is not None:
        raise DivergedError(f"{file}: the weights '{bad}' are not finite: the training diverged")
    return weights


def _why(file: Path) -> str:
    return "a folder" if file.is_dir() else "a file that cannot be read" if file.exists() else "nothing there"
