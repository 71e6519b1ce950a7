"""All instruments by name: built-in ones, in the order in which an audit runs them, and those of installed packages."""

from mesascope.core.registry import Registry, check_instance
from mesascope.instruments.instrument import Instrument

_BUILT_IN = "mesascope.auditing.built_in"


def _check(name: str, found: object) -> None:
    """`TypeError` for what is no instrument, `ValueError` where it goes by another name than it is registered under."""
    check_instance(Instrument, name, found)
    assert isinstance(found, Instrument)
    if found.name != name:
        raise ValueError(f"its card is called '{found.name}': card and entry point must have one name")


INSTRUMENTS: Registry[Instrument] = Registry(
    "instrument",
    "mesascope.instruments",
    {
        "behavior": f"{_BUILT_IN}.behavior:BEHAVIOR",
        "goal-directedness": f"{_BUILT_IN}.behavior:GOAL_DIRECTEDNESS",
        "example levels": f"{_BUILT_IN}.behavior:EXAMPLE_LEVELS",
        "behavioral objective": f"{_BUILT_IN}.objectives:BEHAVIORAL_OBJECTIVE",
        "objects taken in turn": f"{_BUILT_IN}.objectives:OBJECTS_TAKEN_IN_TURN",
        "episodes played": f"{_BUILT_IN}.played:EPISODES_PLAYED",
        "behavioral ledger": f"{_BUILT_IN}.ledger:BEHAVIORAL_LEDGER",
        "thinking time": f"{_BUILT_IN}.behavior:THINKING_TIME",
        "search": f"{_BUILT_IN}.search:SEARCH",
        "closed-loop edits": f"{_BUILT_IN}.search:CLOSED_LOOP_EDITS",
        "thinking steps": f"{_BUILT_IN}.search:THINKING_STEPS",
        "plan read-out": f"{_BUILT_IN}.search:PLAN_READOUT",
        "mesa-objective": f"{_BUILT_IN}.objectives:MESA_OBJECTIVE",
        "compute depth": f"{_BUILT_IN}.description:COMPUTE_DEPTH",
        "light cone": f"{_BUILT_IN}.description:LIGHT_CONE",
        "probes": f"{_BUILT_IN}.description:PROBES",
        "algorithm": f"{_BUILT_IN}.description:ALGORITHM",
        "learned algorithm": f"{_BUILT_IN}.description:LEARNED_ALGORITHM",
        "weight patching": f"{_BUILT_IN}.description:WEIGHT_PATCHING",
        "ledger": f"{_BUILT_IN}.ledger:LEDGER",
        "worst level": f"{_BUILT_IN}.ledger:WORST_LEVEL",
        "alignment": f"{_BUILT_IN}.ledger:ALIGNMENT",
    },
    _check,
)
"""Every instrument; `mesascope instruments` lists them."""
