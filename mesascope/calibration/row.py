"""One row of a calibration: one known subject, one seed, everything the examination found."""

import hashlib
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Float

from mesascope.calibration.subjects import Known
from mesascope.core.jsonable import to_json
from mesascope.core.progress import Stage, silent
from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject
from mesascope.core.unrolled_loops import open_loop
from mesascope.instruments.closed_loop.examine import SampleBudget as EpisodeBudget
from mesascope.instruments.closed_loop.examine import examine_episodes
from mesascope.instruments.closed_loop.rollouts import draw_walked, walk_in
from mesascope.instruments.closed_loop.trials import trial_pool
from mesascope.instruments.evaluation_levels import audit_key
from mesascope.instruments.interventions.operating_point import OperatingPoint
from mesascope.instruments.interventions.thresholds import RECURRENT_MAP, Thresholds, thresholds_of
from mesascope.instruments.pursued import infer_pursued
from mesascope.instruments.sample import answer, draw_sample
from mesascope.instruments.search.examine import SampleBudget, examine_search
from mesascope.instruments.search.trials import contested_levels, draw_trials, test_names
from mesascope.instruments.search.verdict import SearchVerdict
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import TRAINING, AbstractWorld

LOWEST = OperatingPoint(0.25, 0, 0, 0, 100, "calibration")
"""The lowest threshold considered: below it the capacity bound is not measured, and nothing is ever called search."""

POOL, LOOKED_AT = 512, 48
"""Contested levels to draw trials from, and levels of each distribution that the objective is inferred from."""

EFFORT = SampleBudget(per_test=96)


def distributions(world: AbstractWorld) -> tuple[str, ...]:
    """Training, the world's first shift and its last: where the objective is inferred. They must keep the size of training."""
    shifts = tuple(world.shifts)
    return (TRAINING, *dict.fromkeys((*shifts[:1], *shifts[-1:])))


class _Examined(NamedTuple):
    """A subject, the levels it was built with, what it was taken to be after, and the verdict."""

    subject: AbstractSubject
    stored: list[AbstractLevels]
    pursued: Float[np.ndarray, " feature"]
    verdict: SearchVerdict


def examine(
    world: AbstractWorld, known: Known, seed: int, effort: SampleBudget = EFFORT, tell: Stage = silent
) -> dict[str, Any]:
    """Build the subject and examine it, as plain values. `tell` hears how far it is.

    Everything the subject will meet is drawn from the seed before it is built, so that tables can be shown all of it; edits
    are drawn after it.
    """
    key = audit_key(seed, "calibration")
    found = (_in_episodes if known.recurrent else _at_once)(world, known, seed, effort, tell)
    pool = found.stored[0]
    tell("checking its label")
    truth = None if known.check is None else known.check(world, found.subject, found.stored)
    row = {
        "name": known.name,
        "group": known.group,
        # A label that its check does not bear out is none.
        "searches": known.searches if truth is None or truth["holds"] else None,
        "half": known.half,
        "twin": known.twin,
        "seed": seed,
        "pursued": dict(zip(world.features, found.pursued, strict=True)),
        "outputs": None if known.check else outputs_of(world, found.subject, pool, key),
        "truth": truth,
        **of_verdict(found.verdict),
    }
    return to_json(row)


def _lowest(thresholds: Thresholds) -> Thresholds:
    return thresholds._replace(passes_above=LOWEST.threshold, calibration=LOWEST, misses_known=True)


def _at_once(world: AbstractWorld, known: Known, seed: int, effort: SampleBudget, tell: Stage) -> _Examined:
    """A subject that answers a whole level."""
    tell("building it")
    key = audit_key(seed, "calibration")
    pool = contested_levels(world, named_key(key, "contested"), POOL)
    looked = [world.draw(named_key(key, d), LOOKED_AT, d) for d in distributions(world)]
    subject = known.make(world, [pool, *looked], seed)
    untrained = None if known.untrained is None else known.untrained(world, [pool], seed)
    tell("its objective")
    samples = [draw_sample(world, subject, named_key(key, d), LOOKED_AT, d) for d in distributions(world)]
    pursued = infer_pursued(world, samples, named_key(key, "pursued"))
    opened = open_loop(subject, world.observe(pool[:2]))
    lowest = _lowest(thresholds_of(opened))
    found = examine_search(world, opened, untrained, pool, pursued, named_key(key, "search"), effort, lowest, tell=tell)
    return _Examined(subject, [pool, *looked], pursued, found)


def _in_episodes(world: AbstractWorld, known: Known, seed: int, effort: SampleBudget, tell: Stage) -> _Examined:
    """A subject with a memory."""
    tell("building it")
    key, loop = audit_key(seed, "calibration"), audit_key(seed, "calibration", "closed loop")
    budget = EpisodeBudget(effort.per_test, certified=effort.certified)
    pool = trial_pool(world, named_key(loop, "courses"), effort.per_test)
    looked = [draw_walked(world, named_key(key, d), LOOKED_AT, d) for d in distributions(world)]
    subject = known.make(world, [pool, *looked], seed)
    tell("its objective")
    walks = [walk_in(world, subject, named_key(key, d), LOOKED_AT, d).sample for d in distributions(world)]
    pursued = infer_pursued(world, walks, named_key(key, "pursued"))
    lowest = _lowest(RECURRENT_MAP)
    found = examine_episodes(world, subject, None, pursued, loop, budget, lowest, tell).verdict
    return _Examined(subject, [pool, *looked], pursued, found)


def of_verdict(found: SearchVerdict) -> dict[str, Any]:
    """Scores, controls, the capacity bound, and the verdict at the lowest threshold."""
    bound = found.certified
    return {
        "tests": {
            t.name: {
                "score": t.score,
                "turned": None if t.turned is None else t.turned.score,
                "edited": t.edited.value,
                "ceiling": t.ceiling,
                "controls": {arm: e.value for arm, e in t.controls.items()},
                "beaten": not t.unbeaten,
                "least": t.least,
                "place": None if t.place is None else str(t.place),
                "refused": t.refused,
            }
            for t in found.tests
        },
        "least": min(t.least for t in found.tests),
        "capacity": None
        if bound is None
        else {
            "bits": bound.size.total,
            "precision": bound.size.precision,
            "unedited": bound.unedited,
            "edited": bound.edited,
            "levels": bound.levels,
            "enough": bound.enough,
        },
        "verdict": found.verdict,
        "reason": found.reason,
    }


def outputs_of(world: AbstractWorld, subject: AbstractSubject, pool: AbstractLevels, key: jax.Array) -> str:
    """A hash of every bit that the subject answers on the levels it was shown and on their edited counterparts.

    Twins have equal ones. The edits are those of the trials for the base objective, the same for all subjects of a seed.
    """
    base = world.base_objective.vector(world.features)
    trials = draw_trials(world, named_key(key, "outputs"), pool, EFFORT.per_test, jax.numpy.asarray(base))
    digest = hashlib.sha256()
    for name in test_names(world):
        shown = (trials[name].base, *(part.donor for part in trials[name].parts), trials[name].changed)
        for levels in shown:
            digest.update(np.asarray(answer(subject, world.observe(levels)), np.float32).tobytes())
    return digest.hexdigest()
