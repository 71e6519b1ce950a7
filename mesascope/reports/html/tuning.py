"""The page of a tuning: what was handed over, what it is worth where nobody looked, and meta beside mesa."""

from collections.abc import Mapping
from typing import Any

from mesascope.reports.figures.curve import Point, curve, curves
from mesascope.reports.figures.tracks import track
from mesascope.reports.html.head import page_alone
from mesascope.reports.html.meta_and_mesa import meta_and_mesa
from mesascope.reports.html.parts import (
    Cell,
    badge,
    figure,
    fold,
    legend,
    made_by,
    mark,
    note,
    paragraph,
    section,
    spanning,
    strong,
    table,
    text,
)
from mesascope.reports.markup import Markup, tag
from mesascope.reports.numbers import bounds, number, point, real
from mesascope.reports.reading import items, look, part, words

_VERDICTS = {
    "supported": ("supported", "good"),
    "not-supported": ("not supported", "bad"),
    "cannot-tell": ("cannot tell", "open"),
}
_BOTH = (("tuned", "red", "diamond"), ("default", "blue", "dot"))
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
    parts = (_verdicts, meta_and_mesa, _overfitting, _front, _trials, _provenance)
    return page_alone(title, *_opening(document), *(made(document) for made in parts))


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
        _null(document),
    ]


def _null(document: Mapping[str, Any]) -> Markup:
    """The tuner beside its null."""
    null = part(document, "random_null")
    if not null:
        return paragraph(
            "Nothing is said of a null: configurations were drawn at random, or the tuning is of an older version."
        )
    return paragraph(
        f"The null: the best of {number(null.get('trials'))} configurations drawn at random, pruned and scored alike, reaches ",
        strong(look(null, "standing", "fresh"), 3),
        " on the same fresh seeds and levels; the tuner's gain over it is ",
        strong(look(document, "overfitting", "gain_over_random"), 3),
        ".",
    )


def _verdicts(document: Mapping[str, Any]) -> Markup:
    rows: list[list[Cell]] = [
        [
            words(claim, "claim"),
            badge(*_VERDICTS.get(words(claim, "verdict"), _VERDICTS["cannot-tell"])),
            words(claim, "reason"),
        ]
        for claim in items(document, "verdicts")
    ]
    return section(2, "verdicts", "The verdicts", table(["claim", text(""), text("why")], rows))


def _overfitting(document: Mapping[str, Any]) -> Markup:
    found = part(document, "overfitting")
    scale = spanning((look(found, name, stage) for name, *_ in _BOTH for stage, _ in _STAGES), _WIDTH, (0.0, 1.0))
    where = ", ".join(f"{key}={value}" for key, value in part(found, "elsewhere").items())
    rows: list[list[Cell]] = [
        [
            f"{says} ({where})" if stage == "elsewhere" else says,
            track([mark(look(found, name, stage), ink, shape) for name, ink, shape in _BOTH], scale),
            *(look(found, name, stage) for name, *_ in _BOTH),
        ]
        for stage, says in _STAGES
        if look(found, "tuned", stage) is not None
    ]
    best = items(document, "incumbents")
    drawn = [
        Point(float(at["number"]), y, bounds(at.get("fresh")))
        for at in best
        if (y := point(at.get("fresh"))) is not None
    ]
    seen = [Point(float(at["number"]), float(at["chosen_by"])) for at in best]
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
        legend(*_BOTH),
        table(["competence", figure("", scale), *(name for name, *_ in _BOTH)], rows, digits=3),
        note(
            f"Intervals are Student's over {number(found.get('fresh_seeds'))} fresh seeds, each on levels of its own; a single "
            "seed of the tuner has none."
        ),
        _drawn(
            "The best trial so far, as the tuner saw it (gold) and on fresh seeds (red, with intervals)",
            curves([("gold", seen), ("red", drawn)], x_label="trial", y_label="competence", dots=True),
        )
        if drawn
        else None,
    )


def _drawn(caption: str, drawn: Markup) -> Markup:
    return tag("figure", tag("figcaption", caption), drawn)


def _front(document: Mapping[str, Any]) -> Markup | None:
    members, numbers = items(document, "front_on_fresh_seeds"), items(document, "front")
    if not members:
        return None
    by_number = {trial.get("number"): trial for trial in items(document, "trials")}
    ended = [t for t in by_number.values() if not t.get("pruned")]
    names = list(part(members[0], "config"))
    rows: list[list[Cell]] = [
        [
            str(which),
            *(_figure(look(member, "config", name)) for name in names),
            *(member.get(key) for key in ("chosen_by", "fresh", "gap_chosen_by", "gap_fresh")),
        ]
        for which, member in zip(numbers, members, strict=False)
    ]
    line = sorted((t["values"] for n in numbers if (t := by_number.get(n))), key=lambda values: values[1])
    points = [Point(float(v[1]), float(v[0])) for v in line]
    labels = {"x_label": "inner gap (behavioral reading)", "y_label": "competence"}
    heads = ["competence, for the tuner", "on fresh seeds", "gap, for the tuner", "on fresh seeds"]
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
        _drawn("The front as the tuner saw it", curve(points, **labels, look="violet", dots=True)),
        table(["trial", *names, *heads], rows, digits=3),
    )


def _trials(document: Mapping[str, Any]) -> Markup:
    trials = items(document, "trials")
    names = [words(d, "name") for d in items(document, "tuner", "space")]
    objectives = [str(name) for name in items(document, "objectives")]
    spots = [
        Point(float(t["number"]), float(t["values"][0])) for t in trials if not t.get("pruned") and t.get("values")
    ]
    rows = [
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
        _drawn(
            "Competence of the trials that were trained to their end",
            curve(spots, x_label="trial", y_label="competence", dots=True),
        )
        if spots
        else None,
        fold("Every trial", table(["trial", *names, *objectives, "ended after", "seconds"], rows)),
    )


def _provenance(document: Mapping[str, Any]) -> Markup:
    about = part(document, "provenance")
    plain = {key: value for key, value in about.items() if key not in ("command", "packages", "seconds")}
    rows = [[key.replace("_", " "), str(value)] for key, value in plain.items()]
    rows += [[f"seconds, {key}", number(real(value), 0)] for key, value in part(about, "seconds").items()]
    rows += [[f"package {key}", str(value)] for key, value in part(about, "packages").items()]
    folded = fold("Versions, machine, time", table(["", text("")], rows))
    return section(2, "provenance", "Provenance", made_by(words(about, "command")), folded)


def _seeds(count: object) -> str:
    return "one seed" if count == 1 else f"{number(count)} seeds"


def _figure(value: object) -> str:
    """A tuned number with three significant digits."""
    found = real(value)
    if found is None:
        return number(None)
    return number(value) if isinstance(value, int) else f"{found:.3g}"
