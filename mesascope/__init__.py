"""Mesascope trains, dissects and grades learned optimizers.

Names are loaded when they are first used, so that importing the package is fast and starts no JAX.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mesascope import worlds as worlds

_HOMES = {
    "GridLevels": "mesascope.worlds.grids.grid",
    "MesascopeError": "mesascope.core.errors",
    "Objective": "mesascope.core.objective",
    "RedDoors": "mesascope.worlds.grids.red_doors",
    "Role": "mesascope.core.objective",
    "black_box": "mesascope.adapters.black_box",
    "build_organism": "mesascope.organisms.registry",
    "jax_steps": "mesascope.adapters.jax_functions",
    "jax_subject": "mesascope.adapters.jax_functions",
    "load_learned_algorithm": "mesascope.store.learned_algorithm",
    "make_stepper": "mesascope.worlds.grids.stepping",
    "named_key": "mesascope.core.rng",
    "numpy_steps": "mesascope.adapters.steps",
    "save_learned_algorithm": "mesascope.store.learned_algorithm",
    "torch_steps": "mesascope.adapters.torch_functions",
    "torch_subject": "mesascope.adapters.torch_modules",
    "walk_at_random": "mesascope.worlds.grids.stepping",
}
"""Every public name, and the module it lives in."""
_MODULES = ("worlds",)
"""Public modules."""

__version__ = "0.1.0"
__all__ = ["__version__", *sorted((*_HOMES, *_MODULES))]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"mesascope.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'mesascope' has no attribute '{name}'")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
