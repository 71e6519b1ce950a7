"""Named arrays with a manifest: what learned algorithms and checkpoints both are on disk.

    FOLDER/weights.safetensors   the arrays
    FOLDER/manifest.json         what they are, and hashes of everything; written last: once it is there, all is

Saving over another bundle puts the arrays into the second of two file names and lets the new manifest name it: until
the manifest is replaced the old bundle is whole, from then on the new one is.
"""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from mesascope.core.errors import AgentFileError, StorageError
from mesascope.store import tensors
from mesascope.store.fs import make_folder, read_bytes, remove, sweep, write_bytes
from mesascope.store.strict_json import parse

MANIFEST = "manifest.json"
WEIGHTS = ("weights.safetensors", "weights-2.safetensors")
VERSION = 1
LARGEST_MANIFEST = 256 * 1024
LARGEST_WEIGHTS = 256 * 2**20

_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _Weights(_Strict):
    file: Literal["weights.safetensors", "weights-2.safetensors"]
    bytes: Annotated[int, Field(ge=0, le=LARGEST_WEIGHTS)]
    sha256: _Hash


class _Array(_Strict):
    dtype: Annotated[str, Field(max_length=16)]
    shape: Annotated[list[Annotated[int, Field(ge=0, le=2**31)]], Field(max_length=16)]


class _Manifest(_Strict):
    format: Annotated[str, Field(max_length=80)]
    version: int
    about: dict[str, JsonValue]
    arrays: Annotated[dict[str, _Array], Field(max_length=tensors.MOST)]
    weights: _Weights
    sha256: _Hash


class Bundle(NamedTuple):
    """What a folder holds: the arrays, what the manifest says about them, and the hash of the arrays' file."""

    about: dict[str, Any]
    arrays: dict[str, np.ndarray]
    sha256: str


class Described(NamedTuple):
    """A manifest that has been read and checked; the arrays' file has not been touched."""

    about: dict[str, Any]
    signature: dict[str, tuple[str, tuple[int, ...]]]
    weights: _Weights


def save_bundle(folder: Path, kind: str, about: dict[str, Any], arrays: dict[str, np.ndarray]) -> str:
    """Write a bundle, whole or not at all; the hash of the arrays' file is returned. Raises `StorageError`."""
    data = tensors.encode(arrays)
    if len(data) > LARGEST_WEIGHTS:
        raise StorageError(f"{folder}: {len(data)} bytes of weights; at most {LARGEST_WEIGHTS} can be saved")
    make_folder(folder)
    taken = _file_in_use(folder / MANIFEST)
    name, other = (WEIGHTS[1], WEIGHTS[0]) if taken == WEIGHTS[0] else WEIGHTS
    digest = hashlib.sha256(data).hexdigest()
    manifest: dict[str, Any] = {
        "format": kind,
        "version": VERSION,
        "about": about,
        "arrays": {
            k: {"dtype": dtype, "shape": list(shape)} for k, (dtype, shape) in tensors.signature(arrays).items()
        },
        "weights": {"file": name, "bytes": len(data), "sha256": digest},
    }
    manifest["sha256"] = _hash_of(manifest)
    text = _canonical(manifest)
    if len(text) > LARGEST_MANIFEST:
        raise StorageError(f"{folder}: a manifest of {len(text)} bytes; at most {LARGEST_MANIFEST} can be saved")
    write_bytes(folder / name, data)
    write_bytes(folder / MANIFEST, text)
    remove(folder / other)
    return digest


def sweep_bundle(folder: Path) -> None:
    """Remove what a save left that ended too early: partial files, and arrays that the manifest does not name.

    Nobody may be saving there. Without a manifest that can be read the arrays stay.
    """
    sweep(folder)
    used = _file_in_use(folder / MANIFEST)
    if used in WEIGHTS:
        for name in WEIGHTS:
            if name != used:
                remove(folder / name)


def describe_bundle(folder: Path, kind: str, advice: str) -> Described:
    """Read and check a manifest. Raises `AgentFileError` naming the path, what was expected and what was found."""
    path = folder / MANIFEST
    try:
        data = read_bytes(path, LARGEST_MANIFEST)
    except OSError as error:
        raise _refusal(path, "a manifest", error.strerror or str(error), advice) from error
    try:
        content = parse(data)
    except ValueError as error:
        raise _refusal(path, "JSON", str(error), advice) from error
    if not isinstance(content, dict) or content.get("format") != kind:
        found = content.get("format") if isinstance(content, dict) else type(content).__name__
        raise _refusal(path, f"format '{kind}'", f"'{str(found)[:80]}'", advice)
    if content.get("version") != VERSION:
        newer = "; a newer mesascope may read it"
        raise _refusal(path, f"version {VERSION}", f"{str(content.get('version'))[:20]}{newer}", advice)
    try:
        manifest = _Manifest.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part)[:60] for part in first["loc"])
        raise _refusal(path, f"{place or 'a manifest'} as mesascope writes it", first["msg"], advice) from error
    # The bytes must be the ones that were hashed: nothing, not even a blank, may have changed.
    stated = content.pop("sha256")
    if _hash_of(content) != stated or _canonical({**content, "sha256": stated}) != data:
        raise _refusal(path, f"content with SHA-256 {stated[:12]}", f"{_hash_of(content)[:12]}", advice)
    signature = {name: (array.dtype, tuple(array.shape)) for name, array in manifest.arrays.items()}
    return Described(content["about"], signature, manifest.weights)


def load_arrays(folder: Path, described: Described, advice: str) -> dict[str, np.ndarray]:
    """Read and check the arrays a manifest describes. `AgentFileError`, and nothing returned, unless all is right."""
    weights = described.weights
    path = folder / weights.file
    try:
        data = read_bytes(path, weights.bytes)
    except OSError as error:
        raise _refusal(path, f"{weights.bytes} bytes", error.strerror or str(error), advice) from error
    if len(data) != weights.bytes:
        raise _refusal(path, f"{weights.bytes} bytes", f"{len(data)}", advice)
    digest = hashlib.sha256(data).hexdigest()
    if digest != weights.sha256:
        raise _refusal(path, f"SHA-256 {weights.sha256[:12]}", f"{digest[:12]}", advice)
    try:
        arrays = tensors.decode(data)
    except ValueError as error:
        raise _refusal(path, "safetensors", str(error), advice) from error
    found = tensors.signature(arrays)
    if found != described.signature:
        raise _refusal(path, *tensors.difference(described.signature, found), advice)
    return arrays


def load_bundle(folder: Path, kind: str, advice: str) -> Bundle:
    """`describe_bundle` and `load_arrays` in one."""
    described = describe_bundle(folder, kind, advice)
    arrays = load_arrays(folder, described, advice)
    return Bundle(described.about, arrays, described.weights.sha256)


def _file_in_use(manifest: Path) -> str | None:
    """The arrays' file that a manifest names, as far as it can be read: that file must not be touched yet."""
    try:
        content = parse(read_bytes(manifest, LARGEST_MANIFEST))
        return str(content["weights"]["file"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _canonical(manifest: dict[str, Any]) -> bytes:
    return (json.dumps(manifest, sort_keys=True, indent=1, allow_nan=False) + "\n").encode()


def _hash_of(manifest: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(manifest)).hexdigest()


def _refusal(path: Path, expected: str, found: str, advice: str) -> AgentFileError:
    return AgentFileError(f"{path}: expected {expected}, found {found}; nothing was loaded; {advice}")
