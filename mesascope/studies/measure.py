"""What one trained agent of a study comes to: the findings of a cell, as far as the study looks."""

from concurrent.futures import Executor
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from mesascope.auditing.audit import audit
from mesascope.auditing.built_in.behavior import event_fields
from mesascope.auditing.built_in.objectives import behavioral_fields
from mesascope.core.competence import competence_scale
from mesascope.core.progress import Stage, silent
from mesascope.core.solver import feature_returns
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.behavior import measure_behavior
from mesascope.instruments.behavioral_objective import infer_behavioral_objective
from mesascope.instruments.closed_loop.rollouts import measure_walked_behavior, walk_in
from mesascope.instruments.evaluation_levels import audit_key
from mesascope.instruments.sample import Sample, draw_sample
from mesascope.instruments.settings import FULL, QUICK
from mesascope.learned.registry import parameter_count
from mesascope.studies.cells import AUDITED, EvaluationSpec
from mesascope.worlds.world import AbstractWorld

KEPT = ("search", "behavioral_objective", "mesa_objective", "behavior", "competence", "returns", "ledger", "alignment")
"""Parts of an audit that a cell's row keeps."""


def measure(
    world: AbstractWorld,
    audited: AuditSubject,
    look: EvaluationSpec,
    seed: int,
    stage: Stage = silent,
    executor: Executor | None = None,
) -> dict[str, Any]:
    """Findings about one agent, under the names that an audit has for them; `stage` hears what begins. Pure.

    A whole audit has an executor run beside what it can.

    Levels and random numbers are those of an audit of this seed: the same for every condition.
    """
    if look.depth in AUDITED:
        settings = (QUICK if look.depth == "quick" else FULL)._replace(levels=look.levels)
        whole = audit(world, audited, settings, seed, stage, executor).to_json()
        return {part: whole[part] for part in KEPT if part in whole}
    if audited.subject.recurrent:
        return _episodes(world, audited.subject, look, seed, stage)
    stage("behavior")
    samples = [
        draw_sample(world, audited.subject, audit_key(seed, name), look.levels, name)
        for name in look.distributions(world)
    ]
    behavior = {
        s.distribution: measure_behavior(world, s, audit_key(seed, "behavior", s.distribution)) for s in samples
    }
    found: dict[str, Any] = {
        "behavior": {name: event_fields(b.events) for name, b in behavior.items()},
        "competence": {name: {"base": b.competence} for name, b in behavior.items() if b.competence is not None},
        "returns": {s.distribution: _returns(world, s) for s in samples},
    }
    if look.depth == "objective":
        stage("behavioral objective")
        inferred = infer_behavioral_objective(world, samples, audit_key(seed, "objective"), levels=QUICK.evidence)
        found["behavioral_objective"] = behavioral_fields(inferred)
    return found


def _episodes(
    world: AbstractWorld,
    subject: AbstractSubject,
    look: EvaluationSpec,
    seed: int,
    stage: Stage,
) -> dict[str, Any]:
    stage("walking")
    rolled = {
        name: measure_walked_behavior(
            world, walk_in(world, subject, audit_key(seed, "walked", name), look.levels, name)
        )
        for name in look.distributions(world)
    }
    competence = {name: r.behavior.competence for name, r in rolled.items()}
    return {
        "behavior": {name: event_fields(r.behavior.events) for name, r in rolled.items()},
        "competence": {name: {"base": found} for name, found in competence.items() if found is not None},
        "returns": {name: r.returns for name, r in rolled.items()},
    }


def of_net(agent: AbstractSubject) -> dict[str, int | float]:
    """Parameters, the share of its weights (matrices) that are not zero, and ticks of thinking: in all, or at each step."""
    matrices = [np.asarray(leaf) for leaf in jax.tree.leaves(eqx.filter(agent, eqx.is_inexact_array)) if leaf.ndim >= 2]
    count = sum(matrix.size for matrix in matrices)
    nonzero = sum(int(np.count_nonzero(matrix)) for matrix in matrices) / max(count, 1)
    return {"parameters": parameter_count(agent), "nonzero": nonzero, "ticks": agent.ticks}


def _returns(world: AbstractWorld, sample: Sample) -> dict[str, float]:
    """Mean returns at the base objective: exact, of the subject, of chance and of the best policy."""
    base = jnp.asarray(world.base_objective.vector(world.features))
    own = feature_returns(sample.mdp, sample.policy, world.discount) @ base
    scale = competence_scale(sample.mdp, base, world.discount)
    means = (float(np.asarray(x).mean()) for x in (own, scale.uniform, scale.optimal))
    return dict(zip(("subject", "uniform", "optimal"), means, strict=True))
