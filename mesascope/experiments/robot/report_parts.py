"""Findings of `robot` as the report shows them."""

from typing import Any

import numpy as np

from mesascope.auditing.ledger_estimate import GAPS
from mesascope.experiments.robot.examination import Examination
from mesascope.experiments.robot.planner import Planner
from mesascope.experiments.robot.training import Trained
from mesascope.instruments.kinds.openers import Opener
from mesascope.instruments.kinds.strength import Strength
from mesascope.instruments.report_parts import Cell, Line, ReportPart, bars, curves, line, table


def parts_of(found: Examination, planner: Planner, trained: Trained | None) -> list[ReportPart]:
    """Ledgers, and the four tests of kind."""
    evidence = found.judged.evidence
    rows = [(r.distribution, *(r.shares[gap] for gap in GAPS)) for r in found.judged.ledgers]
    inner = {r.distribution: r.shares["inner"] for r in found.judged.ledgers}
    text = (
        "Shares of the best return less that of the uniform policy. The objective is the one read inside the planner."
    )
    parts = [
        ReportPart("Ledger", text, bars("inner gap", inner), table("distribution", *GAPS, rows=rows)),
        _deletion(found),
        ReportPart(
            f"What opens the gap under {evidence.shift}",
            "Share of the inner gap that is gone where an event cannot happen. What takes away the base objective's chance as "
            "well, or all that the planner wants, says nothing. The chime of the mat is to nobody's purpose. Nothing is listed "
            "where no gap is open.",
            None,
            table("without", "of the gap is gone", "opens it", rows=map(_opener, evidence.openers)),
        ),
        ReportPart(
            f"Strength of optimization under {evidence.shift}",
            "The inner gap along a path of optimization, as a share of what the base objective's path has gained. At its left "
            "end it is one less the cosine of the two objectives. It grows for proxies and approximations alike.",
            curves("strength (logarithm to base 10)", "inner gap", _strength(evidence.strength)),
        ),
    ]
    if evidence.effort is not None:
        sweep = evidence.effort.sweep
        own = evidence.effort.own_effort
        parts.append(
            ReportPart(
                "Effort",
                f"In training, by {found.effort_of}; its own is {own:g}. A planner that does right by mistake loses at the "
                "base objective what it gains at its own.",
                curves(
                    found.effort_of,
                    "competence",
                    line("base objective", ((s.effort, s.base) for s in sweep)),
                    line("its own objective", ((s.effort, s.own) for s in sweep)),
                ),
            )
        )
    return [*parts, _controls(found), *_training(trained)]


def _controls(found: Examination) -> ReportPart:
    strength, effort = found.controls
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


def _deletion(found: Examination) -> ReportPart:
    deletion, correlation = found.judged.evidence.deletion, found.judged.evidence.correlation
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


def _opener(found: Opener) -> tuple[Cell, ...]:
    return found.event, found.gone, ("yes" if found.opens else "no") if found.telling else "says nothing"


def _strength(strength: Strength) -> Line:
    return line("inner gap", zip(np.log10(strength.strengths), strength.gaps, strict=True))


def _training(trained: Trained | None) -> list[ReportPart]:
    if trained is None:
        return []
    drawn = curves("updates", "return", line("return", enumerate(trained.curve)))
    parts = [ReportPart("Training", "Return by the base objective while the wants are trained.", drawn)]
    if trained.by_depth:
        rows = [(depth, round(value, 4)) for depth, value in trained.by_depth.items()]
        text = (
            "Return by the base objective of the planner trained at each depth. The least depth near the best is taken."
        )
        parts.append(ReportPart("Selection of depth", text, None, table("steps ahead", "return", rows=rows)))
    return parts


def findings_of(found: Examination, planner: Planner, trained: Trained | None) -> dict[str, Any]:
    """The same as data."""
    return {
        "kinds": found.judged.evidence,
        "controls": found.controls,
        "effort_of": found.effort_of,
        "retargeted": found.retargeted,
        "planner": planner._asdict(),
        "by_depth": {} if trained is None else {str(depth): value for depth, value in trained.by_depth.items()},
    }
