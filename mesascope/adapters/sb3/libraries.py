"""Stable-Baselines3, sb3-contrib and Gymnasium, imported where they are used."""

from types import ModuleType

from mesascope.adapters.libraries import import_extra


def import_library(module: str) -> ModuleType:
    """A module of Stable-Baselines3, sb3-contrib or Gymnasium; `UsageError` with the install command where it is missing."""
    return import_extra(module, "sb3")
