"""What the page shows of networks that reward and networks that learn."""

from mesascope.core.statistics import Estimate
from mesascope.experiments.savanna.ecology import PERCEPTS
from mesascope.experiments.savanna.networks.appraisal import AT_ONCE, HOME, LATER, STAGES
from mesascope.experiments.savanna.networks.nets import INPUTS
from mesascope.experiments.savanna.networks.study import CASES, EVOLVED, FEELING, TOLD, Networks, Wanted
from mesascope.instruments.report_parts import Cell, ReportPart, curves, line, table


def parts_of_networks(found: Networks) -> list[ReportPart]:
    """How it came about, and what both levels want."""
    return [_evolution(found), _wants(found), _values(found)]


def _evolution(found: Networks) -> ReportPart:
    every = max(found.generations // 12, 1)
    lines = [line(name, [*enumerate(body.curve)][::every]) for name, body in found.bodies.items()]
    bodies = found.bodies.values()
    rows: list[tuple[Cell, ...]] = [("first generation", *(body.curve[0] for body in bodies))]
    rows += [(case, *(body.cases[case].earned for body in bodies)) for case in CASES]
    told = " and ".join(
        f"from {_said(body.curve[0])} to {_said(body.cases[EVOLVED].earned)} with {name}"
        for name, body in found.bodies.items()
    )
    text = (
        "The genome is a network that says what a meal was worth; the animal is another, born valuing everything alike, that "
        "learns within each life by gradient descent to expect that reward, and chooses by what it expects. Only offspring is "
        f"selected ({found.people} genomes, {found.generations} generations, {found.seeds} seeds; {found.strategy}). Offspring "
        f"of a choice over a life goes {told}. Choosing by values is built in: what is learned twice is what to value, not that "
        "something is searched by it. Some bodies show their networks a store that fills with calories, so that a meal "
        "can be felt. For the last, one life in two was lived where color and smell pay instead, so that no percept could be "
        "trusted from life to life; it is appraised where taste and touch pay, like the others."
    )
    return ReportPart(
        "Learned twice, by networks",
        text,
        curves("generation", "offspring of a choice", *lines),
        table("offspring of a choice over a life", *found.bodies, rows=rows),
    )


def _wants(found: Networks) -> ReportPart:
    wants = {f"{n}, {s}": b.cases[EVOLVED].stages[s] for n, b in found.bodies.items() for s in STAGES}
    rows: list[tuple[Cell, ...]] = [(n, w.offspring, w.candy, *_gaps(w)) for n, w in wants.items()]
    others = {case: found.bodies[FEELING].cases[case].stages[HOME] for case in CASES if case != EVOLVED}
    rows += [(f"{case}, store felt, {HOME}", w.offspring, None, *_gaps(w)) for case, w in others.items()]
    told = "; ".join(
        f"{name}, {_said(stages[AT_ONCE].candy)} at once and {_said(stages[LATER].candy)} after a life of learning among candy"
        for name, stages in ((name, body.cases[EVOLVED].stages) for name, body in found.bodies.items())
    )
    text = (
        "Gaps are shares of what could be had above chance: offspring forgone by taking what the evolved network rewards most, "
        "offspring forgone by taking what is valued most, and reward forgone by taking what is valued most. Candy moves taste "
        f"and calories apart. Its share of choices: {told}. Learning goes on from the same genomes: what a second life mends was "
        f"in the evolved reward, and what it does not mend was not. '{TOLD}' is a reference and no animal."
    )
    gaps = ("gap of reward to offspring", "gap of values to offspring", "gap of values to reward")
    return ReportPart(
        "What both levels want", text, None, table("body, world", "offspring", "takes candy", *gaps, rows=rows)
    )


def _gaps(w: Wanted) -> tuple[Cell, ...]:
    return w.reward_gap, w.value_gap, w.between


def _values(found: Networks) -> ReportPart:
    rows: list[tuple[Cell, ...]] = []
    for name, body in found.bodies.items():
        rows.append((f"evolved reward, {name}", *(body.reward[i] for i in INPUTS)))
        rows.append((f"learned values, {name}", *(body.values[i] for i in PERCEPTS), None))
    text = (
        "Mean slopes at home, of length 1 in each animal. Offspring goes with taste and touch alike (0.71 each), and with the "
        "store, which holds the calories that taste foretells: at home nothing but the noise of learning tells which of the two "
        "should be rewarded."
    )
    return ReportPart("What reward and values are made of", text, None, table("", *INPUTS, rows=rows))


def _said(estimate: Estimate | None) -> str:
    return "none" if estimate is None else estimate.text
