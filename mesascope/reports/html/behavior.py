"""What the subject does: what it touches first, in training and under each shift."""

import math
from collections.abc import Sequence

from mesascope.reports.figures.scale import Scale
from mesascope.reports.html.parts import Cell, barred, figure, fold, paragraph, section, table
from mesascope.reports.markup import Markup, tag
from mesascope.reports.numbers import real
from mesascope.reports.reading import (
    Audit,
    distributions,
    event_words,
    in_experiment,
    items,
    look,
    part,
    union,
    words,
)

_WIDTH = 100.0
_HARDLY_MORE = 1.2
"""Events that happen a little more than once are drawn on the scale of shares."""
_INKS = ("blue", "gold", "green", "red")


def ink_of(event: str, events: Sequence[str]) -> str:
    """The color of an event's bars: its own where it is called so, gold for yellow; else one by its place among the others."""
    own = {"nothing": "quiet", "yellow": "gold"}.get(event, event)
    if own in (*_INKS, "quiet"):
        return own
    others = [e for e in events if e not in (*_INKS, "nothing", "yellow")]
    return _INKS[others.index(event) % len(_INKS)] if event in others else "violet"


def behavior(audit: Audit, name: str) -> Markup:
    """Rates of every event on every distribution."""
    found = [d for d in distributions(audit) if part(audit, "behavior", d)]
    if not found:
        return section(3, f"{name}-behavior", "Behavior", paragraph("No behavior was recorded."))
    events = union(part(audit, "behavior", d) for d in found)
    scale = _scale(audit, found, events)
    rows: list[list[Cell]] = [[d, *(_rate(audit, d, event, events, scale) for event in events)] for d in found]
    exact = any(look(audit, "behavior", d, e, "exact") for d in found for e in events)
    return section(
        3,
        f"{name}-behavior",
        "Behavior",
        _explained(audit),
        _rolled_out(audit, found),
        tag(
            "figure",
            table(["", *(figure(event_words(audit, e), scale, 3) for e in events)], rows),
            class_="dense",
        ),
        fold("Exact probabilities, over all starts", _exact(audit, found, events)) if exact else None,
        _counts(audit, found) if part(audit, "counts") else None,
    )


def _explained(audit: Audit) -> Markup:
    if in_experiment(audit):
        return paragraph("How often each event happens.")
    if part(audit, "counts"):
        return paragraph("Share of episodes in which each event happens at all.")
    return paragraph(
        "How often what is touched first has each feature; what has several counts under each. ",
        tag("i", "None"),
        " says that no level there holds such a thing.",
    )


def _rolled_out(audit: Audit, found: list[str]) -> Markup | None:
    """Of a recurrent agent, or in a world without tables: from how many episodes everything is."""
    episodes = part(audit, "episodes")
    if not episodes:
        return None
    listed = [
        f"{d}: {words(episodes, d, 'count')}, of which {words(episodes, d, 'cut')} were cut after "
        f"{words(episodes, d, 'most_moves')} moves"
        for d in found
        if d in episodes
    ]
    played = any(words(i, "name") == "episodes played" and look(i, "ran") for i in items(audit, "instruments"))
    why = "The world has no tables, so that" if played else "The agent has a memory, so that"
    return paragraph(
        f"{why} episodes were played, one on each level, and all that follows carries the error of that sample "
        f"({'; '.join(listed)}). Returns miss what would have come after the cut."
    )


def _counts(audit: Audit, found: list[str]) -> Markup:
    """Where objects are taken one after another: how many of each."""
    features = union(part(audit, "counts", d) for d in found)
    rows = [[d, *(look(audit, "counts", d, f) for f in features)] for d in found]
    source = "mean over the episodes" if part(audit, "episodes") else "computed from the policy"
    caption = f"Expected number in an episode, {source}."
    return table(["", *(f"{f}, number" for f in features)], rows, caption=caption)


def _scale(audit: Audit, found: list[str], events: list[str]) -> Scale:
    """From 0 to 1, or as far as the event goes that happens most often."""
    values = [real(look(audit, "behavior", d, event, "value")) for d in found for event in events]
    most = max((value for value in values if value is not None), default=1.0)
    return Scale(0.0, 1.0 if most <= _HARDLY_MORE else float(math.ceil(most)), _WIDTH)


def _rate(audit: Audit, distribution: str, event: str, events: list[str], scale: Scale) -> Markup:
    entry = look(audit, "behavior", distribution, event)
    if look(entry, "offered") is False:
        return tag("span", "none", class_="missing")
    return barred(entry, ink_of(event, events), scale)


def _exact(audit: Audit, found: list[str], events: list[str]) -> Markup:
    rows = [[d, *(look(audit, "behavior", d, e, "exact") for e in events)] for d in found]
    caption = "Computed from the policy in every cell, without sampling episodes."
    return table(["", *(event_words(audit, e) for e in events)], rows, caption=caption)
