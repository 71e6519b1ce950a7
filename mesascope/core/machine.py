"""What of a machine decides the last bits of a result, beside the versions of packages."""

import os
import platform
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import jax

LEVELS = ("avx512f", "avx2", "avx", "sse4_2", "asimd")
"""Names of instruction sets as Linux has them, the widest first: XLA compiles for the widest that there is, and sums in its
order.
"""

BIT_EXACT, STATISTICAL = "bit-exact", "statistical"

OTHERWISE = (
    "Not all were made on one kind of machine with the same versions of packages: equal seeds may differ in the last bits, and "
    "are compared as draws are."
)
"""What is said where results are compared statistically."""

_NO_MATTER = ("--xla_dump", "--xla_force_host_platform_device_count")
"""Beginnings of XLA's flags that change no result."""


@cache
def machine() -> dict[str, str]:
    """The kind of device that JAX computes on, the widest instructions of its processor, and XLA's flags.

    Two runs of one command with the same versions of packages give the same bits where these three are the same; where they are
    not, sums may be rounded otherwise, and what is compared is compared as draws are, by intervals.

    Returns:
        `device`, `instructions` and `xla_flags`, each a text; an empty one where the system does not say or nothing is set.

    Example:
        >>> sorted(machine())
        ['device', 'instructions', 'xla_flags']
    """
    used = jax.devices()[0]
    kind = used.platform if used.platform == "cpu" else f"{used.platform} {used.device_kind}"
    flags = sorted(flag for flag in os.environ.get("XLA_FLAGS", "").split() if not flag.startswith(_NO_MATTER))
    return {"device": kind, "instructions": widest(_processor()), "xla_flags": " ".join(flags)}


def comparison(machines: Sequence[Mapping[str, str] | None]) -> str:
    """How results may be compared: `bit-exact` where all were made on one kind of machine, else `statistical`.

    Args:
        machines: of each result what `machine` gave; None or nothing where it was not recorded.

    Returns:
        The word.

    Example:
        >>> comparison([{"device": "cpu"}, {"device": "cpu"}]), comparison([{"device": "cpu"}, None])
        ('bit-exact', 'statistical')
    """
    first = machines[0] if machines else None
    return BIT_EXACT if first and all(found == first for found in machines) else STATISTICAL


def widest(information: str) -> str:
    """Architecture and widest instruction set by the text of `/proc/cpuinfo`; the architecture alone where it names none.

    Args:
        information: the text.

    Returns:
        Such as `x86_64 avx2`.

    Example:
        >>> widest("flags : fpu sse4_2 avx avx2").split()[-1]
        'avx2'
    """
    found = {word for line in information.splitlines() if ":" in line for word in line.partition(":")[2].split()}
    level = next((level for level in LEVELS if level in found), "")
    return f"{platform.machine()} {level}".strip()


def _processor() -> str:
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:  # not Linux
        return ""
