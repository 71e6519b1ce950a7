"""Packages of extras: what asks for one says how to install it."""

from collections.abc import Sequence
from importlib.util import find_spec

from mesascope.core.errors import UsageError


def check_installed(asking: str, packages: Sequence[str], extra: str) -> None:
    """Refuse to begin where a package of an extra is missing.

    Args:
        asking: What needs it, as the message begins.
        packages: What it imports.
        extra: The extra that brings them.

    Returns:
        Nothing.

    Raises:
        UsageError: One is not installed; the message is the command that installs it.

    Example:
        >>> check_installed("json", ["json"], "none")
    """
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise UsageError(
            f'{asking} needs {" and ".join(missing)}, which is not installed: pip install "mesascope[{extra}]"'
        )
