"""Activations in a file, of a model that cannot travel."""

import io
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.lib.npyio import NpzFile

from mesascope.core.errors import UsageError, said

NEEDED = ("activations", "labels", "flag", "group")
CONTRASTS = ("contrast_other", "contrast_base")


class Activations(NamedTuple):
    """What a file holds.

    Attributes:
        activations: `(layer, prompt, unit)`.
        labels: Where the model took the other choice than it was trained for.
        flag: Where the prompt says that it is watched.
        group: Which independent run, model or conversation each prompt belongs to, as numbers from 0.
        other: Of prompts in which the other choice was ordered, `(layer, prompt, unit)`; None where they are not given.
        base: The same of prompts in which the one trained for was ordered.
    """

    activations: Float[np.ndarray, "layer prompt unit"]
    labels: Bool[np.ndarray, " prompt"]
    flag: Bool[np.ndarray, " prompt"]
    group: Int[np.ndarray, " prompt"]
    other: Float[np.ndarray, "layer pair unit"] | None = None
    base: Float[np.ndarray, "layer pair unit"] | None = None


def read_activations(path: str | Path) -> Activations:
    """The activations in an `.npz` file; nothing in it is unpickled.

    Raises:
        UsageError: There is no such file, an array is missing, or shapes and values do not match.
    """
    try:
        with NpzFile(io.BytesIO(Path(path).read_bytes())) as file:  # made so, it refuses what is pickled
            found = {name: file[name] for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise UsageError(
            f"activations:{path}: expected a file of numpy.savez without Python objects: {said(error)}"
        ) from error
    missing = [name for name in NEEDED if name not in found]
    if missing or len(set(CONTRASTS) & set(found)) == 1:
        raise UsageError(
            f"activations:{path}: found {', '.join(sorted(found)) or 'nothing'}; expected the arrays {', '.join(NEEDED)}, and "
            f"{' and '.join(CONTRASTS)} both or neither"
        )
    values = _layers(path, "activations", found["activations"])
    count = values.shape[1]
    for name in NEEDED[1:]:
        if found[name].shape != (count,):
            raise UsageError(
                f"activations:{path}: {name} has shape {found[name].shape} and activations "
                f"{found['activations'].shape}; expected "
                f"({count},), one for each prompt"
            )
    for name in ("labels", "flag"):
        if not np.isin(found[name], (0, 1)).all():
            raise UsageError(
                f"activations:{path}: {name} holds {np.unique(found[name])[:4].tolist()}; expected 0 and 1"
            )
    contrasts = [_layers(path, name, found[name]) if name in found else None for name in CONTRASTS]
    for name, each in zip(CONTRASTS, contrasts, strict=True):
        if each is not None and (each.shape[0], each.shape[2]) != (values.shape[0], values.shape[2]):
            raise UsageError(
                f"activations:{path}: {name} has shape {found[name].shape} and activations "
                f"{found['activations'].shape}; expected as "
                "many layers and units"
            )
    _, group = np.unique(found["group"], return_inverse=True)
    return Activations(values, found["labels"].astype(bool), found["flag"].astype(bool), group, *contrasts)


def _layers(path: str | Path, name: str, array: np.ndarray) -> np.ndarray:
    if array.ndim not in (2, 3) or not np.issubdtype(array.dtype, np.floating):
        raise UsageError(
            f"activations:{path}: {name} is {array.dtype} {array.shape}; expected numbers (prompt, unit) or (layer, prompt, unit)"
        )
    if not np.isfinite(array).all():
        raise UsageError(f"activations:{path}: {name} holds NaN or infinity; expected finite numbers")
    return (array if array.ndim == 3 else array[None]).astype(np.float64)
