"""One row of a calibration: one known subject, one seed, everything the examination found."""

import hashlib
from typing import Any

import jax
import numpy as np

from mesascope.calibration.subjects import Known
from mesascope.core.jsonable import to_json
from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject
from mesascope.core.unrolled_readout import open_readout
from mesascope.instruments.evaluation_levels import audit_key
from mesascope.instruments.interventions.operating_point import OperatingPoint
from mesascope.instruments.interventions.thresholds import thresholds_of
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


def examine(world: AbstractWorld, known: Known, seed: int, effort: SampleBudget = EFFORT) -> dict[str, Any]:
    """Build the subject and examine it, as plain values.

    Everything the subject will meet is drawn from the seed before it is built, so that tables can be shown all of it; edits
    are drawn after it.
    """
    key = audit_key(seed, "calibration")
    pool = contested_levels(world, named_key(key, "contested"), POOL)
    looked = [world.draw(named_key(key, d), LOOKED_AT, d) for d in distributions(world)]
    subject = known.make(world, [pool, *looked], seed)
    untrained = None if known.untrained is None else known.untrained(world, [pool], seed)
    samples = [draw_sample(world, subject, named_key(key, d), LOOKED_AT, d) for d in distributions(world)]
    pursued = infer_pursued(world, samples, named_key(key, "pursued"))
    opened = open_readout(subject, world.observe(pool[:2]))
    lowest = thresholds_of(opened)._replace(passes_above=LOWEST.threshold, calibration=LOWEST)
    found = examine_search(world, opened, untrained, pool, pursued, named_key(key, "search"), effort, lowest)
    truth = None if known.check is None else known.check(world, subject, [pool, *looked])
    row = {
        "name": known.name,
        "group": known.group,
        # A label that its check does not bear out is none.
        "searches": known.searches if truth is None or truth["holds"] else None,
        "half": known.half,
        "twin": known.twin,
        "seed": seed,
        "pursued": dict(zip(world.features, pursued, strict=True)),
        "outputs": None if known.check else outputs_of(world, subject, pool, key),
        "truth": truth,
        **of_verdict(found),
    }
    return to_json(row)


def of_verdict(found: SearchVerdict) -> dict[str, Any]:
    """Scores, controls, the capacity bound, and the verdict at the lowest threshold."""
    bound = found.certified
    return {
        "tests": {
            t.name: {
                "score": t.score,
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
