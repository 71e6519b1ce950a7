"""Where an audit document came from: versions, device, command."""

import platform
import sys
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import jax

from mesascope import __version__
from mesascope.core.machine import machine

PACKAGES = ("jax", "jaxlib", "equinox", "optax", "blackjax", "numpy", "scipy")


def provenance(command: str, seconds: dict[str, float]) -> dict[str, Any]:
    """Where a document came from."""
    return {
        "command": command,
        "version": __version__,
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "platform": platform.platform(),
        "device": str(jax.devices()[0].device_kind),
        **{name: value for name, value in machine().items() if name != "device"},
        "precision": precision_of(jax.default_backend(), getattr(jax.config, "jax_default_matmul_precision", None)),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": seconds,
        "executable": sys.implementation.name,
    }


def precision_of(backend: str, products: str | None) -> str:
    """What numbers are computed in. Only a processor multiplies matrices in single precision without being asked to."""
    if backend == "cpu" or products in ("float32", "highest"):
        return "float32"
    return f"float32, matrix products {products or 'as the device has it by default'}"
