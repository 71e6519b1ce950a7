"""Stable-Baselines3, sb3-contrib and Gymnasium, imported where they are used."""

import importlib
from types import ModuleType

from mesascope.core.errors import UsageError


def import_library(module: str) -> ModuleType:
    """A module of Stable-Baselines3, sb3-contrib or Gymnasium; `UsageError` with the install command where it is missing."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UsageError(
            f"this agent needs {module.partition('.')[0]}, which is not installed: pip install 'mesascope[sb3]'"
        ) from error
