"""The page of a tuning: what was handed over, what it is worth where nobody looked, and meta beside mesa."""

from collections.abc import Mapping
from typing import Any

from mesascope.reports.figures.curve import Point, curve, curves
from mesascope.reports.figures.scale import covering
from mesascope.reports.figures.tracks import axis, track
from mesascope.reports.html.head import page
from mesascope.reports.html.meta_and_mesa import meta_and_mesa
from mesascope.reports.html.parts import (
    Column,
    badge,
    fold,
    legend,
    mark,
    paragraph,
    section,
    strong,
    table,
    value_cell,
)
from mesascope.reports.markup import Child, Markup, tag
from mesascope.reports.numbers import bounds, number, point, real
from mesascope.reports.reading import items, look, words
from mesascope.reports.reading import table as part

_TONES = {"supported": "good", "not-supported": "bad", "cannot-tell": "open"}
_SAYS = {"supported": "supported", "not-supported": "not supported", "cannot-tell": "cannot tell"}
_WIDTH = 300.0

_STAGES = (
    ("chosen_by", "as the tuner saw it: its seeds, its levels"),
    ("fresh_levels", "the same networks on fresh levels"),
    ("fresh", "fresh seeds on fresh levels"),
    ("elsewhere", "fresh seeds, trained and scored in the other world"),
    ("no_updates", "fresh seeds without any update"),
)


def render_tuning(document: Mapping[str, Any]) -> str:
    """One self-contained HTML page for a tuning document; the same document gives the same bytes."""
    world, base = words(document, "world", "name"), words(document, "trained", "base_optimizer")
    title = f"Tuning {base} in {world}: what was designed to optimize, and what was found to?"
    parts = [_verdicts(document), meta_and_mesa(document), _overfitting(document), _front(document), _trials(document)]
    return page(
        title,
        tag(
            "div",
            tag("main", tag("h1", title), *_opening(document), *parts, _provenance(document)),
            class_="page alone",
        ),
    )


def _opening(document: Mapping[str, Any]) -> list[Markup]:
    trials = items(document, "trials")
    early = sum(1 for t in trials if t.get("pruned"))
    found = part(document, "overfitting")
    config = look(document, "overfitting", "tuned", "config")
    tuned = ", ".join(f"{key} {_figure(value)}" for key, value in (config or {}).items())
    return [
        paragraph(
            f"The {words(document, 'tuner', 'sampler')} tuner made {number(len(trials))} trials, {number(early)} of them given "
            f"up early; a trial trains {_seeds(look(document, 'trained', 'seeds'))} for "
            f"{number(look(document, 'trained', 'updates'))} updates. It hands over ",
            tag("b", words(document, "trained", "base_optimizer")),
            f" with {tuned}.",
            class_="lead",
        ),
        paragraph(
            "On fresh seeds and levels that configuration reaches a competence of ",
            strong(look(found, "tuned", "fresh"), 3),
            ", the default one ",
            strong(look(found, "default", "fresh"), 3),
            "; the difference on the same seeds is ",
            strong(found.get("gain"), 3),
            ". Competence is 0 for acting at random and 1 for the optimal return.",
        ),
    ]


def _verdicts(document: Mapping[str, Any]) -> Markup:
    rows: list[list[Child]] = [
        [
            words(claim, "claim"),
            badge(_SAYS.get(words(claim, "verdict"), "cannot tell"), _TONES.get(words(claim, "verdict"), "open")),
            words(claim, "reason"),
        ]
        for claim in items(document, "verdicts")
    ]
    return section(
        2, "verdicts", "The verdicts", table([Column("claim", "text"), Column("", "text"), Column("why", "text")], rows)
    )


def _overfitting(document: Mapping[str, Any]) -> Markup:
    found = part(document, "overfitting")
    both = [("tuned", "red", "diamond"), ("default", "blue", "dot")]
    ends = [
        end
        for name, _, _ in both
        for stage, _ in _STAGES
        for end in (*(bounds(look(found, name, stage)) or ()), point(look(found, name, stage)))
    ]
    scale = covering(ends, _WIDTH, least=(0.0, 1.0))
    where = ", ".join(f"{key}={value}" for key, value in part(found, "elsewhere").items())
    rows: list[list[Child]] = []
    for stage, says in _STAGES:
        if look(found, "tuned", stage) is None:
            continue
        told = f"{says} ({where})" if stage == "elsewhere" else says
        rows.append(
            [
                told,
                track([mark(look(found, name, stage), ink, shape) for name, ink, shape in both], scale),
                *(value_cell(look(found, name, stage), 3) for name, _, _ in both),
            ]
        )
    columns = [Column("competence", "text"), Column(axis(scale), "figure"), Column("tuned"), Column("default")]
    drawn = [
        Point(float(at["number"]), found_at, bounds(at.get("fresh")))
        for at in items(document, "incumbents")
        if (found_at := point(at.get("fresh"))) is not None
    ]
    seen = [Point(float(at["number"]), float(at["chosen_by"])) for at in items(document, "incumbents")]
    return section(
        2,
        "overfitting",
        "How much of the gain is there where nobody looked",
        paragraph(
            "The best of many trials was chosen by its score on the tuner's seeds and levels, so part of that score is luck. "
            "The difference between that score and the score on fresh seeds and levels is ",
            strong(look(found, "tuned", "optimism"), 3),
            " for the tuned configuration, and ",
            strong(look(found, "default", "optimism"), 3),
            " for the default one, which nobody chose by that score and which is the control. The intervals are those that a "
            "difference of mere chance would have: one that leaves zero out is meta-level overfitting.",
        ),
        legend(("tuned", "red", "diamond"), ("default", "blue", "dot")),
        table(columns, rows),
        paragraph(
            f"Intervals are Student's over {number(found.get('fresh_seeds'))} fresh seeds, each on levels of its own; a single "
            "seed of the tuner has none.",
            class_="note",
        ),
        tag(
            "figure",
            tag(
                "figcaption",
                "The best trial so far, as the tuner saw it (gold) and on fresh seeds (red, with intervals)",
            ),
            curves([("gold", seen), ("red", drawn)], x_label="trial", y_label="competence", dots=True),
        )
        if drawn
        else None,
    )


