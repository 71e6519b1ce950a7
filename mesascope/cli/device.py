"""Which device a command computes on. JAX is told before it is imported, and processes that are started hear it from here."""

import os
import re
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple

from mesascope.core.errors import UsageError

PLATFORMS, ONE_GPU = "JAX_PLATFORMS", "JAX_CUDA_VISIBLE_DEVICES"
"""Environment variables of JAX: the kinds of device that it looks for, best first; and numbers of GPUs of NVIDIA."""
_NAME = re.compile(r"cpu|gpu|cuda:(\d{1,3})", re.ASCII)


class Device(NamedTuple):
    """A device that is there: what JAX calls its kind (`cpu`, `gpu`), the name that `--device` takes, and its model."""

    platform: str
    name: str
    model: str

    @property
    def text(self) -> str:
        """The name, and the model where it says more."""
        return self.name if self.model == self.name else f"{self.name} ({self.model})"


def variables_of(asked: str) -> Mapping[str, str | None]:
    """What the environment has to say for a device to be used; None for a variable that must not be there.

    Args:
        asked: `cpu`, `gpu` for the first GPU, or `cuda:N` for that of NVIDIA with a number.

    Returns:
        Values by variable.

    Raises:
        UsageError: It is none of these.

    Example:
        >>> variables_of("cuda:1")
        {'JAX_PLATFORMS': 'cuda,cpu', 'JAX_CUDA_VISIBLE_DEVICES': '1'}
    """
    match = _NAME.fullmatch(asked)
    if match is None:
        raise UsageError(f"--device {asked}: expected cpu, gpu, or cuda:N for one of several GPUs of NVIDIA")
    if match[1] is not None:
        return {PLATFORMS: "cuda,cpu", ONE_GPU: str(int(match[1]))}
    # A GPU is what JAX takes first where there is one; of which maker it is need not be known.
    return {PLATFORMS: "cpu" if asked == "cpu" else None}


def missing_device(asked: str, there: Sequence[Device]) -> UsageError:
    """The error that says which devices there are instead of the one that was asked for.

    Args:
        asked: As `variables_of` takes it.
        there: All devices of this machine.

    Returns:
        The error.

    Example:
        >>> print(missing_device("gpu", [Device("cpu", "cpu", "cpu")]))
        --device gpu: there is no such device; found cpu. Name what is there, or leave it out
    """
    names = ", ".join(device.text for device in there) or "no device at all"
    return UsageError(f"--device {asked}: there is no such device; found {names}. Name what is there, or leave it out")


def take_device(asked: str, environment: MutableMapping[str, str] | None = None) -> None:
    """Have JAX compute on a device, in this process and in those that it starts. Before JAX is imported.

    Args:
        asked: As `variables_of` takes it.
        environment: Variables to set; those of this process unless given.

    Raises:
        UsageError: There is no such device; the message says which there are.
    """
    env = os.environ if environment is None else environment
    early = "jax" in sys.modules
    for variable, value in variables_of(asked).items():
        env.pop(variable, None)
        if value is not None:
            env[variable] = value
    used = next(iter(_devices()), None)
    if used is None or used.platform != ("cpu" if asked == "cpu" else "gpu"):
        if not early:  # nothing was computed yet that would be lost
            _look_anew()
        raise missing_device(asked, _devices())
    if asked == "gpu":  # a process that is started where there is none is to fail rather than compute elsewhere
        env[PLATFORMS] = f"{used.name.partition(':')[0]},cpu"


def _devices() -> list[Device]:
    """What JAX finds, the one that it uses first; nothing where it is told to use what is not there."""
    import jax

    try:
        return [_named(device) for device in jax.devices()]
    except (RuntimeError, AssertionError):  # the latter where all that it was told to look for is missing
        return []


def _named(device: Any) -> Device:
    if device.platform == "cpu":
        return Device("cpu", "cpu", str(device.device_kind))
    maker = re.search("cuda|rocm|oneapi", str(device.client.platform_version))
    return Device(device.platform, f"{maker[0] if maker else device.platform}:{device.id}", str(device.device_kind))


def _look_anew() -> None:
    """Have JAX forget what it was told of devices, so that it finds all there are."""
    import jax
    from jax.extend.backend import clear_backends

    jax.config.update("jax_platforms", None)
    jax.config.update("jax_cuda_visible_devices", "all")
    clear_backends()
