"""What the last bits of a result depend on besides the code: versions, operating system and processor."""

import hashlib
import platform
from importlib import metadata
from pathlib import Path

PACKAGES = ("jax", "jaxlib", "numpy", "scipy", "equinox", "optax", "blackjax")
"""Packages that compute. Golden files record their versions."""


def processor() -> str:
    """A hash of the processor's architecture and features, on which compiled programs depend."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        features = next((line for line in lines if line.lower().startswith(("flags", "features"))), "")
    except OSError:
        features = platform.processor()
    return hashlib.sha256(f"{platform.machine()} {features}".encode()).hexdigest()[:12]


def environment() -> dict[str, str]:
    """The environment of this interpreter. Two equal environments promise equal bits."""
    return {
        **{name: metadata.version(name) for name in PACKAGES},
        "python": ".".join(platform.python_version_tuple()[:2]),
        "system": platform.system(),
        "machine": platform.machine(),
        "processor": processor(),
    }
