"""Several audits side by side: the same training score, and what it hides."""

from collections.abc import Sequence

from mesascope.reports import plain
from mesascope.reports.figures.scale import Scale
from mesascope.reports.figures.tracks import track
from mesascope.reports.html.behavior import ink_of
from mesascope.reports.html.gallery import exhibit
from mesascope.reports.html.opening import anchor
from mesascope.reports.html.parts import (
    Cell,
    Column,
    badge,
    barred,
    figure,
    fold,
    legend,
    mark,
    paragraph,
    section,
    spanning,
    table,
    text,
)
from mesascope.reports.markup import Markup, join, tag
from mesascope.reports.reading import (
    Audit,
    competence_at_base,
    event_words,
    items,
    label,
    look,
    part,
    rewarded,
    telling_events,
    telling_shift,
    union,
    words,
)
from mesascope.reports.study import failure

_SHARE = Scale(0.0, 1.0, 112.0)
_BEHAVIORAL = ("behavioral_objective", "behavioral", "behavioral objective: weights inferred from what it does")
_MESA = ("mesa_objective", "inside", "mesa-objective: weights located inside")
_LOOKS = {"behavioral_objective": ("blue", "dot"), "mesa_objective": ("red", "diamond")}


def comparison(audits: Sequence[Audit]) -> Markup | None:
    """The section that compares; None for a single audit."""
    if len(audits) < 2:
        return None
    return section(2, "comparison", "Side by side", *_scores(audits), *_objectives(audits), _levels(audits))


def _scores(audits: Sequence[Audit]) -> list[Markup]:
    shift = telling_shift(audits)
    events = telling_events(audits, shift) if shift else []
    columns = [
        text(""),
        Column(join("Competence in training", tag("small", _measured_at(audits[0]))), "figure"),
        *(Column(join(_event(audits[0], event), tag("small", f"under {shift}")), "figure") for event in events),
        text("Search"),
        *(text(half.capitalize()) for half in plain.HALVES),
        text("Alignment"),
    ]
    rows: list[list[Cell]] = [
        [
            tag("a", label(audit, audits), href=f"#{anchor(audits, audit)}"),
            barred(competence_at_base(audit)[1], "green", _SHARE),
            *(barred(look(audit, "behavior", shift or "", e), ink_of(e, events), _SHARE) for e in events),
            badge(plain.search_words(audit), plain.search_tone(audit)),
            *(badge(plain.half_words(audit, half), plain.half_tone(audit, half)) for half in plain.HALVES),
            badge(plain.alignment_words(audit), plain.alignment_tone(audit)),
        ]
        for audit in audits
    ]
    sentence = words(audits[0], "world", "shifts", shift) if shift else ""
    told = []
    if shift and sentence:
        told.append(paragraph("What the training score hides shows under ", tag("b", shift), f": {sentence}."))
    failed = [f"{label(a, audits)}: {why}" for a in audits if (why := failure(a))]
    if failed:
        told.append(paragraph(f"Capability failures, in no average. {'; '.join(failed)}."))
    return [*told, tag("figure", table(columns, rows))]


def _measured_at(audit: Audit) -> str:
    name = competence_at_base(audit)[0]
    at_base = name in ("base", "base objective", "+".join(rewarded(audit)))
    return f"at the base objective, {'+'.join(rewarded(audit))}" if at_base else f"at {name or 'no objective'}"


def _event(audit: Audit, event: str) -> str:
    return "Nothing touched" if event == "nothing" else event_words(audit, event).capitalize()


def _objectives(audits: Sequence[Audit]) -> list[Markup]:
    """Weights of every audit, from outside and from inside, on one scale."""
    inside = any(part(audit, "mesa_objective", "weights") for audit in audits)
    kinds = [_BEHAVIORAL, *([_MESA] if inside else [])]
    named = [part(audit, kind, "weights") for audit in audits for kind, *_ in kinds]
    features = union(named)
    if not features:
        return []
    scale = spanning((e for weights in named for e in weights.values()), 230.0)
    drawn = [
        [f, *(track([mark(look(a, kind, "weights", f), *_LOOKS[kind]) for kind in _LOOKS], scale) for a in audits)]
        for f in features
    ]
    numbers = [[f, *(look(a, kind, "weights", f) for a in audits for kind, *_ in kinds)] for f in features]
    names = [label(audit, audits) for audit in audits]
    return [
        tag("h3", "The objectives of each"),
        tag(
            "figure",
            legend(*((told, *_LOOKS[kind]) for kind, _, told in kinds)),
            table(["", *(figure(name, scale) for name in names)], drawn),
        ),
        fold(
            "The same weights as numbers",
            table(["", *(f"{name}, {kind}" for name in names for _, kind, _ in kinds)], numbers),
        ),
    ]


def _levels(audits: Sequence[Audit]) -> Markup | None:
    """One level for each audit, the same one where all show it."""
    shift = telling_shift(audits)
    shown = [[e for e in items(a, "gallery") if words(e, "distribution") == shift] for a in audits]
    if shift is None or not all(shown):
        return None
    texts = [[words(e, "level") for e in own] for own in shown]
    shared = next((level for level in texts[0] if all(level in own for own in texts)), None)
    chosen = [own[levels.index(shared)] if shared else own[0] for own, levels in zip(shown, texts, strict=True)]
    pictures = [
        exhibit(a, e, join(tag("b", label(a, audits)), ": ", words(e, "caption")), moves=len(items(e, "path")) > 1)
        for a, e in zip(audits, chosen, strict=True)
    ]
    title = f"One level of {shift}, {'the same for each' if shared else 'one for each'}"
    return join(tag("h3", title), tag("div", *pictures, class_="gallery"))
