"""AbstractSubject algorithms as files: an architecture's name and numbers, weights, and where they came from. Never code.

FOLDER/weights.safetensors, FOLDER/manifest.json   (see `bundle`)
"""

import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import equinox as eqx
import jax
import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError

from mesascope import __version__
from mesascope.core.errors import AgentFileError, DivergedError, MesascopeError, SubjectError
from mesascope.core.subject import AbstractSubject
from mesascope.learned.registry import build, config_of
from mesascope.store import tensors
from mesascope.store.bundle import Described, describe_bundle, load_arrays, save_bundle
from mesascope.store.results import json_text
from mesascope.store.strict_json import parse
from mesascope.store.tensors import difference
from mesascope.store.trees import arrays_of, filled, signature_of

FORMAT = "mesascope-learned-algorithm"
PACKAGES = ("jax", "jaxlib", "equinox", "optax", "numpy")
"""Packages whose versions a manifest records, beside that of this one."""

_ADVICE = "copy the folder again from where it came, or train it anew"


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


_Name = Annotated[str, Field(min_length=1, max_length=80)]
_Whole = Annotated[int, BeforeValidator(lambda n: n.item() if isinstance(n, np.integer) else n)]
"""A whole number; one of NumPy becomes Python's, whose text goes into the manifest."""
_Number = Annotated[int, Field(ge=-(2**53), le=2**53)] | float


class Provenance(_Strict):
    """Where weights came from: what another run needs to make them again.

    `seed` and `updates` as given to the base optimizer, `training_competence` at the base objective on training levels
    (0 uniform, 1 optimal; None where it was not measured), `packages` the versions it was trained with, `machine` what
    else decides the last bits (nothing where it was not recorded).
    """

    world: _Name
    world_config: dict[str, JsonValue]
    base_optimizer: _Name
    base_optimizer_config: dict[str, JsonValue]
    seed: Annotated[_Whole, Field(ge=0, lt=2**32)]
    updates: Annotated[_Whole, Field(ge=0)]
    training_competence: float | None
    packages: dict[str, str]
    machine: dict[str, str] = Field(default_factory=dict)


class _Architecture(_Strict):
    name: _Name
    config: Annotated[dict[str, _Number], Field(max_length=64)]
    inputs: Annotated[int, Field(ge=1, le=256)]


class _About(_Strict):
    architecture: _Architecture
    provenance: Provenance


class LearnedAlgorithm(NamedTuple):
    """A loaded learned algorithm: the subject, its architecture's name, where it came from, the weights' SHA-256."""

    subject: AbstractSubject
    architecture: str
    provenance: Provenance
    sha256: str

    def _repr_html_(self) -> str:
        """What it is and where it came from, for a notebook."""
        from html import escape

        about = {"architecture": self.architecture, "sha256": self.sha256[:16]}
        told = {**about, **{name: value for name, value in self.provenance if name != "packages"}}
        rows = "".join(
            f"<tr><th>{escape(k.replace('_', ' '))}</th><td>{escape(str(v))}</td></tr>" for k, v in told.items()
        )
        return f"<table>{rows}</table>"


def package_versions() -> dict[str, str]:
    """Installed versions of the packages that training depends on."""
    return dict(_versions())


@cache
def _versions() -> dict[str, str]:
    return {"mesascope": __version__, **{name: metadata.version(name) for name in PACKAGES}}


def weights_hash(subject: AbstractSubject) -> str:
    """The SHA-256 that a learned algorithm's weights have once they are saved."""
    return hashlib.sha256(tensors.encode(arrays_of(subject))).hexdigest()


def save_learned_algorithm(
    folder: Path,
    subject: AbstractSubject,
    provenance: Provenance,
    *,
    inputs: int = 7,
    allow_nonfinite: bool = False,
) -> str:
    """Write a learned algorithm, whole or not at all; what is saved can be loaded.

    Args:
        folder: Where its files go; a learned algorithm that is there is replaced.
        subject: One of a registered architecture.
        provenance: Where it came from.
        inputs: The number of channels it is shown.
        allow_nonfinite: Save weights that are not finite too; loading them takes the same flag.

    Returns:
        The SHA-256 of its weights.

    Raises:
        StorageError: It cannot be written.
        SubjectError: Building its architecture anew would not give its arrays.
        DivergedError: Its weights are not finite; the message names the array.

    Example:
        >>> save_learned_algorithm(Path("mine"), agent.subject, agent.provenance)  # doctest: +SKIP
    """
    name, config = config_of(subject)
    arrays, expected = arrays_of(subject), signature_of(_shapes(name, dict(config), inputs))
    if signature_of(subject) != expected:
        wanted, found = difference(expected, signature_of(subject))
        raise SubjectError(f"a {name} of {dict(config)} for {inputs} channels has {wanted}, but this one has {found}")
    if not allow_nonfinite:
        _check_finite(folder, arrays, "saved")
    about = _About(
        architecture=_Architecture(name=name, config=dict(config), inputs=inputs), provenance=provenance
    ).model_dump()
    # Through the text once, so that NaN becomes null here and not in a file that cannot be read.
    return save_bundle(folder, FORMAT, parse(json_text(about).encode()), arrays)


def load_learned_algorithm(folder: Path, *, allow_nonfinite: bool = False) -> LearnedAlgorithm:
    """Read a learned algorithm. Everything is checked before anything is built, and nothing in the files is executed.

    Args:
        folder: The folder that `save_learned_algorithm` wrote.
        allow_nonfinite: Whether weights that are not finite are loaded.

    Returns:
        The subject with its provenance.

    Raises:
        AgentFileError: The folder does not hold exactly what was saved; the message names the path, what was expected and what
            was found.
        DivergedError: The weights are not finite.

    Example:
        >>> load_learned_algorithm(Path("audits/red-doors/seed-0/learned"))  # doctest: +SKIP
    """
    described = describe_bundle(folder, FORMAT, _ADVICE)
    about = _about(folder, described)
    architecture = about.architecture
    try:
        shapes = _shapes(architecture.name, dict(architecture.config), architecture.inputs)
    except (MesascopeError, ValueError, TypeError, OverflowError) as error:
        raise _refusal(folder, "an architecture of this version of mesascope", str(error)) from error
    expected = signature_of(shapes)
    if expected != described.signature:
        raise _refusal(folder, *difference(expected, described.signature))
    arrays = load_arrays(folder, described, _ADVICE)
    if not allow_nonfinite:
        _check_finite(folder, arrays, "loaded")
    return LearnedAlgorithm(filled(shapes, arrays), architecture.name, about.provenance, described.weights.sha256)


def _shapes(name: str, config: dict[str, Any], inputs: int) -> AbstractSubject:
    """The subject with shapes in place of arrays: nothing is allocated."""
    return eqx.filter_eval_shape(build, name, config, key=jax.random.key(0), inputs=inputs)


def _check_finite(folder: Path, arrays: dict[str, np.ndarray], done: str) -> None:
    for name, array in arrays.items():
        if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
            raise DivergedError(
                f"{folder}: expected finite numbers in {name}, found NaN or infinity; nothing was {done}; the training "
                "diverged: train anew with a smaller learning rate, or in Python pass allow_nonfinite=True"
            )


def _about(folder: Path, described: Described) -> _About:
    try:
        return _About.model_validate(described.about)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part)[:60] for part in first["loc"])
        raise _refusal(folder, f"about.{place} as mesascope writes it", first["msg"]) from error


def _refusal(folder: Path, expected: str, found: str) -> AgentFileError:
    return AgentFileError(f"{folder}: expected {expected}, found {found}; nothing was loaded; {_ADVICE}")
