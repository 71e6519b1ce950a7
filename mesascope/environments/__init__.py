"""Worlds as Gymnasium environments, so that agents can be trained where their authors train.

Importing this package registers every maze world: `gymnasium.make("mesascope/RedDoors-v0")`. Where Mesascope is installed,
Gymnasium does that by itself. Gymnasium is imported here and nowhere else in worlds: `pip install "mesascope[gymnasium]"`.
"""

import importlib

from mesascope.core.errors import UsageError

try:
    importlib.import_module("gymnasium")
except ImportError as error:
    raise UsageError(
        "Gymnasium is needed for environments and is not installed: pip install 'mesascope[gymnasium]'"
    ) from error

from mesascope.environments.registration import register_all

register_all()
