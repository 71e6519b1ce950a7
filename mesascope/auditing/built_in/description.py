"""Instruments that describe how a subject goes about it, and decide nothing: they run with the setting `describe`."""

from collections.abc import Callable
from typing import Any

import jax

from mesascope.auditing.built_in.behavior import one_touch, open_with_policy
from mesascope.auditing.weight_patching import other_objective, patch_weights, weight_patching_reason
from mesascope.core.rng import named_key
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.card import Card
from mesascope.instruments.context import AuditContext
from mesascope.instruments.describe.compute_depth import CARD as COMPUTE_DEPTH_CARD
from mesascope.instruments.describe.compute_depth import measure_compute_depth
from mesascope.instruments.describe.interchange import CARD as ALGORITHM_CARD
from mesascope.instruments.describe.interchange import identify_algorithm
from mesascope.instruments.describe.light_cone import CARD as LIGHT_CONE_CARD
from mesascope.instruments.describe.light_cone import measure_light_cone
from mesascope.instruments.describe.probes import CARD as PROBES_CARD
from mesascope.instruments.describe.probes import measure_probes
from mesascope.instruments.instrument import Finding, Instrument
from mesascope.instruments.learned_algorithm import CARD as LEARNED_ALGORITHM_CARD
from mesascope.instruments.learned_algorithm import name_learned_algorithm
from mesascope.instruments.pursued import pursued_weights
from mesascope.instruments.sample import Sample
from mesascope.instruments.weight_patching_card import CARD as WEIGHT_PATCHING_CARD
from mesascope.worlds.world import AbstractWorld

LEVELS = 256
"""Levels of each distribution that are looked at, at most."""

_OBJECTIVE = "behavioral objective"


def _first(sample: Sample) -> Sample:
    tables = (sample.levels, sample.mdp, sample.observation, sample.policy)
    return Sample(sample.distribution, *jax.tree.map(lambda t: t[:LEVELS], tables))


def _described(name: str, found: Any) -> Finding:
    return Finding(found, {"description": {name.replace(" ", "_"): found}})


def _no_map(world: AbstractWorld) -> str | None:
    shown = next(iter(world.views.values()))
    return (
        None if shown.shows_all_states else f"agents in {world.name} are shown no map of a level, on which it measures"
    )


def _no_moved_goal(world: AbstractWorld) -> str | None:
    known = world.counterfactuals is not None
    return _no_map(world) or (None if known else f"{world.name} does not say how a goal is moved")


def _no_algorithms(world: AbstractWorld) -> str | None:
    known = world.algorithms is not None
    return _no_map(world) or (None if known else f"{world.name} names no algorithms to compare with")


def _measured(
    card: Card,
    measure: Callable[..., Any],
    *,
    keyed: bool = True,
    lacks: Callable[[AbstractWorld], str | None] = _no_map,
) -> Instrument:
    """An instrument that looks at the inside on training levels, given what the subject is after by its behavior."""

    def run(context: AuditContext) -> Finding:
        untrained = context.audited.untrained
        given = [
            context.world,
            context.subject,
            untrained if untrained is not None and not untrained.recurrent else None,
            _first(context.samples[0]),
            pursued_weights(context.world, context.value(_OBJECTIVE).everywhere),
        ]
        key = named_key(context.key("description"), "describe")
        return _described(card.name, measure(*given, *([key] if keyed else [])))

    def applies(world: AbstractWorld, audited: AuditSubject) -> str | None:
        return one_touch(world, audited) or open_with_policy(world, audited) or lacks(world)

    return Instrument(card, run, needs=(_OBJECTIVE,), after=("mesa-objective",), applies=applies, option="describe")


COMPUTE_DEPTH = _measured(COMPUTE_DEPTH_CARD, measure_compute_depth, keyed=False)
LIGHT_CONE = _measured(LIGHT_CONE_CARD, measure_light_cone, lacks=_no_moved_goal)
PROBES = _measured(PROBES_CARD, measure_probes)
ALGORITHM = _measured(ALGORITHM_CARD, identify_algorithm, lacks=_no_algorithms)


def _learned_algorithm(context: AuditContext) -> Finding:
    weights = pursued_weights(context.world, context.value(_OBJECTIVE).everywhere)
    few = [_first(sample) for sample in context.samples]
    return _described(LEARNED_ALGORITHM_CARD.name, name_learned_algorithm(context.world, few, weights))


LEARNED_ALGORITHM = Instrument(
    LEARNED_ALGORITHM_CARD,
    _learned_algorithm,
    needs=(_OBJECTIVE,),
    applies=lambda world, audited: one_touch(world, audited) or _no_map(world),
    option="describe",
)


def _weight_patching(context: AuditContext) -> Finding:
    world = context.world
    found = patch_weights(world, context.subject, other_objective(world), context.key("graft"))
    return Finding(found, {"graft": found})


def _can_patch(world: AbstractWorld, audited: AuditSubject) -> str | None:
    trained = audited.training is not None and audited.open
    return open_with_policy(world, audited) or weight_patching_reason(world, trained=trained)


WEIGHT_PATCHING = Instrument(
    WEIGHT_PATCHING_CARD, _weight_patching, after=("algorithm",), applies=_can_patch, option="describe"
)
