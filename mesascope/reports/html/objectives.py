"""What the subject is after: read from its behavior, and, only where it was located inside, the mesa-objective."""

from mesascope.reports.figures.scale import Scale, covering
from mesascope.reports.figures.tracks import axis, bar, track
from mesascope.reports.html.parts import (
    Column,
    badge,
    fold,
    mark,
    paragraph,
    section,
    strong,
    table,
    value_cell,
)
from mesascope.reports.markup import Child, Markup, join, tag
from mesascope.reports.numbers import bounds, number, point, real
from mesascope.reports.plain import why_no_mesa
from mesascope.reports.reading import Audit, items, look, words
from mesascope.reports.reading import table as part

_SHARE = Scale(0.0, 1.0, 150.0)
_MOST_HYPOTHESES = 12


def objectives(audit: Audit, name: str) -> Markup:
    """From outside, then from inside."""
    return join(_behavioral(audit, name), _mesa(audit, name))


def _behavioral(audit: Audit, name: str) -> Markup:
    found = part(audit, "behavioral_objective")
    weights = part(found, "weights")
    title = "What it is after, seen from outside"
    if not weights:
        return section(3, f"{name}-behavioral", title, paragraph("No objective was read from its behavior."))
    return section(
        3,
        f"{name}-behavioral",
        title,
        paragraph(
            "The behavioral objective: weights over features that explain which object the agent touches first, the "
            "most wanted scaled to 1. At zero or below, an object is not gone for; how far below is hardly told. It "
            "describes behavior and claims nothing about what is inside."
        ),
        tag("figure", _weights(weights, "blue", "dot")),
        _noise(found),
        _identified(audit),
        _hypotheses(audit),
        _diagnostics(audit),
    )


def _noise(found: object) -> Markup | None:
    keys = (("inverse_temperature", "inverse temperature "), ("lapse", "lapse rate "))
    parts = [join(text, strong(look(found, key))) for key, text in keys if point(look(found, key)) is not None]
    separated = (join(", " if index else None, said) for index, said in enumerate(parts))
    return paragraph("Noise in its choices: ", *separated, ".") if parts else None


def _weights(weights: object, look_: str, shape: str) -> Markup:
    entries = dict(part(weights))
    ends = [end for e in entries.values() for end in (point(e), *(bounds(e) or ()))]
    scale = covering(ends, 340.0)
    rows = [[f, track([mark(e, look_, shape)], scale), value_cell(e)] for f, e in entries.items()]
    return table([Column("", "text"), Column(axis(scale), "figure"), Column("weight")], rows)


def _identified(audit: Audit) -> Markup | None:
    known = look(audit, "behavioral_objective", "identified_in_training")
    if known is None:
        return None
    missing = [str(x) for x in items(audit, "behavioral_objective", "unidentified")]
    if known:
        return paragraph(
            badge("identified in training", "good"), " Training levels alone suffice to tell these weights."
        )
    listed = ": " + ", ".join(missing) if missing else ""
    return paragraph(
        badge("not identified in training", "open"),
        f" What training alone cannot identify{listed}. Only shifted levels tell.",
    )


def _hypotheses(audit: Audit) -> Markup | None:
    found = look(audit, "behavioral_objective", "hypotheses")
    home, everywhere = (
        {words(h, "name"): look(h, "posterior") for h in items(found, levels)} for levels in ("training", "all")
    )
    names = list(dict.fromkeys([*everywhere, *home]))
    if not names:
        return None
    ranked = sorted(names, key=lambda n: -max(real(home.get(n)) or 0.0, real(everywhere.get(n)) or 0.0))
    shown, rest = ranked[:_MOST_HYPOTHESES], ranked[_MOST_HYPOTHESES:]
    columns = [
        Column("hypothesis", "text"),
        Column(join("training alone", tag("br"), axis(_SHARE, 3)), "figure"),
        Column(join("all levels", tag("br"), axis(_SHARE, 3)), "figure"),
    ]
    rows = []
    for hypothesis in shown:
        row: list[Child] = [hypothesis]
        for side, look_ in ((home, "quiet"), (everywhere, "blue")):
            entry = {"value": side.get(hypothesis)}
            row.append(tag("span", bar(mark(entry, look_), _SHARE), value_cell(entry, 3), class_="beside"))
        rows.append(row)
    return join(
        tag("h4", "Which of the named hypotheses"),
        paragraph(
            "Posterior probability of each hypothesis, from training levels alone and from all levels. Several that "
            "share the probability on the left and not on the right are what training could not tell apart."
        ),
        tag("figure", table(columns, rows)),
        paragraph(f"{number(len(rest))} more are less likely than these.", class_="note") if rest else None,
    )


def _diagnostics(audit: Audit) -> Markup | None:
    found = part(audit, "behavioral_objective", "diagnostics")
    if not found:
        return None
    rows = [
        [key.replace("_", " "), number(value, 3) if real(value) is not None else str(value)]
        for key, value in found.items()
    ]
    return fold("Diagnostics of the sampler", table([Column("", "text"), Column("")], rows))


def _mesa(audit: Audit, name: str) -> Markup:
    found = look(audit, "mesa_objective")
    title = "What it is after, located inside"
    if found is None:
        return section(
            3,
            f"{name}-inside",
            title,
            paragraph(badge("not claimed", "open"), f" No mesa-objective is claimed: {why_no_mesa(audit)}."),
        )
    confirmed = look(found, "confirmed_by_intervention")
    site = words(found, "site")
    built = look(audit, "search", "hard_coded") is True
    return section(
        3,
        f"{name}-inside",
        title,
        paragraph(
            "The mesa-objective: what its plans turn out to be made for when the inside is rewritten",
            f", here at {site}. " if site else ". ",
            badge("confirmed by intervention", "good") if confirmed else badge("not confirmed by intervention", "open"),
        ),
        paragraph("The search was built in by hand, so this is no product of training.", class_="note")
        if built
        else None,
        tag("figure", _weights(part(found, "weights"), "red", "diamond")) if part(found, "weights") else None,
        _agreement(found),
        _pull(found),
    )


def _agreement(found: object) -> Markup | None:
    agrees = look(found, "agrees_with_behavioral")
    if agrees is None:
        return None
    if agrees:
        return paragraph(badge("agrees with behavior", "good"), " Inside and outside tell the same story.")
    listed = ", ".join(str(x) for x in items(found, "disagreements"))
    return paragraph(
        badge("disagrees with behavior", "bad"), f" Inside and outside differ{': ' + listed if listed else ''}."
    )


def _pull(found: object) -> Markup | None:
    pulls = [p for p in items(found, "pull") if look(p, "share") is not None]
    if not pulls:
        return None
    scale = covering(
        [e for p in pulls for e in (point(look(p, "share")), *(bounds(look(p, "share")) or ()))],
        340.0,
        least=(0.0, 1.0),
    )
    rows = [
        [words(p, "object"), track([mark(look(p, "share"), "red", "diamond")], scale), value_cell(look(p, "share"))]
        for p in pulls
    ]
    return join(
        tag("h4", "The pull of one object alone"),
        paragraph(
            "Each object was written, alone, into the state of a level that holds nothing; no input ever showed it. "
            "The pull is the return that the agent's plan then earns for reaching it, as a share of the best possible."
        ),
        tag("figure", table([Column("written in", "text"), Column(axis(scale), "figure"), Column("pull")], rows)),
    )
