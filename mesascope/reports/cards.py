"""Which of a document's cards are of instruments that ran."""

from collections.abc import Mapping
from typing import Any

from mesascope.reports.reading import Audit, items, look, words

_FINDINGS = {
    "closed-loop edits": ("closed_loop", "tests"),
    "thinking steps": ("closed_loop", "thinking_steps"),
    "plan read-out": ("closed_loop", "plan_readout"),
    "search": ("search", "tests"),
    "objects taken in turn": ("counts",),
    **{
        name: ("description", name.replace(" ", "_"))
        for name in ("algorithm", "compute depth", "learned algorithm", "light cone", "probes")
    },
}
"""Where documents of the first format hold what an instrument found, if not under the instrument's own name."""


def cards_used(document: Audit) -> list[Mapping[str, Any]]:
    """The cards of the instruments that ran in an audit.

    Documents of today hold no other cards, nor do those of experiments. Those of worlds in the first format hold the cards
    of all instruments there were; of these, the ones whose findings are in the document are meant.

    Args:
        document: an audit document of any format.

    Returns:
        The cards, in the document's order.

    Example:
        >>> cards = [{"name": "thinking time"}, {"name": "compliance gap"}]
        >>> [card["name"] for card in cards_used({"format": 1, "cards": cards, "thinking_time": [{"ticks": 1}]})]
        ['thinking time']
    """
    cards = [card for card in items(document, "cards") if isinstance(card, Mapping)]
    if document.get("instruments") or document.get("laboratory"):
        return cards
    return [card for card in cards if _found(document, words(card, "name"))]


def _found(document: Audit, name: str) -> bool:
    own = (name.replace(" ", "_").replace("-", "_"),)
    return bool(look(document, *_FINDINGS.get(name, own)))
