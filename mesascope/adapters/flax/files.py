"""What a file of flax or a folder of orbax holds, as a tree of NumPy arrays. Nothing in either is executed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from mesascope.adapters.libraries import import_extra
from mesascope.core.errors import AgentFileError, said

Tree = Mapping[str, Any]
"""Dicts of dicts, with arrays as leaves."""
METADATA = "_METADATA"
"""The file of a folder of orbax that says what the folder holds."""
UNFINISHED = ".orbax-checkpoint-tmp"
"""End of the name of a folder that orbax has not finished."""


def read_tree(path: str | Path) -> Tree:
    """Read parameters: msgpack bytes, as `flax.serialization.to_bytes` writes them, or a folder of orbax.

    Args:
        path: The file; or the folder, which may be that of one step of a `CheckpointManager`.

    Returns:
        The tree; what was a list or a tuple is a dict by number, as flax has it.

    Raises:
        AgentFileError: There is nothing, something else, or less than was saved.
        UsageError: flax or orbax is not installed.

    Example:
        >>> read_tree("agent.msgpack")["params"].keys()  # doctest: +SKIP
        dict_keys(['Dense_0', 'Dense_1'])
    """
    place = Path(path)
    if not place.exists():
        beside = place.with_name(place.name + UNFINISHED)
        found = f"{beside.name} beside it, a save that was not finished" if beside.exists() else "nothing there"
        raise AgentFileError(f"{path}: expected msgpack bytes of flax or a folder of orbax, found {found}")
    tree = _read_folder(_checkpoint(place)) if place.is_dir() else _read_bytes(place)
    if not isinstance(tree, Mapping) or not tree:
        raise AgentFileError(f"{path}: expected parameters by name, found {_kind(tree)}")
    return tree


def _read_bytes(path: Path) -> Any:
    serialization = import_extra("flax.serialization", "flax")
    try:
        return serialization.msgpack_restore(path.read_bytes())
    except Exception as error:  # whatever a damaged file leads the decoder to
        raise AgentFileError(
            f"{path}: expected msgpack bytes, as flax.serialization.to_bytes writes them; reading them failed: "
            f"{said(error)}"
        ) from error


def _checkpoint(folder: Path) -> Path:
    """The folder that holds arrays: the one named, or the only one inside it."""
    if folder.name.endswith(UNFINISHED):
        raise AgentFileError(f"{folder}: orbax had not finished this save; name a folder that it finished")
    inside = folder
    while not (inside / METADATA).exists():
        found = sorted(
            (path for path in inside.iterdir() if path.is_dir()), key=lambda path: (len(path.name), path.name)
        )
        found = [path for path in found if (path / METADATA).exists() or list(path.glob(f"*/{METADATA}"))]
        if not found:
            raise AgentFileError(f"{folder}: expected a folder of orbax, with a {METADATA}, found a folder without one")
        if len(found) > 1:
            names = ", ".join(str(path) for path in found[:6])
            raise AgentFileError(f"{folder} holds several checkpoints; name one, such as {found[-1]}: {names}")
        inside = found[0]
    return inside


def _read_folder(folder: Path) -> Any:
    orbax = import_extra("orbax.checkpoint", "flax")
    try:
        with orbax.PyTreeCheckpointer() as reader:
            saved = reader.metadata(folder.absolute()).item_metadata.tree
            # As NumPy arrays, so that it does not matter on which devices they were.
            as_numpy = jax.tree.map(lambda _: orbax.RestoreArgs(restore_type=np.ndarray), saved)
            return _by_number(reader.restore(folder.absolute(), restore_args=as_numpy))
    except Exception as error:  # whatever a damaged folder leads the library to
        raise AgentFileError(f"{folder}: reading this folder of orbax failed: {said(error)}") from error


def _by_number(tree: Any) -> Any:
    """Lists, which orbax makes of tuples as well, as dicts by number."""
    if isinstance(tree, list):
        return {str(number): _by_number(value) for number, value in enumerate(tree)}
    return {name: _by_number(value) for name, value in tree.items()} if isinstance(tree, Mapping) else tree


def _kind(tree: object) -> str:
    if isinstance(tree, Mapping):
        return "an empty tree"
    return f"a {type(tree).__name__}" + (f" of shape {np.shape(tree)}" if isinstance(tree, np.ndarray) else "")
