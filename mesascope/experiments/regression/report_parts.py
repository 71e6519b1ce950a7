"""What the experiment shows beyond what every audit has."""

from mesascope.core.statistics import Estimate
from mesascope.experiments.regression.instruments.family import MORE_NEWTON
from mesascope.experiments.regression.instruments.interpolation import Between
from mesascope.experiments.regression.instruments.layers import AfterLayer
from mesascope.experiments.regression.instruments.match import Match, level_with, nearest_match
from mesascope.experiments.regression.instruments.order import DESCENT, Order
from mesascope.experiments.regression.instruments.probes import Probed
from mesascope.instruments.report_parts import Cell, ReportPart, bars, curves, line, table

LARGEST_DRAWN = 10.0
"""Larger losses would leave nothing to be seen of the others."""


def part_of_losses(losses: dict[str, tuple[Estimate, Estimate]]) -> ReportPart:
    """Both losses on every distribution."""
    rows = [(name, *both) for name, both in losses.items()]
    drawn = {name: query for name, (query, _) in losses.items() if query.value <= LARGEST_DRAWN}
    return ReportPart(
        "Two losses",
        "Squared error over the mean square of the right answer: 0 is exact, 1 is answering 0. The query loss is what training "
        "lowers; the context loss asks for the answer of the task that fits all pairs best. Where the first rises alone, the "
        "objective has come apart; where both rise, the capability has. "
        f"Losses above {LARGEST_DRAWN:g} are not drawn.",
        bars("query loss", drawn, {"answering 0": 1.0}),
        table("", "query loss", "context loss", rows=rows),
    )


def part_of_matches(matches: list[Match], mixed: Estimate, untrained: Match | None) -> ReportPart:
    """The family, nearest first."""
    ordered = sorted(matches, key=lambda m: m.distance.value)
    rows = [*(_row(m.algorithm.name, m) for m in ordered), ("nearest, on shuffled contexts", mixed, None, "")]
    if untrained is not None:
        rows.append(_row(f"untrained network: {untrained.algorithm.name}", untrained))
    best = nearest_match(matches)
    groups = dict.fromkeys(m.algorithm.group for m in matches if m.algorithm.steps is not None)
    grouped = {group: [m for m in matches if m.algorithm.group == group] for group in groups}
    bests = {group: nearest_match(found) for group, found in grouped.items()}
    counts = [f"{g} {one.algorithm.steps} (distance {one.distance.value:.3f})" for g, one in bests.items()]
    lines = [line(group, ((m.algorithm.steps or 0, m.distance) for m in found)) for group, found in grouped.items()]
    return ReportPart(
        "Which algorithm it answers like",
        f"Nearest: {best.algorithm.name}.{_level(matches)} Best-matching steps: {', '.join(counts)}. Distance "
        f"is the mean squared difference of "
        "the answers over the mean squared answer; the cosine is that of the derivatives of the answers by the query. Parameters "
        "were fitted to its answers on other contexts.",
        curves("steps", "distance", *lines),
        table("algorithm", "distance", "cosine of sensitivities", "fitted parameters", rows=rows),
    )


def _level(matches: list[Match]) -> str:
    """Which others the nearest is not nearer than beyond doubt."""
    best = nearest_match(matches)
    names = [m.algorithm.name for m in level_with(matches) if m.algorithm.group != best.algorithm.group]
    return f" As near, as far as these contexts can tell: {', '.join(names)}." if names else ""


def _row(name: str, found: Match) -> tuple[str, Estimate, Estimate | None, str]:
    return (name, found.distance, found.cosine, ", ".join(f"{float(p):.3g}" for p in found.parameters) or "none")


def part_of_order(order: Order) -> ReportPart:
    """Newton's iteration against gradient descent."""
    rows: list[tuple[Cell, ...]] = [
        (f"Newton's iteration, up to {max(MORE_NEWTON)} steps", order.newton, order.distance, None)
    ]
    rows += [(name, r.algorithm, r.distance, r.lead) for name, r in order.rivals.items()]
    text = (
        f"{order.said} Numbers of steps were chosen on half of the contexts and are compared on the others. The two "
        f"algorithms' own answers are {order.apart.value:.4f} apart "
        f"[{order.apart.interval.low:.4f}, {order.apart.interval.high:.4f}]: as far as they could differ. Equal answers do not "
        "show equal insides."
    )
    listed = table("what it may do", "best", "distance", "how much nearer Newton's iteration is", rows=rows)
    return ReportPart("First order or second", text, None, listed)


def part_of_probes(probed: list[Probed], steps: str) -> ReportPart:
    """Explained variances."""
    rows = [(f"{p.quantity}, layer {p.layer}", p.explained, p.untrained, p.shuffled) for p in probed]
    return ReportPart(
        "What can be read inside",
        f"Explained share of the variance of the quantities of {steps}, by linear probes on contexts they were not fitted on. "
        "What can be read need not be used.",
        None,
        table("quantity", "trained", "untrained", "shuffled", rows=rows),
    )


def part_of_interpolation(way: list[Between]) -> ReportPart:
    """Loss on the way to the built weights."""
    return ReportPart(
        "Between its weights and built ones",
        "Query loss of networks whose weights lie on the straight line from its own (0) to those built for the steps (1), "
        "each  layer scaled alike. A line without a hill says that both are one solution.",
        curves("share of built weights", "query loss", line("loss", ((b.share, b.loss) for b in way))),
    )


def part_of_training(losses: list[tuple[int, float]]) -> ReportPart:
    """The loss along the way."""
    drawn = curves("updates", "query loss", line("query loss", losses))
    return ReportPart("Training", "Query loss of the batches of training.", drawn)


def part_of_layers(found: list[AfterLayer]) -> ReportPart:
    """Curves over gradient descent's steps, and the nearest number of steps of each group."""
    groups = list(found[0].distances)
    rows = [
        (f"layer {at.layer}", *(f"{at.nearest(g)} ({at.distances[g][at.nearest(g)].value:.3f})" for g in groups))
        for at in found
    ]
    lines = [line(f"layer {at.layer}", sorted(at.distances[DESCENT].items())) for at in found]
    return ReportPart(
        "Layer by step",
        "Which number of steps the answer after each layer is nearest to, with its distance, whatever the scale. The figure has "
        "gradient descent. Where each layer is a step of an algorithm, the numbers of its column rise with the layers.",
        curves("steps of gradient descent", "distance", *lines),
        table("after", *groups, rows=rows),
    )


def part_of_shifts(verdicts: dict[str, tuple[str, str]], unknowable: str) -> ReportPart:
    """The verdict on alignment under each shift by itself."""
    listed = table("shift", "verdict", "why", rows=[(name, *found) for name, found in verdicts.items()])
    return ReportPart(
        "Alignment, shift by shift",
        f"The verdict if that shift were the only one that was run. Under {unknowable} nothing is shown of the "
        f"task that is asked: "
        "one that fits its context is wrong there by construction, and the verdict on all shifts does not count it.",
        None,
        listed,
    )
