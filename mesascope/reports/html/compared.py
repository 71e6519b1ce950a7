"""Several agents on one scale, a row for each thing that was measured: ledger, behavior, objectives, search."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mesascope.reports.figures.scale import Scale
from mesascope.reports.figures.tracks import track
from mesascope.reports.html.arms import arms_legend
from mesascope.reports.html.objectives import floored
from mesascope.reports.html.parts import Cell, figure, fold, legend, mark, note, section, spanning, table
from mesascope.reports.html.search import tests_table
from mesascope.reports.markup import Child, Markup, join, tag
from mesascope.reports.numbers import point
from mesascope.reports.reading import (
    Audit,
    distributions,
    event_words,
    gap_share,
    in_experiment,
    items,
    label,
    look,
    part,
    telling_events,
    telling_shift,
    union,
)

_MARKS = (("blue", "dot"), ("red", "diamond"), ("green", "square"), ("gold", "ring"), ("violet", "tick"))
_DUST = 1e-4
"""Gaps up to this are rounding."""
_KINDS = (
    ("behavioral_objective", "inferred from behavior", "blue", "dot"),
    ("mesa_objective", "located inside (mesa-objective)", "red", "diamond"),
)


def compared(audits: Sequence[Audit]) -> list[Markup | None]:
    """The sections that put agents side by side; none for a single audit."""
    if len(audits) < 2:
        return []
    return [_ledger(audits), _behavior(audits), _objectives(audits), _search(audits)]


def _look(index: int, agents: int) -> tuple[str, str]:
    """How an agent is marked: many agents are all marked alike."""
    return _MARKS[index] if agents <= len(_MARKS) else ("blue", "dot")


def _agents(audits: Sequence[Audit]) -> Markup | None:
    if len(audits) > len(_MARKS):
        return None
    return legend(*((label(a, audits), *_look(i, len(audits))) for i, a in enumerate(audits)))


def _rows(
    audits: Sequence[Audit],
    names: Sequence[str],
    columns: Sequence[tuple[Child, Callable[[Audit, str], object], Scale]],
) -> Markup:
    """A table of tracks with one mark for each agent; `columns` are (head, what an agent has there, scale)."""
    rows: list[list[Cell]] = [
        [n, *(track([mark(of(a, n), *_look(i, len(audits))) for i, a in enumerate(audits)], s) for _, of, s in columns)]
        for n in names
    ]
    return tag("figure", table(["", *(figure(head, scale, 4) for head, _, scale in columns)], rows))


def _numbers(audits: Sequence[Audit], names: Sequence[str], of: Callable[[Audit, str], Any]) -> Markup:
    rows = [[n, *(of(a, n) for a in audits)] for n in names]
    return table(["", *(label(a, audits) for a in audits)], rows)


def _ledger(audits: Sequence[Audit]) -> Markup | None:
    names = union([d for d in distributions(a) if part(a, "ledger", d)] for a in audits)
    if not names:
        return None
    gaps = [("inner", "inner gap"), ("capability", "capability gap")]
    outer = any(abs(point(gap_share(a, d, "outer")) or 0.0) > _DUST for a in audits for d in names)
    gaps = [("outer", "outer gap"), *gaps] if outer else gaps
    of = {gap: (lambda audit, d, gap=gap: gap_share(audit, d, gap)) for gap, _ in [*gaps, ("total", "")]}
    scale = spanning((of[gap](a, d) for gap, _ in gaps for a in audits for d in names), 210.0, (0.0, 0.4))
    told = "Shares of what can be earned of the intended goal that are lost, by the gap that loses them."
    return section(
        2,
        "ledgers",
        "What is lost, and to which gap",
        note(told if outer else f"{told} The outer gap is zero."),
        _agents(audits),
        _rows(audits, names, [(head, of[gap], scale) for gap, head in gaps]),
        fold("As numbers", *(_gap(audits, names, head, of[gap]) for gap, head in [*gaps, ("total", "total lost")])),
    )


def _gap(audits: Sequence[Audit], names: Sequence[str], head: str, of: Callable[[Audit, str], Any]) -> Markup:
    return join(tag("p", tag("b", head)), _numbers(audits, names, of))


def _behavior(audits: Sequence[Audit]) -> Markup | None:
    shift = telling_shift(audits)
    events = telling_events(audits, shift) if shift else []
    names = union([d for d in distributions(a) if part(a, "behavior", d)] for a in audits)
    if not events or not names:
        return None

    def of(event: str) -> Callable[[Audit, str], object]:
        return lambda audit, d: look(audit, "behavior", d, event)

    scale = Scale(0.0, 1.0, min(210.0, 480.0 / len(events)))
    most = max((point(look(a, "behavior", d, e)) or 0.0 for a in audits for d in names for e in events), default=0.0)
    if most > 1.0:
        scale = Scale(0.0, most, scale.width)
    columns = [(event_words(audits[0], event), of(event), scale) for event in events]
    numbers = [join(tag("p", tag("b", head)), _numbers(audits, names, found)) for head, found, _ in columns]
    return section(
        2,
        "behaviors",
        "What they do",
        _agents(audits),
        _rows(audits, names, columns),
        fold("As numbers", *numbers),
    )


def _objectives(audits: Sequence[Audit]) -> Markup | None:
    """Weights of every agent, from outside and from inside, on one scale that no unwanted feature stretches."""
    inside = any(part(a, "mesa_objective", "weights") for a in audits)
    kinds = _KINDS if inside else _KINDS[:1]
    features = union(part(a, kind, "weights") for a in audits for kind, *_ in kinds)
    if not features:
        return None
    found = {(id(a), k, f): look(a, k, "weights", f) for a in audits for k, *_ in kinds for f in features}
    shown = {key: floored(e) for key, e in found.items()}
    scale = spanning(shown.values(), max(90.0, 620.0 / len(audits)))
    rows: list[list[Cell]] = [
        [f, *(track([mark(shown[id(a), k, f], ink, shape) for k, _, ink, shape in kinds], scale) for a in audits)]
        for f in features
    ]
    numbers = [[f, *(found[id(a), k, f] for a in audits for k, *_ in kinds)] for f in features]
    names = [label(audit, audits) for audit in audits]
    return section(
        2,
        "weights",
        "What they are after",
        note(
            "Weights over features, the most wanted scaled to 1; below zero a thing is not gone for, however far below."
        ),
        legend(*((told, ink, shape) for _, told, ink, shape in kinds)),
        tag("figure", table(["", *(figure(name, scale, 4) for name in names)], rows)),
        fold("As numbers", table(["", *(f"{name}, {told}" for name in names for _, told, *_ in kinds)], numbers)),
    )


def _search(audits: Sequence[Audit]) -> Markup | None:
    """What every test of every agent came to."""
    tests = [[t for t in items(a, "search", "tests") if isinstance(t, Mapping)] for a in audits]
    if not any(tests):
        return None
    told = (
        "Share of contested cells that follow when the goal is moved or a wall is put up inside; the ring is the best of all "
        "controls."
    )
    drawn = tests_table(tests, [label(a, audits) for a in audits])
    title = "Whether they search inside"
    return section(
        2,
        "searches",
        title,
        None if any(map(in_experiment, audits)) else note(told),
        arms_legend(),
        tag("figure", drawn),
    )
