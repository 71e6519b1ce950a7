"""Findings of `robot` as the report shows them."""

import numpy as np

from mesascope.auditing.ledger_estimate import GAPS, LedgerEstimate
from mesascope.experiments.robot.training import Trained
from mesascope.instruments.kinds.correlation import Correlation
from mesascope.instruments.kinds.deletion import Deletion
from mesascope.instruments.kinds.effort import Effort
from mesascope.instruments.kinds.openers import Opener
from mesascope.instruments.kinds.strength import Strength
from mesascope.instruments.report_parts import Cell, ReportPart, bars, curves, line, table


def ledger_part(ledgers: tuple[LedgerEstimate, ...]) -> ReportPart:
    """Gaps of every distribution."""
    rows = [(r.distribution, *(r.shares[gap] for gap in GAPS)) for r in ledgers]
    inner = {r.distribution: r.shares["inner"] for r in ledgers}
    text = (
        "Shares of the best return less that of the uniform policy. The objective is the one read inside the planner."
    )
    return ReportPart("Ledger", text, bars("inner gap", inner), table("distribution", *GAPS, rows=rows))


def openers_part(shift: str, openers: tuple[Opener, ...]) -> ReportPart:
    """What each event does to the gap."""
    return ReportPart(
        f"What opens the gap under {shift}",
        "Share of the inner gap that is gone where an event cannot happen. What takes away the base objective's chance as "
        "well, or all that the planner wants, says nothing. The chime of the mat is to nobody's purpose. Nothing is listed "
        "where no gap is open.",
        None,
        table("without", "of the gap is gone", "opens it", rows=map(_opener, openers)),
    )


def _opener(found: Opener) -> tuple[Cell, ...]:
    return found.event, found.gone, ("yes" if found.opens else "no") if found.telling else "says nothing"


def strength_part(shift: str, strength: Strength) -> ReportPart:
    """The gap along a path of optimization."""
    drawn = line("inner gap", zip(np.log10(strength.strengths), strength.gaps, strict=True))
    return ReportPart(
        f"Strength of optimization under {shift}",
        "The inner gap along a path of optimization, as a share of what the base objective's path has gained. At its left "
        "end it is one less the cosine of the two objectives. It grows for proxies and approximations alike.",
        curves("strength (logarithm to base 10)", "inner gap", drawn),
    )


def effort_part(effort_of: str, effort: Effort) -> ReportPart:
    """Competence at both objectives by effort."""
    return ReportPart(
        "Effort",
        f"In training, by {effort_of}; its own is {effort.own_effort:g}. A planner that does right by mistake loses at the "
        "base objective what it gains at its own.",
        curves(
            effort_of,
            "competence",
            line("base objective", ((s.effort, s.base) for s in effort.sweep)),
            line("its own objective", ((s.effort, s.own) for s in effort.sweep)),
        ),
    )


def controls_part(strength: Strength, effort: Effort) -> ReportPart:
    """The tests of kind on the base objective itself."""
    text = (
        "The same tests on the base objective itself. It must open no gap at any strength of optimization, and a planner that is "
        "after it must lose nothing by more effort."
    )
    rows = (
        ("largest inner gap at any strength", max(strength.gaps, key=lambda gap: gap.value)),
        ("competence at the base objective lost with more effort", effort.base_lost),
        ("compliance vanishes", "yes" if effort.vanishes else "no"),
    )
    return ReportPart("Controls", text, None, table("", "estimate", rows=rows))


def deletion_part(deletion: Deletion | None, correlation: Correlation | None) -> ReportPart:
    """What each objective loses without the other's events."""
    text = (
        "What an objective loses in training where the other's event cannot happen, as a share of what can be had. A loss of "
        "the base objective alone: its events are a side effect. A loss of the planner's alone: they are an instrument. "
        "Neither, and returns that correlate: a common cause."
    )
    if deletion is None or correlation is None:
        return ReportPart("Event deletion", f"{text} The planner is after no event of its own.")
    rows = (
        ("base objective, without the planner's event", deletion.mesa_on_base),
        ("planner's objective, without the base event", deletion.base_on_mesa),
        ("base objective, without the chime", deletion.null_on_base),
        ("planner's objective, without the chime", deletion.null_on_mesa),
        ("correlation of returns over policies", correlation.own),
        ("correlation of the base objective with the chime", correlation.null),
    )
    return ReportPart("Event deletion", text, None, table("", "estimate", rows=rows))


def training_parts(trained: Trained) -> list[ReportPart]:
    """The return while the wants are trained, and by depth where that was selected."""
    drawn = curves("updates", "return", line("return", enumerate(trained.curve)))
    parts = [ReportPart("Training", "Return by the base objective while the wants are trained.", drawn)]
    if trained.by_depth:
        rows = [(depth, round(value, 4)) for depth, value in trained.by_depth.items()]
        text = (
            "Return by the base objective of the planner trained at each depth. The least depth near the best is taken."
        )
        parts.append(ReportPart("Selection of depth", text, None, table("steps ahead", "return", rows=rows)))
    return parts
