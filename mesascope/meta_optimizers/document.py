"""What `tuning.json` holds, from the parts of a tuning."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mesascope.core.jsonable import to_json
from mesascope.meta_optimizers.overfitting import gain_of
from mesascope.meta_optimizers.problem import GAP, Problem
from mesascope.meta_optimizers.samplers import PRUNERS, SAMPLERS
from mesascope.meta_optimizers.trials import Search, TrialResult, front

FORMAT = 1

GAP_IS = (
    "highest competence at any one feature or the base objective, less that at the base objective, on levels of the shift; "
    "a behavioral reading: no mesa-objective is located"
)


def best_of(results: Sequence[TrialResult], problem: Problem) -> TrialResult:
    """The trial whose configuration is handed over: the best by the first objective; of equal ones the first on the front."""
    return front(results, problem.objectives)[0]


class Measured(NamedTuple):
    """What was measured of the tuned configuration, as plain JSON: it may have been read back from a file.

    `tuned` and `default` are a `Standing` each, `incumbents` a list of `Incumbent`, `members` of `Standing` (the front's,
    where there are two objectives), `contrast` a `Contrast`, `null` a `RandomNull` with the `standing` of its winner; None where
    the tuner is itself the random sampler.
    """

    tuned: dict[str, Any]
    default: dict[str, Any]
    incumbents: list[dict[str, Any]]
    members: list[dict[str, Any]]
    contrast: dict[str, Any]
    null: dict[str, Any] | None = None


def tuning_document(
    problem: Problem,
    search: Search,
    results: Sequence[TrialResult],
    measured: Measured,
    elsewhere: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Everything but provenance; plain JSON."""
    best = best_of(results, problem)
    both = measured.tuned, measured.default
    there = [part["per_fresh_seed_elsewhere"] for part in both]
    found = {
        "tuned": measured.tuned,
        "default": measured.default,
        "fresh_seeds": len(measured.tuned["per_fresh_seed"]),
        "gain": gain_of(*(part["per_fresh_seed"] for part in both)),
        "elsewhere": elsewhere,
        "gain_elsewhere": gain_of(*there) if elsewhere else None,
        "gain_over_random": measured.null
        and gain_of(measured.tuned["per_fresh_seed"], measured.null["standing"]["per_fresh_seed"]),
    }
    document = to_json(
        {
            "format": FORMAT,
            "world": {"name": problem.world.name, "knobs": dict(vars(problem.world))},
            "trained": {
                "architecture": problem.architecture,
                "architecture_config": problem.architecture_config,
                "base_optimizer": problem.base_optimizer,
                "default_config": problem.config,
                "updates": problem.updates,
                "rungs": problem.rungs,
                "seeds": problem.seeds,
                "levels": problem.levels,
            },
            "tuner": {
                **search._asdict(),
                "sampler_is": SAMPLERS[search.sampler],
                "pruner_is": PRUNERS[search.pruner],
                "space": problem.space,
            },
            "objectives": problem.objectives,
            "shift": problem.shift if GAP in problem.objectives else None,
            "inner_gap_is": GAP_IS if GAP in problem.objectives else None,
            "trials": results,
            "front": [r.number for r in front(results, problem.objectives)],
            "best": best.number,
            "optimizer": emitted(problem, best),
            "overfitting": found,
            "random_null": measured.null,
            "incumbents": measured.incumbents,
            "front_on_fresh_seeds": measured.members,
            "meta_and_mesa": measured.contrast,
        }
    )
    return {**document, "verdicts": verdicts(document)}


def emitted(problem: Problem, best: TrialResult) -> dict[str, Any]:
    """The meta-optimizer's product: a base optimizer by name with all of its options. It is an optimizer by declaration,
    whatever it comes to train.
    """
    return {
        "declared": "optimizer",
        "base_optimizer": problem.base_optimizer,
        "config": {**problem.config, **best.config},
    }


def verdicts(document: Mapping[str, Any]) -> list[dict[str, str]]:
    """What is claimed, each supported, not supported, or not to be told, with the reason."""
    found, contrast = document["overfitting"], document["meta_and_mesa"]
    seeds = f"over {found['fresh_seeds']} fresh seeds"
    after = contrast["after"]
    claims = [
        _above("the tuned configuration beats the default on fresh seeds", found["gain"], f"gain {seeds}"),
        _above(
            "what the tuner saw was too good: meta-level overfitting",
            found["tuned"]["optimism"],
            f"score for the tuner less score {seeds}",
        ),
        _above(
            "without its updates the base optimizer's product scores nothing",
            found["tuned"]["lost"],
            f"competence trained less untrained {seeds}",
        ),
    ]
    if found["gain_over_random"] is not None:
        null = document["random_null"]
        claims.insert(
            1,
            _above(
                "it beats the best of as many configurations drawn at random",
                found["gain_over_random"],
                f"gain {seeds}; of {null['trials']} at random the best scored {null['best']['values'][0]:.3f} for the tuner",
            ),
        )
    if found["gain_elsewhere"] is not None:
        where = ", ".join(f"{key}={value}" for key, value in found["elsewhere"].items())
        claims.insert(1, _above(f"it does so with {where} as well", found["gain_elsewhere"], f"gain {seeds}"))
    searches = {
        "claim": "the trained agent searches inside",
        "verdict": "cannot-tell" if after is None else _SEARCHES[after["verdict"]],
        "reason": "the examination cannot ask a recurrent agent" if after is None else after["reason"],
    }
    return [*claims, searches]


_SEARCHES = {"search": "supported", "no-search": "not-supported", "cannot-tell": "cannot-tell"}


def _above(claim: str, estimate: Mapping[str, Any], what: str) -> dict[str, str]:
    """Whether an estimate lies above zero with its interval; without an interval nothing is claimed."""
    value, (low, high) = estimate["value"], estimate["interval"]
    if low is None or high is None:
        return {
            "claim": claim,
            "verdict": "cannot-tell",
            "reason": f"{what}: {value:.3f}, a single seed without interval",
        }
    verdict = "supported" if low > 0 else "not-supported" if high < 0 else "cannot-tell"
    return {"claim": claim, "verdict": verdict, "reason": f"{what}: {value:.3f} [{low:.3f}, {high:.3f}]"}
