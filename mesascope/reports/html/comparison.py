"""Several audits side by side: the same training score, and what it hides."""

from collections.abc import Sequence

from mesascope.reports import plain
from mesascope.reports.figures.scale import Scale, covering
from mesascope.reports.figures.tracks import axis, track
from mesascope.reports.html.behavior import LOOKS
from mesascope.reports.html.gallery import exhibit, vocabulary_of
from mesascope.reports.html.opening import anchor
from mesascope.reports.html.parts import (
    Column,
    badge,
    barred,
    fold,
    legend,
    mark,
    paragraph,
    section,
    table,
    value_cell,
)
from mesascope.reports.markup import Child, Markup, join, tag
from mesascope.reports.numbers import bounds, point
from mesascope.reports.reading import (
    Audit,
    competence_at_base,
    event_words,
    items,
    label,
    look,
    rewarded,
    telling_events,
    telling_shift,
    words,
)
from mesascope.reports.reading import table as part
from mesascope.reports.study import failure

_SHARE = Scale(0.0, 1.0, 112.0)


def comparison(audits: Sequence[Audit]) -> Markup | None:
    """The section that compares; None for a single audit."""
    if len(audits) < 2:
        return None
    return section(2, "comparison", "Side by side", *_scores(audits), *_objectives(audits), _levels(audits))


def _scores(audits: Sequence[Audit]) -> list[Markup]:
    shift = telling_shift(audits)
    events = telling_events(audits, shift) if shift else []
    columns = [
        Column("", "text"),
        Column(join("Competence in training", tag("small", _measured_at(audits[0]))), "figure"),
        *(Column(join(_event(audits[0], event), tag("small", f"under {shift}")), "figure") for event in events),
        Column("Search", "text"),
        Column("Alignment", "text"),
    ]
    rows = []
    for audit in audits:
        row: list[Child] = [tag("a", label(audit, audits), href=f"#{anchor(audits, audit)}")]
        row.append(barred(competence_at_base(audit)[1], "green", _SHARE))
        found = part(audit, "behavior", shift or "")
        row += [barred(found.get(event), LOOKS.get(event, "violet"), _SHARE) for event in events]
        row.append(badge(plain.search_words(audit), plain.search_tone(audit)))
        row.append(badge(plain.alignment_words(audit), plain.alignment_tone(audit)))
        rows.append(row)
    sentence = words(audits[0], "world", "shifts", shift) if shift else ""
    told = (
        paragraph("What the training score hides shows under ", tag("b", shift), f": {sentence}.")
        if shift and sentence
        else None
    )
    failed = [f"{label(a, audits)}: {why}" for a in audits if (why := failure(a))]
    weak = paragraph(f"Capability failures, in no average. {'; '.join(failed)}.") if failed else None
    return [x for x in (told, weak, tag("figure", table(columns, rows))) if x is not None]


def _measured_at(audit: Audit) -> str:
    name = competence_at_base(audit)[0]
    at_base = name in ("base", "base objective", "+".join(rewarded(audit)))
    return f"at the base objective, {'+'.join(rewarded(audit))}" if at_base else f"at {name or 'no objective'}"


def _event(audit: Audit, event: str) -> str:
    return "Nothing touched" if event == "nothing" else event_words(audit, event).capitalize()


def _objectives(audits: Sequence[Audit]) -> list[Markup]:
    """Weights of every audit, from outside and from inside, on one scale."""
    kinds = ("behavioral_objective", "mesa_objective")
    named = [w for audit in audits for kind in kinds for w in [part(audit, kind, "weights")]]
    features = list(dict.fromkeys(f for weights in named for f in weights))
    if not features:
        return []
    ends = [end for w in named for e in w.values() for end in (point(e), *(bounds(e) or ()))]
    scale = covering(ends, 230.0)
    inside = any(part(audit, "mesa_objective", "weights") for audit in audits)
    columns = [Column("", "text")]
    columns += [Column(join(label(audit, audits), tag("br"), axis(scale)), "figure") for audit in audits]
    rows = []
    for feature in features:
        row: list[Child] = [feature]
        for audit in audits:
            row.append(
                track(
                    [
                        mark(look(audit, "behavioral_objective", "weights", feature), "blue", "dot"),
                        mark(look(audit, "mesa_objective", "weights", feature), "red", "diamond"),
                    ],
                    scale,
                )
            )
        rows.append(row)
    keys = [("behavioral objective: weights read from what it does", "blue", "dot")]
    if inside:
        keys.append(("mesa-objective: weights located inside", "red", "diamond"))
    return [
        tag("h3", "What each is after"),
        tag("figure", legend(*keys), table(columns, rows)),
        fold("The same weights as numbers", _numbers(audits, features, inside)),
    ]


def _levels(audits: Sequence[Audit]) -> Markup | None:
    """One level for each audit, the same one where all show it."""
    shift = telling_shift(audits)
    shown = [[e for e in items(a, "gallery") if words(e, "distribution") == shift] for a in audits]
    if shift is None or not all(shown):
        return None
    shared = next(
        (
            text
            for text in (words(e, "level") for e in shown[0])
            if all(any(words(e, "level") == text for e in others) for others in shown)
        ),
        None,
    )
    chosen = [next((e for e in own if words(e, "level") == shared), own[0]) for own in shown]
    pictures = [
        exhibit(
            e,
            join(tag("b", label(a, audits)), ": ", words(e, "caption")),
            vocabulary=vocabulary_of(a),
            moves=len(items(e, "path")) > 1,
        )
        for a, e in zip(audits, chosen, strict=True)
    ]
    title = f"One level of {shift}, {'the same for each' if shared else 'one for each'}"
    return join(tag("h3", title), tag("div", *pictures, class_="gallery"))


def _numbers(audits: Sequence[Audit], features: Sequence[str], inside: bool) -> Markup:
    columns, kinds = [Column("", "text")], []
    for audit in audits:
        for kind, name in (("behavioral_objective", "behavioral"), ("mesa_objective", "inside")):
            if kind == "mesa_objective" and not inside:
                continue
            columns.append(Column(f"{label(audit, audits)}, {name}"))
            kinds.append((audit, kind))
    rows = [[f, *(value_cell(look(audit, kind, "weights", f)) for audit, kind in kinds)] for f in features]
    return table(columns, rows)
