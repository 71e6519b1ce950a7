"""Other people's libraries, imported where they are used."""

import importlib
from types import ModuleType

from mesascope.core.errors import UsageError


def import_extra(module: str, extra: str) -> ModuleType:
    """A module of an optional library.

    Args:
        module: Its full name.
        extra: The extra of Mesascope that installs the library.

    Returns:
        The module.

    Raises:
        UsageError: The library is not installed, with the command that installs it.

    Example:
        >>> import_extra("json", "flax").__name__
        'json'
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UsageError(
            f"this agent needs {module.partition('.')[0]}, which is not installed: pip install 'mesascope[{extra}]'"
        ) from error
