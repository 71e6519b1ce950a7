"""Mesascope trains, dissects and grades learned optimizers.

    import mesascope as ms

    world = ms.worlds.red_doors(size=7)
    agent = ms.train(world, seed=0)
    result = ms.audit(agent, world, quick=True)
    result.search.verdict, result.alignment.verdict, result.ledger

Names are loaded when they are first used, so that importing the package is fast and starts no JAX.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what type checkers see; a test holds it together with _HOMES
    from mesascope import worlds as worlds
    from mesascope.adapters.black_box import black_box as black_box
    from mesascope.adapters.jax_functions import jax_steps as jax_steps
    from mesascope.adapters.jax_functions import jax_subject as jax_subject
    from mesascope.adapters.steps import numpy_steps as numpy_steps
    from mesascope.adapters.tables import table_subject as table_subject
    from mesascope.adapters.torch_functions import torch_steps as torch_steps
    from mesascope.adapters.torch_modules import torch_subject as torch_subject
    from mesascope.adapters.written_paths import path_subject as path_subject
    from mesascope.api import AuditResult as AuditResult
    from mesascope.api import audit as audit
    from mesascope.api import load_agent as load_agent
    from mesascope.api import train as train
    from mesascope.auditing.document import AuditDocument as AuditDocument
    from mesascope.conformance.check_instrument import check_instrument as check_instrument
    from mesascope.core.errors import MesascopeError as MesascopeError
    from mesascope.core.objective import Objective as Objective
    from mesascope.core.objective import Role as Role
    from mesascope.core.rng import named_key as named_key
    from mesascope.experiments.registry import experiment as experiment
    from mesascope.inside import Edited as Edited
    from mesascope.inside import Inside as Inside
    from mesascope.inside import draw_counterfactuals as draw_counterfactuals
    from mesascope.inside import look_inside as look_inside
    from mesascope.instruments.card import Card as Card
    from mesascope.instruments.instrument import Finding as Finding
    from mesascope.instruments.instrument import Instrument as Instrument
    from mesascope.organisms.registry import build_organism as build_organism
    from mesascope.pictures import save_picture as save_picture
    from mesascope.store.learned_algorithm import load_learned_algorithm as load_learned_algorithm
    from mesascope.store.learned_algorithm import save_learned_algorithm as save_learned_algorithm
    from mesascope.worlds.grids.grid import GridLevels as GridLevels
    from mesascope.worlds.grids.red_doors import RedDoors as RedDoors
    from mesascope.worlds.grids.stepping import make_stepper as make_stepper
    from mesascope.worlds.grids.stepping import walk_at_random as walk_at_random

_HOMES = {
    "AuditDocument": "mesascope.auditing.document",
    "AuditResult": "mesascope.api",
    "Card": "mesascope.instruments.card",
    "Edited": "mesascope.inside",
    "Finding": "mesascope.instruments.instrument",
    "GridLevels": "mesascope.worlds.grids.grid",
    "Inside": "mesascope.inside",
    "Instrument": "mesascope.instruments.instrument",
    "MesascopeError": "mesascope.core.errors",
    "Objective": "mesascope.core.objective",
    "RedDoors": "mesascope.worlds.grids.red_doors",
    "Role": "mesascope.core.objective",
    "audit": "mesascope.api",
    "black_box": "mesascope.adapters.black_box",
    "build_organism": "mesascope.organisms.registry",
    "check_instrument": "mesascope.conformance.check_instrument",
    "draw_counterfactuals": "mesascope.inside",
    "experiment": "mesascope.experiments.registry",
    "jax_steps": "mesascope.adapters.jax_functions",
    "jax_subject": "mesascope.adapters.jax_functions",
    "load_agent": "mesascope.api",
    "load_learned_algorithm": "mesascope.store.learned_algorithm",
    "look_inside": "mesascope.inside",
    "make_stepper": "mesascope.worlds.grids.stepping",
    "named_key": "mesascope.core.rng",
    "numpy_steps": "mesascope.adapters.steps",
    "path_subject": "mesascope.adapters.written_paths",
    "save_learned_algorithm": "mesascope.store.learned_algorithm",
    "save_picture": "mesascope.pictures",
    "table_subject": "mesascope.adapters.tables",
    "torch_steps": "mesascope.adapters.torch_functions",
    "torch_subject": "mesascope.adapters.torch_modules",
    "train": "mesascope.api",
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
