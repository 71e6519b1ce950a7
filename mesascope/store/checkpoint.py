"""States of training between two chunks, so that an interrupted run goes on with the bits it would have had.

FOLDER/step-000000400/   the state after 400 updates (see `bundle`)
FOLDER/step-000000600/   the newest; older ones than these two are removed
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from mesascope.core.errors import AgentFileError, CheckpointError, StorageError
from mesascope.store.bundle import MANIFEST, WEIGHTS, load_bundle, save_bundle
from mesascope.store.fs import remove
from mesascope.store.results import json_text
from mesascope.store.tensors import difference, signature
from mesascope.store.trees import arrays_of, bare_numbers, filled, signature_of

FORMAT = "mesascope-checkpoint"
KEPT = 2
ANEW = "it is passed over"

_STEP = re.compile(r"step-(\d{9,})")


class Restored(NamedTuple):
    """The newest intact state and the updates behind it; `warnings` says which newer ones were passed over and why.

    Without an intact state `state` is None and `updates` 0: training starts from the beginning.
    """

    state: Any
    updates: int
    warnings: tuple[str, ...]


def fingerprint_of(config: Any) -> str:
    """A hash of a run's resolved configuration: what must be equal for one run to go on where another stopped."""
    return hashlib.sha256(json_text(config).encode()).hexdigest()


def save_checkpoint(
    folder: Path, state: Any, updates: int, fingerprint: str, made_on: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Save the state of training after `updates` updates, and remove all but the latest two.

    `made_on` says what of the machine decides bits (`machine`). `state` is any pytree of arrays, random keys among them. Raises
    `StorageError`; what was saved before stays intact.
    """
    if numbers := bare_numbers(state):
        raise TypeError(f"the state holds Python numbers ({', '.join(numbers)}), which would be lost: make them arrays")
    about = {"updates": updates, "fingerprint": fingerprint, "machine": dict(made_on)}
    # NaN is saved as it is: a run that diverged must go on as it would have.
    save_bundle(folder / f"step-{updates:09d}", FORMAT, about, arrays_of(state))
    steps = _steps(folder)
    kept = [step for step in steps if step <= updates][:KEPT]
    for step in steps:
        if step not in kept:
            _discard(steps[step])


def restore_checkpoint(
    folder: Path, like: Any, fingerprint: str, made_on: Mapping[str, str] = MappingProxyType({})
) -> Restored:
    """The newest intact checkpoint, as a tree like `like`, whose arrays give names, shapes and types.

    A damaged checkpoint is passed over with a warning, and so is one of another kind of machine than `made_on`: going on from it
    would give bits that neither machine gives alone. `CheckpointError` when one is of a run with another fingerprint,
    or of this run with other arrays: going on from it would mix two runs.
    """
    warnings = []
    for step, path in _steps(folder).items():
        if not (path / MANIFEST).exists():
            continue  # the process ended while it was written, or removed
        try:
            found = load_bundle(path, FORMAT, ANEW)
        except AgentFileError as error:
            warnings.append(str(error))
            continue
        if found.about.get("updates") != step:
            warnings.append(f"{path}: expected {step} updates, found {found.about.get('updates')}; {ANEW}")
            continue
        advice = "use another folder, or remove this one to start over"
        if found.about.get("fingerprint") != fingerprint:
            theirs = str(found.about.get("fingerprint"))[:12]
            raise CheckpointError(
                f"{path}: expected a run with fingerprint {fingerprint[:12]}, found {theirs}; {advice}"
            )
        if (theirs := found.about.get("machine", {})) != dict(made_on):
            warnings.append(
                f"{path} was saved on another kind of machine ({_told(theirs)}; this is {_told(made_on)}): {ANEW}"
            )
            continue
        expected, there = signature_of(like), signature(found.arrays)
        if expected != there:
            wanted, has = difference(expected, there)
            raise CheckpointError(f"{path}: expected {wanted}, found {has}; {advice}")
        return Restored(filled(like, found.arrays), step, tuple(warnings))
    return Restored(None, 0, tuple(warnings))


def _told(made_on: Any) -> str:
    return (
        ", ".join(str(value) for value in dict(made_on).values() if value)
        if isinstance(made_on, Mapping)
        else "unknown"
    )


def discard_checkpoints(folder: Path) -> None:
    """Remove the checkpoints of a training that is done, and their folder where nothing else is in it."""
    for path in _steps(folder).values():
        _discard(path)
    try:
        remove(folder)
    except StorageError:
        return  # something else lies there


def _steps(folder: Path) -> dict[int, Path]:
    """Checkpoint folders by their number of updates, newest first."""
    if not folder.is_dir():
        return {}
    matches = ((_STEP.fullmatch(path.name), path) for path in folder.iterdir() if path.is_dir())
    return dict(sorted(((int(match[1]), path) for match, path in matches if match), reverse=True))


def _discard(path: Path) -> None:
    """Remove a checkpoint, its manifest first so that a rest is never taken for a whole. Only our own files go."""
    for name in (MANIFEST, *WEIGHTS):
        remove(path / name)
    for rest in path.glob(".mesascope-*.partial"):
        remove(rest)
    try:
        remove(path)
    except StorageError:
        return  # somebody put a file of their own there: the folder stays, without a checkpoint in it
