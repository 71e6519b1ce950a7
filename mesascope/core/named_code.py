"""Code of the user's own, imported because it was named in a reference and for no other reason."""

import hashlib
import importlib
import inspect
import os
import sys
from types import ModuleType
from typing import Any, NamedTuple

from mesascope.core.errors import UsageError, said, unknown


class NamedCode(NamedTuple):
    """What a name `MODULE:ATTRIBUTE` stands for.

    Attributes:
        name: The name.
        found: What goes by it: a class, a function, or anything else.
        module: The module that it is in.
        sha256: Of the file of that module, for identities; None where it has none. What it imports from elsewhere is not seen.
    """

    name: str
    found: Any
    module: ModuleType
    sha256: str | None

    @property
    def identity(self) -> dict[str, str | None]:
        """What an audit depends on, of this code."""
        return {"name": self.name, "sha256": self.sha256}

    def called(self, *arguments: Any, what: str) -> Any:
        """What it gives when it is called.

        Args:
            arguments: What it is given.
            what: What it was named for, at the beginning of a message.

        Returns:
            What it gives.

        Raises:
            UsageError: It cannot be called, or it raised.
        """
        if not callable(self.found):
            raise UsageError(f"{what}: {self.name} is a {type(self.found).__name__}; expected a function or a class")
        try:
            return self.found(*arguments)
        except Exception as error:
            raise UsageError(
                f"{what}: calling {self.name.partition(':')[2]}{_listed(arguments)} failed: {said(error)}"
            ) from error


def named_code(name: str, what: str) -> NamedCode:
    """Import what a name stands for. The current folder is looked in as well, as with `python -m`.

    Args:
        name: `MODULE:ATTRIBUTE`, such as `my_agents.nets:Net`.
        what: What it was named for, at the beginning of a message, such as `subject 'python:my_agents:make'`.

    Returns:
        What was found.

    Raises:
        UsageError: It is no such name, the module cannot be imported, or it has no such attribute, with the nearest one.

    Example:
        >>> named_code("math:sqrt", "observe=math:sqrt").found(9.0)
        3.0
    """
    module, _, attribute = name.partition(":")
    if not module or not attribute:
        raise UsageError(f"{what}: expected code as MODULE:ATTRIBUTE, found '{name}'")
    if os.getcwd() not in sys.path:  # as `python -m` does; an installed command has only its own folder there
        sys.path.insert(0, os.getcwd())
    try:
        imported = importlib.import_module(module)
    except Exception as error:
        raise UsageError(f"{what}: importing {module} failed: {said(error)}") from error
    if not hasattr(imported, attribute):
        names = [n for n in vars(imported) if not n.startswith("_")]
        raise unknown(f"attribute of {module}", attribute, names)
    return NamedCode(name, getattr(imported, attribute), imported, _hash_of(imported))


def _listed(arguments: tuple[Any, ...]) -> str:
    return f"({', '.join(type(argument).__name__ for argument in arguments)})"


def _hash_of(module: ModuleType) -> str | None:
    try:
        return hashlib.sha256(inspect.getsource(module).encode()).hexdigest()
    except (OSError, TypeError):
        return None
