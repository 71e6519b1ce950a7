"""The instrument of `two-by-two` that trains its four cells, and what the report shows of them."""

from mesascope.auditing.ledger_estimate import GAPS
from mesascope.experiments.two_by_two.trained import SHIFT, CellSummary, Knobs, Row, summarize, train_cells
from mesascope.instruments.card import Card
from mesascope.instruments.context import AuditContext
from mesascope.instruments.instrument import Finding, Instrument, NotRun
from mesascope.instruments.report_parts import ReportPart, bars, table

CARD = Card(
    name="two by two, trained",
    measures="The same four ledgers of agents that were trained, over seeds.",
    estimator=(
        "Glance nets in mazes of 5 by 5, trained by exact policy gradient for door or red; training levels tell the two apart "
        "(a share of them has a blue door and a red ball) or do not, and colors are loud or faint to the net. M is the "
        "hypothesis with the highest exact posterior, from one episode on each of 100 levels of either distribution. Means over "
        "agents with Student's interval."
    ),
    assumptions="What an agent is after is among the named hypotheses: one feature, two of them, or none.",
    controls="The cells in which training levels tell door from red: there the agents must be after what was rewarded.",
    blind_spots=(
        "How loud colors are was chosen so that the cells come out as they are called: nothing is said of how often each arises.",
        "An agent after what no hypothesis says shows as a capability gap.",
    ),
    cost="a minute or two of one core for ten agents of each cell",
    references=(
        "Hubinger et al. 2019, Risks from Learned Optimization, arXiv 1906.01820, sections 1.2 and 3",
        "Langosco et al. 2022, Goal misgeneralization in deep reinforcement learning, arXiv 2105.14111",
    ),
)


def _trained_cells(context: AuditContext) -> Finding | NotRun:
    experiment = context.world
    if context.settings.quick or not experiment.trained:
        return NotRun(
            "no cell was trained: `trained` is 0" if not context.settings.quick else "a quick audit trains none"
        )
    knobs = Knobs(experiment.trained, experiment.updates, experiment.apart, experiment.loud)
    rows = train_cells(knobs, context.seed, min(experiment.levels, 200))
    cells = summarize(rows)
    return Finding(
        rows, data={"trained": cells, "trained_by_seed": rows}, parts=(_trained_part(cells), _seeds_part(rows))
    )


def _trained_part(cells: dict[str, CellSummary]) -> ReportPart:
    rows = [
        (f"{name}, {d}", *(gaps[gap] for gap in GAPS), _counted(found.after), _counted(found.verdicts))
        for name, found in cells.items()
        for d, gaps in found.shares.items()
    ]
    seeds = next(iter(cells.values())).seeds
    return ReportPart(
        "The four cells trained",
        f"{seeds} agents of each cell, trained and not built: what they are after is inferred from what they do. Reward first, "
        "expected generalization second. Shares as above, means over agents.",
        bars(f"total gap under {SHIFT}", {name: found.shares[SHIFT]["total"] for name, found in cells.items()}),
        table("cell", *GAPS, "after", "objective", rows=rows),
    )


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in sorted(counts.items(), key=lambda item: -item[1]))


def _seeds_part(rows: list[Row]) -> ReportPart:
    shown = [
        (f"{r.cell}, seed {r.seed}", *(round(r.shares[SHIFT][g], 3) for g in GAPS), r.after, r.summary) for r in rows
    ]
    return ReportPart(
        f"Each trained agent under {SHIFT}",
        "Shares of the best return less that of the uniform policy.",
        None,
        table("agent", *GAPS, "after", "objective", rows=shown),
    )


TRAINED_CELLS = Instrument(CARD, _trained_cells)
"""The four cells, trained over seeds."""
