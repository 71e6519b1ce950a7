"""How capable the subject is: thinking time, goal-directedness, competence, and the curve of its training."""

from collections.abc import Mapping

from mesascope.reports.figures.curve import Point, curve
from mesascope.reports.html.parts import bars, fold, folded, paragraph, spanning, table, text
from mesascope.reports.markup import Markup, join, tag
from mesascope.reports.numbers import bounds, number, point, real
from mesascope.reports.reading import Audit, distributions, items, look, part, union, words


def capability(audit: Audit, name: str) -> Markup:
    """Everything about how well it does, whatever it is after."""
    return join(_competence(audit, name), _thinking(audit, name), _directedness(audit, name), _training(audit, name))


def _competence(audit: Audit, name: str) -> Markup | None:
    found = [d for d in distributions(audit) if part(audit, "competence", d)]
    if not found:
        return None
    candidates = union(part(audit, "competence", d) for d in found)
    rows = {d: [look(audit, "competence", d, c) for c in candidates] for d in found}
    return folded(
        3,
        f"{name}-competence",
        "Competence at each objective it might have",
        paragraph("0 is acting at random, 1 is the best policy for that objective. A dash: nothing there serves it."),
        tag("figure", _panels(rows, candidates, "green", 1.0)),
    )


def _panels(rows: Mapping[str, list], heads: list[str], look_: str, most: float) -> Markup:
    """Bars of each estimate, one row for each distribution, all on one scale that reaches from 0 to `most` at least."""
    scale = spanning((e for row in rows.values() for e in row), 104.0, (0.0, most))
    return bars(rows, heads, [look_] * len(heads), scale)


def _thinking(audit: Audit, name: str) -> Markup | None:
    found = [p for p in items(audit, "thinking_time") if real(look(p, "ticks")) is not None]
    points = [
        Point(float(p["ticks"]), value, bounds(p["competence"]))
        for p in found
        if (value := point(look(p, "competence"))) is not None
    ]
    if not points:
        return None
    rows = [[number(p["ticks"]), look(p, "competence")] for p in found]
    return folded(
        3,
        f"{name}-thinking",
        "Competence by thinking time",
        paragraph(
            "Competence in training levels when stopped after so many ticks. A rising curve fits search, but a table "
            "that gives out its answers bit by bit shows the same: it decides nothing."
        ),
        tag("figure", curve(points, x_label="ticks", y_label="competence", dots=True)),
        fold("The curve as numbers", table(["ticks", "competence"], rows)),
    )


def _directedness(audit: Audit, name: str) -> Markup | None:
    found = [d for d in distributions(audit) if part(audit, "goal_directedness", d)]
    if not found:
        return None
    by = union(part(audit, "goal_directedness", d, "by_feature") for d in found)
    measured = {d: part(audit, "goal_directedness", d) for d in found}
    rows = {d: [m.get("meg"), *(look(m, "by_feature", f) for f in by)] for d, m in measured.items()}
    return folded(
        3,
        f"{name}-directedness",
        "Goal-directedness",
        paragraph(
            "Maximum entropy goal-directedness (MEG): how much better its actions are predicted by assuming that it "
            "pursues an objective over these features than by assuming nothing. High for a goal it seeks."
        ),
        tag("figure", _panels(rows, ["any weights", *by], "violet", 0.1)),
    )


def _training(audit: Audit, name: str) -> Markup | None:
    found = look(audit, "subject", "training")
    if not isinstance(found, Mapping):
        return None
    pairs = [p for p in items(found, "curve") if isinstance(p, list | tuple) and len(p) == 2]
    points = [Point(x, y) for x, y in ((real(a), real(b)) for a, b in pairs) if x is not None and y is not None]
    drawable = len(points) > 1
    numbers = table(["updates", "competence"], [[number(p.x, 0), number(p.y)] for p in points])
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
    return folded(
        3,
        f"{name}-training",
        "Training",
        tag("figure", curve(points, x_label="updates", y_label="competence", look="green")) if drawable else None,
        fold("The curve as numbers", numbers) if drawable else None,
        fold("Settings", table(["", text("")], rows)) if rows else None,
    )


def _fact(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}" if abs(value) < 1e4 else number(value, 0)
    return number(value) if real(value) is not None else str(value)
