"""What the savanna's page shows beyond what every audit has."""

from collections.abc import Sequence

import numpy as np

from mesascope.experiments.savanna.known import Known
from mesascope.experiments.savanna.phases import Phases, Point
from mesascope.experiments.savanna.populations import Populations
from mesascope.experiments.savanna.realignment import Realignment
from mesascope.experiments.savanna.rewards import PRESSES, RATE, TwiceLearned
from mesascope.experiments.savanna.selection import Record
from mesascope.instruments.report_parts import ReportPart, curves, grid, line, table

_SHOWN_GENERATIONS = 160
_WON = ("share of animals", "rate of seeds they won")


def of_evolution(record: Record) -> ReportPart:
    """The evolution that the audited individual comes from."""
    animals, mean = (np.asarray(x, np.float64) for x in (record.animals, record.fitness))
    every = max(len(animals) // 50, 1)
    lines = [
        line(name, [*enumerate(ys)][::every]) for name, ys in (("share of animals", animals), ("mean fitness", mean))
    ]
    text = (
        f"Animals are {animals[0]:.3g} of the first generation and {animals[-1]:.3g} of the last. Mean fitness, exact over the "
        f"contexts of a life, goes from {mean[0]:.2f} to {mean[-1]:.2f}."
    )
    return ReportPart("The evolution it comes from", text, curves("generation", "share, fitness", *lines))


def of_phases(phases: Phases) -> ReportPart:
    """Who wins over contexts and cost."""
    contexts = sorted({int(p.life.contexts) for p in phases.grid})
    costs = sorted({float(p.life.cost) for p in phases.grid})
    at = {(int(p.life.contexts), float(p.life.cost)): p for p in phases.grid}
    shares = [[at[count, cost].share.value for count in contexts] for cost in costs]
    rows = [(f"{count}, {cost:g}", at[count, cost].share, at[count, cost].won) for count in contexts for cost in costs]
    text = (
        f"Share of animals in the last generation, mean over {phases.seeds} seeds, from a first generation of half animals and "
        "half plants. A plant pays nothing and needs a gene for every context; an animal pays for each search and needs four."
    )
    figure = grid("contexts of a life", "cost of search", "share of animals", tuple(contexts), tuple(costs), shares)
    return ReportPart("Who wins", text, figure, table("contexts, cost", *_WON, rows=rows))


def of_start(phases: Phases) -> ReportPart:
    """How the start, and a world without anything to value, change who wins."""
    cost = phases.invaded[0].life.cost
    mixed = [p for p in phases.grid if p.life.cost == cost]
    told = {"from half animals": mixed, "from plants alone": phases.invaded, "percepts tell nothing": phases.unrelated}
    lines = [
        line(name, ((np.log2(p.life.contexts), p.share) for p in points)) for name, points in told.items() if points
    ]
    rows = [
        (f"{name}, {int(p.life.contexts)} contexts", p.share, p.won) for name, points in told.items() for p in points
    ]
    text = (
        f"The same at cost {cost:g}. From plants alone, animals must arise by mutation and beat reflexes that have already been "
        f"selected. {_lock_in(mixed, phases.invaded)} Where percepts tell nothing of calories and births there is nothing to "
        "search by: the control."
    )
    figure = curves("contexts of a life, as a power of two", "share of animals", *lines)
    return ReportPart("Where search comes from", text, figure, table("start", *_WON, rows=rows))


def _lock_in(mixed: Sequence[Point], invaded: Sequence[Point]) -> str:
    """Where the start decides who wins."""
    other = {p.life.contexts: p.share for p in invaded}
    apart = [
        f"{int(p.life.contexts)} ({p.share.text} and {other[p.life.contexts].text})"
        for p in mixed
        if p.life.contexts in other and p.share.interval.low > other[p.life.contexts].interval.high
    ]
    if not apart:
        return "At no number of contexts do the two starts surely end apart."
    return (
        f"The start decides at these numbers of contexts: {', '.join(apart)}. There it is partly lock-in who wins: whichever "
        "kind has spent its selection first keeps the other out."
    )


def of_populations(populations: Populations) -> ReportPart:
    """What the shifts do to each kind."""
    rows = []
    for kind, fates in (("animals", populations.animals), ("plants", populations.plants)):
        rows += [(f"{kind}, {world}", fate.fitness, fate.own, fate.candy) for world, fate in fates.items()]
    before, after = populations.animals["training"], populations.animals["candy"]
    text = (
        f"Each kind was selected alone, {populations.seeds} seeds; then its world shifted, in the very contexts it lived in. "
        f"Under candy the animals' fitness goes from {before.fitness.value:.2f} to {after.fitness.value:.2f}, while the return "
        f"by their own values goes from {_shown(before.own)} to {_shown(after.own)}. A plant takes candy as often as candy "
        "happens to lie where its reflex points. Genes in random order are a control."
    )
    listed = table("population", "fitness", "return by own values", "takes candy", rows=rows)
    return ReportPart("When the world shifts", text, None, listed)


def _shown(estimate) -> str:
    return "none" if estimate is None else f"{estimate.value:.2f}"


def of_realignment(found: Realignment) -> ReportPart:
    """Re-alignment against the speed of change."""
    lines = [
        line(f"{speed.ramp} generations", [*enumerate(row[:_SHOWN_GENERATIONS])][::2])
        for speed, row in zip(found.speeds, found.gaps, strict=True)
    ]
    rows = [(str(s.ramp), s.worst, s.lag, s.generations, s.unclosed) for s in found.speeds]
    text = (
        "Selection goes on while what pays changes from taste and touch to color and smell, over as many generations as the "
        "lines say. The inner gap is the share of the best return that animals forgo by wanting what used to pay. A sudden "
        "change is made up for; a change slow enough never opens the gap."
    )
    listed = table(
        *("generations of change", "largest gap", "gap half way", "generations until closed for good"),
        "seeds never closed",
        rows=rows,
    )
    return ReportPart(
        "Can selection follow", text, curves("generations since the change began", "inner gap", *lines), listed
    )


def of_known(known: tuple[Known, ...]) -> ReportPart:
    """How often the tests of search are right."""
    names = tuple(known[0].followed)
    rows = [
        (row.kind, row.individuals, row.said, row.undecided, *(row.followed[name] for name in names)) for row in known
    ]
    text = (
        "The same tests on one individual of each population, whose kind is known, and on plants that remember far more "
        "contexts than anyone lives. Mean scores: 0 is no better than the best control, 1 is following always."
    )
    listed = table("kind", "examined", "said to search", "undecided", *names, rows=rows)
    return ReportPart("How often the tests are right", text, None, listed)


def of_rewards(found: TwiceLearned) -> ReportPart:
    """Selection of a reward, and what learners go for."""
    lines = [
        line(f"{strength:g} times the reward of a meal", zip(PRESSES, shares, strict=True))
        for strength, shares in found.lever.items()
    ]
    rows = [
        ("offspring of a choice, first generation", found.before),
        ("offspring of a choice, last generation", found.after),
        ("inner gap of the evolved reward", found.reward_gap),
        ("inner gap of the learned values", found.value_gap),
    ]
    rows += [
        (f"takes the lever of {strength:g} times a meal's reward after {k} presses", share)
        for strength, shares in found.lever.items()
        for k, share in zip(PRESSES, shares, strict=True)
    ]
    text = (
        f"Here the genome holds a reward, and values are learned from it within each life ({found.seeds} seeds). Selection finds "
        "a reward for taste and touch, learning finds values for them. Then a lever is offered that gives reward and no food, "
        "beside food that no reward will follow. How the share rises with the presses is arithmetic and no finding: the rule of "
        f"learning makes the lever worth its reward times 1 - {1 - RATE:g}^presses, and the share is a softmax of that beside "
        "what the learners like. What selection and learning add is how much they like food, and with it where the curves begin "
        "and end."
    )
    figure = curves("presses of the lever before the choice", "share that takes the lever", *lines)
    return ReportPart("Reward, or what came before it", text, figure, table("measured", "value", rows=rows))
