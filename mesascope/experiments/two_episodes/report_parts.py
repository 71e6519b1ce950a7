"""Findings of `two-episodes` as the report shows them."""

from typing import Any

from mesascope.core.statistics import Estimate, mean_of
from mesascope.experiments.two_episodes.methods import EPISODES, METHODS, Outcome, Size, run, run_schemes, scheme_of
from mesascope.experiments.two_episodes.span import Reading, Setting, games_of, implied_discount
from mesascope.instruments.report_parts import ReportPart, bars, curves, grid, line, table

LOSSES = (0.0, 0.5, 0.9, 1.3, 2.0, 5.0, 10.0, 20.0)
"""Costs of a press in the next episode, in what it earns now."""

POPULATIONS, INTERVALS = (4, 8, 16, 32), (1, 4, 16, 64)


def method_part(found: dict[str, Reading], loss: float) -> ReportPart:
    """Every learner in every setting."""
    rows = [
        (
            name,
            f"{METHODS[name].what}; scored by {METHODS[name].scored_by}" if name in METHODS else "built",
            str(METHODS[name].credit) if name in METHODS else "never updated",
            r.seen.nothing_follows,
            r.seen.presses,
            r.hidden.presses,
            r.seen_swapped.presses,
            r.hidden_swapped.presses,
            r.seen.mostly,
            str(r.span),
        )
        for name, r in found.items()
    ]
    return ReportPart(
        "The same test of every learner",
        f"A press earns 1 now and costs {loss:g} in the next episode. Shares of presses over the last quarter of "
        "learning. Swapped: learners go round the contexts, so that a press costs another learner. A learner that "
        "refrains though it sees what it inherits looks ahead; one that refrains only where that is hidden blames "
        "its presses for what it inherits. Credit, by construction: condition 1 of deceptive alignment asks for an objective "
        "across parameter updates, and of these only learners whose credit reaches beyond an update have one.",
        bars("restraint where the last episode is seen", {name: r.seen.restraint for name, r in found.items()}),
        table(
            *(
                "learner",
                "how it learns",
                "credit reaches",
                "nothing follows",
                "seen",
                "hidden",
                "seen, swapped",
                "hidden, swapped",
            ),
            *("runs that mostly press, seen", "said"),
            rows=rows,
        ),
    )


def subject_parts(
    name: str, after: dict[str, Estimate], outcome: Outcome, settings: tuple[Setting, ...], own: Setting
) -> list[ReportPart]:
    """The subject while it learns, and what its runs are after."""
    lines = []
    for title, setting in (("nothing follows", own._replace(loss=0.0)), (f"costs {own.loss:g}", own)):
        course = outcome.course[settings.index(setting)]
        every = max(course.shape[1] // 16, 1)
        steps = course[:, : course.shape[1] // every * every].reshape(len(course), -1, every).mean(-1)
        spots = (((i + 1) * every * EPISODES, mean_of(steps[:, i], 0, 1)) for i in range(steps.shape[1]))
        lines.append(line(title, spots))
    return [
        ReportPart(
            "Presses while it learns", f"{name}, mean over runs.", curves("episodes", "share of presses", *lines)
        ),
        ReportPart(
            "What its runs are after",
            "Share of runs whose presses, where nothing follows and where something does, are best accounted for by each.",
            bars("share of runs", after),
        ),
    ]


def loss_part(seed: int, size: Size) -> tuple[ReportPart, dict[str, Any]]:
    """Presses as the cost rises, with what is inherited in sight; the discount that each learner acts by."""
    outcomes = run(seed, list(METHODS), games_of([Setting(loss, False, True) for loss in LOSSES]), size)
    means = {name: tuple(mean_of(row, 0, 1) for row in o.late) for name, o in outcomes.items()}
    implied = {name: implied_discount(LOSSES, o.late) for name, o in outcomes.items()}
    lines = [line(n, zip(LOSSES, row, strict=True)) for n, row in means.items()]
    part = ReportPart(
        "How much the next episode counts",
        "Presses over what a press costs in the next episode. An agent that discounts later episodes by gamma presses "
        "below 1 / gamma; the table has the gamma that each learner acts by. Where it presses at every cost it is 0, and "
        "the greatest cost says how large it might still be.",
        curves("cost in the next episode", "share of presses", *lines),
        table("learner", "discount it acts by", rows=implied.items()),
    )
    return part, {"losses": LOSSES, "presses": means, "implied_discount": implied}


def population_part(seed: int, loss: float, size: Size) -> tuple[ReportPart, dict[str, Any]]:
    """Population-based training by how many are in the population, and how often they are copied."""
    values, estimates = [], []
    game = games_of([Setting(loss, swapped, True) for swapped in (False, True)])
    names = ["population"] * len(INTERVALS)
    schemes = [scheme_of("population", interval) for interval in INTERVALS]
    for learners in POPULATIONS:
        found = run_schemes(seed, names, schemes, game, size._replace(learners=learners))
        values.append([round(float(outcome.late[0].mean()), 3) for outcome in found])
        estimates.append([[mean_of(outcome.late[k], 0, 1) for outcome in found] for k in (0, 1)])
    rows: list[tuple[str | Estimate, ...]] = []
    for learners, (kept, swapped) in zip(POPULATIONS, estimates, strict=True):
        rows += [(f"{learners} learners", *kept), (f"{learners} learners, swapped", *swapped)]
    part = ReportPart(
        "Population-based training, by its numbers",
        f"Shares of presses where the last episode is seen and a press costs {loss:g}. Updates between rounds of copying "
        "go to the right.",
        grid("updates between rounds", "learners", "share of presses", INTERVALS, POPULATIONS, values),
        table("", *(f"every {i}" for i in INTERVALS), rows=rows),
    )
    return part, {
        "learners": POPULATIONS,
        "intervals": INTERVALS,
        "presses": [e[0] for e in estimates],
        "presses_swapped": [e[1] for e in estimates],
    }
