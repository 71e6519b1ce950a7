"""How capable the subject is: thinking time, goal-directedness, competence, and the curve of its training."""

from collections.abc import Mapping

from mesascope.reports.figures.curve import Point, curve
from mesascope.reports.figures.scale import covering
from mesascope.reports.figures.tracks import axis
from mesascope.reports.html.parts import Column, barred, fold, paragraph, section, table, value_cell
from mesascope.reports.markup import Child, Markup, join, tag
from mesascope.reports.numbers import bounds, number, point, real
from mesascope.reports.reading import Audit, distributions, items, look, words
from mesascope.reports.reading import table as part


def capability(audit: Audit, name: str) -> Markup:
    """Everything about how well it does, whatever it is after."""
    return join(_competence(audit, name), _thinking(audit, name), _directedness(audit, name), _training(audit, name))


def _competence(audit: Audit, name: str) -> Markup | None:
    found = [d for d in distributions(audit) if part(audit, "competence", d)]
    if not found:
        return None
    candidates = list(dict.fromkeys(c for d in found for c in part(audit, "competence", d)))
    rows = {d: [look(audit, "competence", d, c) for c in candidates] for d in found}
    return section(
        3,
        f"{name}-competence",
        "How well it does, by each objective it might have",
        paragraph("0 is acting at random, 1 is the best policy for that objective. A dash: nothing there serves it."),
        tag("figure", _panels(rows, candidates, "green", (0.0, 1.0))),
    )


def _panels(rows: Mapping[str, list], heads: list[str], look_: str, least: tuple[float, float]) -> Markup:
    """Bars of each estimate, one row for each distribution, all on one scale."""
    ends = [end for row in rows.values() for e in row for end in (point(e), *(bounds(e) or ()))]
    scale = covering(ends, 104.0, least=least)
    columns = [Column("", "text"), *(Column(join(h, tag("br"), axis(scale, 3)), "figure") for h in heads)]
    drawn: list[list[Child]] = [[d, *(barred(e, look_, scale) for e in row)] for d, row in rows.items()]
    return table(columns, drawn)


def _thinking(audit: Audit, name: str) -> Markup | None:
    found = [p for p in items(audit, "thinking_time") if real(look(p, "ticks")) is not None]
    points = [
        Point(float(p["ticks"]), value, bounds(p["competence"]))
        for p in found
        if (value := point(look(p, "competence"))) is not None
    ]
    if not points:
        return None
    rows = [[number(p["ticks"]), value_cell(look(p, "competence"))] for p in found]
    return section(
        3,
        f"{name}-thinking",
        "What it gains from thinking longer",
        paragraph(
            "Competence in training levels when stopped after so many ticks. A rising curve fits search, but a table "
            "that gives out its answers bit by bit shows the same: it decides nothing."
        ),
        tag("figure", curve(points, x_label="ticks", y_label="competence", dots=True)),
        fold("The curve as numbers", table([Column("ticks", "text"), Column("competence")], rows)),
    )


def _directedness(audit: Audit, name: str) -> Markup | None:
    found = [d for d in distributions(audit) if part(audit, "goal_directedness", d)]
    if not found:
        return None
    by = list(dict.fromkeys(f for d in found for f in part(audit, "goal_directedness", d, "by_feature")))
    rows = {d: [look(audit, "goal_directedness", d, "meg")] for d in found}
    for d in found:
        rows[d] += [look(audit, "goal_directedness", d, "by_feature", f) for f in by]
    return section(
        3,
        f"{name}-directedness",
        "How goal-directed it is",
        paragraph(
            "Maximum entropy goal-directedness (MEG): how much better its actions are predicted by assuming that it "
            "pursues an objective over these features than by assuming nothing. High for a goal it seeks."
        ),
        tag("figure", _panels(rows, ["any weights", *by], "violet", (0.0, 0.1))),
    )


def _training(audit: Audit, name: str) -> Markup | None:
    found = look(audit, "subject", "training")
    if not isinstance(found, Mapping):
        return None
    pairs = [p for p in items(found, "curve") if isinstance(p, list | tuple) and len(p) == 2]
    points = [Point(x, y) for x, y in ((real(a), real(b)) for a, b in pairs) if x is not None and y is not None]
    drawable = len(points) > 1
    numbers = table([Column("updates", "text"), Column("competence")], [[number(p.x, 0), number(p.y)] for p in points])
    facts = {
        "base optimizer": words(found, "base_optimizer") or None,
        "updates": look(found, "updates"),
        "levels seen": look(found, "levels_seen"),
        "seconds": look(found, "seconds"),
        "architecture": words(audit, "subject", "architecture", "name") or None,
        "parameters": look(audit, "subject", "architecture", "parameters"),
        **part(audit, "subject", "architecture", "config"),
        **part(found, "config"),
    }
    rows = [[key.replace("_", " "), _fact(value)] for key, value in facts.items() if value is not None]
    return section(
        3,
        f"{name}-training",
        "How it was trained",
        tag("figure", curve(points, x_label="updates", y_label="competence", look="green")) if drawable else None,
        fold("The curve as numbers", numbers) if drawable else None,
        fold("Settings", table([Column("", "text"), Column("", "text")], rows)) if rows else None,
    )


def _fact(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}" if abs(value) < 1e4 else number(value, 0)
    return number(value) if real(value) is not None else str(value)
