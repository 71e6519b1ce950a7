"""The reference pages of the documentation that are made from what the code says of itself."""

import re
from collections.abc import Mapping, Sequence

from mesascope.auditing.alignment import COLUMNS, TABLE
from mesascope.auditing.alignment_thresholds import THRESHOLDS
from mesascope.auditing.objective_verdict import ObjectiveRobustness
from mesascope.instruments.card import Card
from mesascope.organisms.labels import SETTINGS, Organism

_FIELDS = (
    ("measures", "What it measures"),
    ("estimator", "Estimator"),
    ("assumptions", "Assumptions"),
    ("controls", "Controls"),
    ("blind_spots", "Blind spots"),
    ("cost", "Cost"),
    ("references", "References"),
)


def instruments_page(cards: Mapping[str, Card]) -> str:
    """Every card in Markdown; the same cards always give the same page."""
    parts = [
        "# Instruments",
        "Each instrument is one measurement of a subject. Its card says how it measures and what it cannot see; the "
        "report repeats the card beside the result. This page is written by `python docs/write.py` from the cards in "
        "`mesascope/instruments` and `mesascope/experiments`. `mesascope instruments NAME` prints one card.",
        "\n".join(["| instrument | measures |", "|---|---|", *(_row(card) for card in cards.values())]),
    ]
    for card in cards.values():
        parts.append(f"## {card.name}")
        for field, title in _FIELDS:
            value = getattr(card, field)
            parts.append(f"**{title}.** {value}" if isinstance(value, str) else f"**{title}.**")
            if not isinstance(value, str):
                parts.append("\n".join(f"- {item}" for item in value))
    return "\n\n".join(parts) + "\n"


def organisms_page(organisms: Mapping[str, Organism]) -> str:
    """The table of organisms and the settings they take, in Markdown."""
    rows = [
        f"| `{name}` | {o.what} | {_yes(o.searches)} | {_yes(o.has_goal)} | {o.built_to} | {_keys(o)} |"
        for name, o in organisms.items()
    ]
    some = {key for organism in organisms.values() for key in organism.keys}
    head = "| organism | what it is | searches | holds a goal that can be rewritten | built to | settings |"
    parts = [
        "# Organisms",
        "An organism is an agent whose insides, objective and alignment are known, because it was built and not "
        "trained. Organisms are ground truth: an instrument that calls a lookup table a searcher is wrong, and no "
        "argument about trained networks is needed to see it. No instrument can read the label: an import contract "
        "keeps the two packages apart. This page is written by `python docs/write.py` from the registry in "
        "`mesascope/organisms`.",
        "\n".join([head, "|---|---|---|---|---|---|", *rows]),
        "## Settings",
        "\n".join(f"- `{key}`: {meaning}" for key, meaning in SETTINGS.items() if key in some),
        "## Use",
        "    mesascope audit red-doors --subject organism:planner,objective=red\n"
        "    mesascope audit red-doors --subject organism:lookup\n"
        "    mesascope organisms --json",
        "The table organisms store answers for the levels that the audit will show them, with the counterfactuals of "
        "those levels in the input. From outside they are as good as search; that is what they are for.",
    ]
    return "\n\n".join(parts) + "\n"


def alignment_table() -> str:
    """The verdict on alignment for every pair of verdicts on objective and capability, in Markdown."""
    head = ["objective \\ capability", *(f"`{capability}`" for capability in COLUMNS)]
    rows = [[f"`{o}`", *(f"`{TABLE[o, capability]}`" for capability in COLUMNS)] for o in ObjectiveRobustness]
    return _table(head, rows)


def thresholds_table() -> str:
    """The published defaults, in Markdown."""
    said = {
        "closed": "a gap whose interval lies within this of zero is closed",
        "open": "a gap whose interval lies beyond this, on either side of zero, is open",
        "capable": "competence that must surely be reached; 1 less this may be lost for want of capability",
        "at_stake": "share of what its objective could earn in training, below which a shift has nothing at stake for it",
    }
    rows = [[f"`{name}`", f"{value:g}", said[name]] for name, value in THRESHOLDS._asdict().items()]
    return _table(["threshold", "default", "meaning"], rows)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(card: Card) -> str:
    return f"| [{card.name}](#{_anchor(card.name)}) | {card.measures} |"


def _anchor(title: str) -> str:
    """What a page calls the place of a title: lower case, without punctuation, dashes for blanks."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _yes(truth: bool) -> str:
    return "yes" if truth else "no"


def _keys(organism: Organism) -> str:
    return ", ".join(f"`{key}`" for key in organism.keys) or "none"
