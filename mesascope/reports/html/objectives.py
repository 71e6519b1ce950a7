"""The subject's objective: inferred from its behavior, and, only where it was located inside, the mesa-objective."""

from collections.abc import Mapping
from typing import Any

from mesascope.reports.figures.scale import Scale
from mesascope.reports.figures.tracks import bar
from mesascope.reports.html.parts import (
    Cell,
    badge,
    either,
    figure,
    fold,
    mark,
    marked,
    note,
    paragraph,
    section,
    spanning,
    strong,
    table,
    text,
    value_cell,
)
from mesascope.reports.markup import Markup, join, tag
from mesascope.reports.numbers import bounds, number, point, real
from mesascope.reports.plain import why_no_mesa
from mesascope.reports.reading import Audit, in_experiment, items, look, part, readings, union, words

_SHARE = Scale(0.0, 1.0, 150.0)
_MOST_HYPOTHESES = 12
_FLOOR = -2.0
"""Weights below this are drawn at it: how far below nothing a weight is, hardly any behavior tells."""

_TOUCHED_FIRST = (
    "The behavioral objective: weights over features that explain which object the agent touches first, and how it gets there; "
    "the most wanted is scaled to 1. At zero or below, an object is not gone for; how far below is hardly told. It describes "
    "behavior and claims nothing about what is inside."
)
_CHOICES = (
    "The behavioral objective: weights over features that explain what the subject does. It describes behavior and claims "
    "nothing about what is inside."
)
_BUILT_IN = "The weights that the subject was built with. Nothing was inferred from its behavior."
_TAKEN_IN_TURN = (
    "The behavioral objective: weights over features that explain the agent's steps, the most wanted scaled to 1. They lie on a "
    "grid, and an interval reaches to the ends of its cells. It describes behavior and claims nothing about what is inside."
)


def objectives(audit: Audit, name: str) -> Markup:
    """From outside, then from inside."""
    return join(_behavioral(audit, name), _mesa(audit, name))


def _behavioral(audit: Audit, name: str) -> Markup:
    found = part(audit, "behavioral_objective")
    weights = part(found, "weights")
    title = "Inferred objective (behavior)"
    if not weights:
        return section(3, f"{name}-behavioral", title, paragraph("No objective was inferred from its behavior."))
    return section(
        3,
        f"{name}-behavioral",
        title,
        paragraph(_described(audit)),
        tag("figure", _tracks(weights, "blue", "dot", ("", "weight"))),
        _readings(weights),
        _noise(found),
        _identified(found),
        _hypotheses(found),
        _diagnostics(found),
    )


def _described(audit: Audit) -> str:
    if look(audit, "behavioral_objective", "known") is True:
        return _BUILT_IN
    return _TAKEN_IN_TURN if "counts" in audit else _CHOICES if in_experiment(audit) else _TOUCHED_FIRST


def _readings(weights: Mapping[str, Any]) -> Markup | None:
    """Which features are wanted, which are not, and of which neither can be said."""
    said = [f"{reading.capitalize()}: {', '.join(names)}." for reading, names in readings(weights).items()]
    return paragraph(" ".join(said)) if said else None


def _noise(found: object) -> Markup | None:
    keys = (("inverse_temperature", "inverse temperature "), ("lapse", "lapse rate "))
    parts = [join(told, strong(look(found, key))) for key, told in keys if point(look(found, key)) is not None]
    separated = (join(", " if index else None, said) for index, said in enumerate(parts))
    return paragraph("Noise in its choices: ", *separated, ".") if parts else None


def _tracks(
    estimates: Mapping[str, Any], look_: str, shape: str, heads: tuple[str, str], least: tuple[float, float] = (0, 0)
) -> Markup:
    """A named estimate a row, all on one scale."""
    drawn = {name: floored(e) for name, e in estimates.items()}
    scale = spanning(drawn.values(), 340.0, least)
    rows: list[list[Cell]] = [
        [name, marked(drawn[name], look_, shape, scale), value_cell(e)] for name, e in estimates.items()
    ]
    return table([heads[0], figure("", scale), heads[1]], rows)


def floored(estimate: object) -> dict[str, Any]:
    """A weight as it is drawn: how far below zero it is stretches no axis."""
    value, ends = point(estimate), bounds(estimate)
    return {
        "value": None if value is None else max(value, _FLOOR),
        "interval": None if ends is None else [max(end, _FLOOR) for end in ends],
    }


