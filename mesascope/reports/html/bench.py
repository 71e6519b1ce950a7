"""The same level for every agent, as a figure; where the agents are small networks, one that a reader can edit."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from pydantic import ValidationError

from mesascope.auditing.schema import PortablePart
from mesascope.reports.html.gallery import exhibit, legend_of
from mesascope.reports.html.parts import note, section
from mesascope.reports.markup import Markup, clean, join, tag
from mesascope.reports.reading import TRAINING, Audit, items, label, part, telling_shift, words

DATA = "bench-data"
"""Name of the element that holds what the bench is made from."""


def script() -> Markup:
    """The one script of a page, with the hash by which the page's policy knows it."""
    return tag("script", Markup(_code()))


def script_hash() -> str:
    """The source expression of a content security policy for the script, and for no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(_code().encode()).digest()).decode()}'"


def _code() -> str:
    code = resources.files("mesascope.reports.html").joinpath("bench.js").read_text(encoding="utf-8")
    assert "</script" not in code.lower()
    return code


def bench(audits: Sequence[Audit], ids: Sequence[str] = ()) -> tuple[Markup | None, Markup | None]:
    """A level that every agent is shown on.

    Args:
        audits: The audit documents of a report.
        ids: What a server that sends the page calls each of them; none for a file.

    Returns:
        The section, and what the script makes it editable from. None for either that does not exist: no such level is in the
        documents, or no agent is.
    """
    shown = _shared(audits)
    if not shown:
        return None, None
    distribution = words(shown[0][1], "distribution")
    sentence = words(audits[0], "world", "shifts", distribution)
    data = _data(audits, shown, ids)
    figures = [
        exhibit(audit, found, join(tag("b", label(audit, audits)), ": ", words(found, "caption")))
        for audit, found in shown
    ]
    alike = len({words(found, "level") for _, found in shown}) == 1
    title = "The same level for every agent" if alike else "A level of each agent's own"
    title = title if len(audits) > 1 else "What it does on one level"
    place = tag("div", tag("div", *figures, class_="gallery"), data_bench=DATA if data else None, class_="bench")
    drawn = (
        "drawn for all audits alike" if alike else "of each audit's own, since their worlds are configured differently"
    )
    told = f"A level of {distribution}{f' ({sentence})' if sentence else ''}, {drawn}."
    where = "here" if ids else "inside this page"
    touch = (
        f" Drag a thing or the agent, or paint with a tool: every agent answers at once, {where}. What it shows is one "
        "level and no measurement."
    )
    made = section(
        2, "bench", title, note(told, touch if data else None, " ", legend_of(audits[0], shown[0][1])), place
    )
    return made, None if data is None else tag("script", Markup(data), type="application/json", id=DATA)


def _shared(audits: Sequence[Audit]) -> list[tuple[Audit, Mapping[str, Any]]]:
    """Each audit with its exhibit of a level that all have: under the telling shift, or in training; of audits that have none in
    common, as where levels are of several sizes, each with its own.
    """
    several = []
    for distribution in (telling_shift(audits), TRAINING):
        found = [next(iter(_exhibits(audit, distribution)), None) for audit in audits]
        own = [(audit, shown) for audit, shown in zip(audits, found, strict=True) if shown is not None]
        if own and len({words(shown, "level") for _, shown in own}) == 1:
            return own
        several.append(own)
    return next((own for own in several if own), [])


def _exhibits(audit: Audit, distribution: str | None = None) -> list[Mapping[str, Any]]:
    """The shared levels of an audit."""
    found = [e for e in items(audit, "gallery") if isinstance(e, Mapping) and e.get("shared") is True]
    return [e for e in found if distribution is None or words(e, "distribution") == distribution]


def _data(audits: Sequence[Audit], shown: Sequence[tuple[Audit, Mapping[str, Any]]], ids: Sequence[str]) -> str | None:
    """What the script reads: the agents that answer in one world, and levels to begin from; None where no agent is there."""
    carried = [(audit, found) for audit in audits if (found := _carried(audit)) is not None]
    if not carried:
        return None
    world = carried[0][1].world
    alike = [(audit, found) for audit, found in carried if found.world == world]
    first = [("", exhibit) for _, exhibit in shown[:1]]
    others = [
        (f", {label(audit, audits)}" if len(audits) > 1 and e.get("shared") is not True else "", e)
        for audit in audits
        for e in items(audit, "gallery")
        if isinstance(e, Mapping)
    ]
    drawn = [
        {"name": clean(_named(e) + whose), "text": words(e, "level"), "start": start}
        for whose, e in (*first, *others)
        if isinstance(start := next(iter(items(e, "path")), 0), int)
    ]
    # An agent that is followed in episodes begins on a level of all agents in another cell.
    named = [(level["name"], level["text"]) for level in drawn]
    levels = [level for at, level in enumerate(drawn) if named[at] not in named[:at]]
    names = {id(audit): name for audit, name in zip(audits, ids, strict=False)}
    whole = {
        "world": world.model_dump(mode="json"),
        "kin": [kin.model_dump(mode="json") for kin in next((found.kin for _, found in alike if found.kin), ())],
        "agents": [
            {
                "name": clean(label(audit, audits)),
                "agent": found.agent.model_dump(mode="json"),
                "place": _place(audit),
                **({"id": names[id(audit)]} if id(audit) in names else {}),
            }
            for audit, found in alike
        ],
        "levels": levels,
    }
    try:
        text = json.dumps(whole, allow_nan=False, separators=(",", ":"), sort_keys=True)
    except ValueError:
        return None
    return text.replace("<", "\\u003c")


def _carried(audit: Audit) -> PortablePart | None:
    """The agent that a document carries; None where there is none, or what is there is none."""
    try:
        return PortablePart.model_validate(part(audit, "portable"))
    except ValidationError:
        return None


def _named(shown: Mapping[str, Any]) -> str:
    """A level in a list: the first part of its caption."""
    caption = words(shown, "caption").partition(":")[0]
    return clean(caption or words(shown, "distribution"))


def _place(audit: Audit) -> dict[str, Any] | None:
    """Where the first test of search wrote, if it found a place."""
    for test in items(audit, "search", "tests"):
        place = part(test, "place")
        first, radius = place.get("state"), place.get("radius")
        if isinstance(first, int) and isinstance(radius, int):
            return {"first": first, "radius": radius, "sustained": place.get("sustained") is True}
    return None
