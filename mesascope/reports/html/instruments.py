"""The instruments' cards: what each measures, and what it cannot see. The report's references come from them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mesascope.reports.cards import cards_used
from mesascope.reports.html.parts import fold, folded, paragraph
from mesascope.reports.markup import Markup, tag
from mesascope.reports.reading import Audit, items, words


def instruments(audits: Sequence[Audit]) -> Markup | None:
    """The cards of what ran, blind spots first."""
    cards = _cards(audits)
    if not cards:
        return None
    return folded(
        2,
        "instruments",
        "Blind spots of the instruments",
        paragraph("Every instrument has blind spots. These are the known ones; a finding is worth what is left."),
        *(_card(card) for card in cards),
    )


def references(audits: Sequence[Audit]) -> Markup | None:
    """The references of these cards, each once."""
    found = sorted(dict.fromkeys(str(r) for card in _cards(audits) for r in items(card, "references")))
    if not found:
        return None
    return folded(
        2, "references", "References", tag("ul", *(tag("li", *linked(text)) for text in found), class_="references")
    )


_NUMBERED = re.compile(r"arXiv:? ?(\d{4}\.\d{4,5})")


def linked(text: str) -> list[str | Markup]:
    """A reference with its arXiv numbers as links. A page follows none of them by itself."""
    parts: list[str | Markup] = []
    end = 0
    for found in _NUMBERED.finditer(text):
        link = tag("a", found[0], href=f"https://arxiv.org/abs/{found[1]}", rel="noreferrer")
        parts += [text[end : found.start()], link]
        end = found.end()
    return [*parts, text[end:]]


def _cards(audits: Sequence[Audit]) -> list[Mapping[str, Any]]:
    return list({words(card, "name"): card for audit in audits for card in cards_used(audit)}.values())


def _card(card: Mapping[str, Any]) -> Markup:
    parts = [(key, words(card, key)) for key in ("measures", "estimator", "assumptions", "controls", "cost")]
    blind = [tag("li", str(spot)) for spot in items(card, "blind_spots")]
    more = [tag("div", tag("dt", key.capitalize()), tag("dd", text)) for key, text in parts[1:] if text]
    return tag(
        "article",
        tag("h3", words(card, "name")),
        paragraph(parts[0][1]),
        tag("ul", *blind, class_="blind") if blind else None,
        fold("Estimator, assumptions, controls, cost", tag("dl", *more)) if more else None,
        class_="instrument",
    )