def _identified(found: object) -> Markup | None:
    known = look(found, "identified_in_training")
    if known is None:
        return None
    missing = ", ".join(str(x) for x in items(found, "unidentified"))
    more = f" What training alone cannot identify{': ' + missing if missing else ''}. Only shifted levels tell."
    return paragraph(
        either(known, "identified in training", "not identified in training"),
        " Training levels alone suffice to tell these weights." if known else more,
    )


def _hypotheses(found: object) -> Markup | None:
    home, everywhere = (
        {words(h, "name"): look(h, "posterior") for h in items(found, "hypotheses", levels)}
        for levels in ("training", "all")
    )
    names = union([everywhere, home])
    if not names:
        return None
    ranked = sorted(names, key=lambda n: -max(real(home.get(n)) or 0.0, real(everywhere.get(n)) or 0.0))
    shown, rest = ranked[:_MOST_HYPOTHESES], ranked[_MOST_HYPOTHESES:]
    heads = [text("hypothesis"), figure("training alone", _SHARE, 3), figure("all levels", _SHARE, 3)]
    rows = [
        [name, *(_share(side.get(name), ink) for side, ink in ((home, "quiet"), (everywhere, "blue")))]
        for name in shown
    ]
    return fold(
        "Posterior over named hypotheses",
        paragraph(
            "Posterior probability of each hypothesis, from training levels alone and from all levels. Several that "
            "share the probability on the left and not on the right are what training could not tell apart."
        ),
        tag("figure", table(heads, rows)),
        note(f"{number(len(rest))} more are less likely than these.") if rest else None,
    )


def _share(value: object, ink: str) -> Markup:
    entry = {"value": value}
    return tag("span", bar(mark(entry, ink), _SHARE), value_cell(entry, 3), class_="beside")


def _diagnostics(found: object) -> Markup | None:
    rows = [
        [key.replace("_", " "), number(value, 3) if real(value) is not None else str(value)]
        for key, value in part(found, "diagnostics").items()
    ]
    return fold("Diagnostics of the sampler", table(["", ""], rows)) if rows else None


def _mesa(audit: Audit, name: str) -> Markup:
    found = look(audit, "mesa_objective")
    title = "Located objective (internals)"
    if found is None:
        no = paragraph(badge("not claimed", "open"), f" No mesa-objective is claimed: {why_no_mesa(audit)}.")
        return section(3, f"{name}-inside", title, no)
    site, weights = words(found, "site"), part(found, "weights")
    built = look(audit, "search", "hard_coded") is True
    return section(
        3,
        f"{name}-inside",
        title,
        paragraph(
            "The mesa-objective: what its plans turn out to be made for when the inside is rewritten",
            f", here at {site}. " if site else ". ",
            either(
                look(found, "confirmed_by_intervention"),
                "confirmed by intervention",
                "not confirmed by intervention",
            ),
        ),
        note("The search was built in by hand, so this is no product of training.") if built else None,
        _misfit(found),
        tag("figure", _tracks(weights, "red", "diamond", ("", "weight"))) if weights else None,
        _agreement(found),
        _pull(found),
    )


def _misfit(found: object) -> Markup | None:
    """Where weights and pulls contradict each other."""
    listed = "; ".join(str(x) for x in items(found, "misfit"))
    if not listed:
        return None
    return paragraph(
        badge("not a sum over features", "bad"),
        f" The weights below contradict what draws its plans when it exists inside alone: {listed}.",
    )


def _agreement(found: object) -> Markup | None:
    agrees = look(found, "agrees_with_behavioral")
    if agrees is None:
        return None
    listed = ", ".join(str(x) for x in items(found, "disagreements"))
    return paragraph(
        either(agrees, "agrees with behavior", "disagrees with behavior", "bad"),
        " The two objectives agree." if agrees else f" The two objectives differ{': ' + listed if listed else ''}.",
    )


def _pull(found: object) -> Markup | None:
    pulls = {words(p, "object"): look(p, "share") for p in items(found, "pull") if look(p, "share") is not None}
    if not pulls:
        return None
    return fold(
        "The pull of one object alone",
        paragraph(
            "Each object was written, alone, into the state of a level that holds nothing; no input ever showed it. "
            "The pull is the return that the agent's plan then earns for reaching it, as a share of the best possible."
        ),
        tag("figure", _tracks(pulls, "red", "diamond", ("written in", "pull"), (0.0, 1.0))),
    )