def _front(document: Mapping[str, Any]) -> Markup | None:
    members, numbers = items(document, "front_on_fresh_seeds"), items(document, "front")
    if not members:
        return None
    by_number = {trial.get("number"): trial for trial in items(document, "trials")}
    ended = [t for t in by_number.values() if not t.get("pruned")]
    names = list(part(members[0], "config"))
    columns = [
        Column("trial", "text"),
        *(Column(name) for name in names),
        Column("competence, for the tuner"),
        Column("on fresh seeds"),
        Column("gap, for the tuner"),
        Column("on fresh seeds"),
    ]
    rows: list[list[Child]] = [
        [
            str(which),
            *(_figure(look(member, "config", name)) for name in names),
            value_cell(member.get("chosen_by"), 3),
            value_cell(member.get("fresh"), 3),
            value_cell(member.get("gap_chosen_by"), 3),
            value_cell(member.get("gap_fresh"), 3),
        ]
        for which, member in zip(numbers, members, strict=False)
    ]
    line = sorted((t["values"] for n in numbers if (t := by_number.get(n))), key=lambda values: values[1])
    return section(
        2,
        "front",
        "Training return against inner gap",
        paragraph(
            f"Read under the shift {words(document, 'shift')}. The gap is {words(document, 'inner_gap_is')}. An agent that is "
            "competent at nothing reads a gap of 0, so a point low in both is no aligned agent. "
            f"{number(len(numbers))} of {number(len(ended))} trials are on the front; the first {number(len(members))} were "
            "trained again on fresh seeds.",
        ),
        tag(
            "figure",
            tag("figcaption", "The front as the tuner saw it"),
            curve(
                [Point(float(v[1]), float(v[0])) for v in line],
                x_label="inner gap (behavioral reading)",
                y_label="competence",
                look="violet",
                dots=True,
            ),
        ),
        table(columns, rows),
    )


def _trials(document: Mapping[str, Any]) -> Markup:
    trials = items(document, "trials")
    names = [words(d, "name") for d in items(document, "tuner", "space")]
    objectives = [str(name) for name in items(document, "objectives")]
    spots = [
        Point(float(t["number"]), float(t["values"][0])) for t in trials if not t.get("pruned") and t.get("values")
    ]
    columns = [
        Column("trial", "text"),
        *(Column(name) for name in names),
        *(Column(name) for name in objectives),
        Column("ended after"),
        Column("seconds"),
    ]
    rows: list[list[Child]] = [
        [
            str(t.get("number")),
            *(_figure(look(t, "config", name)) for name in names),
            *(number(real(value), 3) for value in items(t, "values")),
            f"{number(t['curve'][-1][0])} updates" if t.get("curve") else "",
            number(real(t.get("seconds")), 1),
        ]
        for t in trials
    ]
    return section(
        2,
        "trials",
        "Trial by trial",
        paragraph(
            f"Sampler: {words(document, 'tuner', 'sampler_is')}. Pruner: {words(document, 'tuner', 'pruner_is')}. The first "
            "trial is the default configuration."
        ),
        tag(
            "figure",
            tag("figcaption", "Competence of the trials that were trained to their end"),
            curve(spots, x_label="trial", y_label="competence", dots=True),
        )
        if spots
        else None,
        fold("Every trial", table(columns, rows)),
    )


def _provenance(document: Mapping[str, Any]) -> Markup:
    about = part(document, "provenance")
    rows: list[list[Child]] = [
        [key.replace("_", " "), str(value)]
        for key, value in about.items()
        if key not in ("command", "packages", "seconds")
    ]
    rows += [[f"seconds, {key}", number(real(value), 0)] for key, value in part(about, "seconds").items()]
    rows += [[f"package {key}", str(value)] for key, value in part(about, "packages").items()]
    return section(
        2,
        "provenance",
        "Where this comes from",
        paragraph("Made by this command, which makes it again:"),
        tag("pre", tag("code", words(about, "command")), tabindex="0"),
        fold("Versions, machine, time", table([Column("", "text"), Column("", "text")], rows)),
    )


def _seeds(count: object) -> str:
    return "one seed" if count == 1 else f"{number(count)} seeds"


def _figure(value: object) -> str:
    """A tuned number with three significant digits."""
    found = real(value)
    if found is None:
        return number(None)
    return number(value) if isinstance(value, int) else f"{found:.3g}"
