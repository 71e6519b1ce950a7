"""How to read what follows: the ledger, the tests of search and the shifts, each explained once."""

from collections.abc import Sequence

from mesascope.reports.html.ledger import formula
from mesascope.reports.html.parts import folded, paragraph, section
from mesascope.reports.html.search import explanation
from mesascope.reports.markup import Markup, tag
from mesascope.reports.numbers import number
from mesascope.reports.reading import Audit, in_experiment, part, words


def guide(audits: Sequence[Audit]) -> Markup:
    """The section that explains."""
    told = None if in_experiment(audits[0]) else explanation()
    return folded(2, "guide", "How to read this report", _world(audits[0]), formula(), told)


def _world(audit: Audit) -> Markup | None:
    shifts = part(audit, "world", "shifts")
    description = words(audit, "world", "description")
    if not shifts and not description:
        return None
    roles = (("intended_goal", "Intended goal"), ("base_objective", "base objective, which training rewards"))
    goals = [f"{role}: {_weights(audit, key)}" for key, role in roles if part(audit, "world", key)]
    rows = [tag("div", tag("dt", name), tag("dd", str(sentence))) for name, sentence in shifts.items()]
    return section(
        3,
        "world",
        "The world and its shifts",
        paragraph(description) if description else None,
        paragraph("; ".join(goals) + ".") if goals else None,
        tag("dl", *rows, class_="glossary") if rows else None,
    )


def _weights(audit: Audit, key: str) -> str:
    return ", ".join(f"{feature} {number(weight)}" for feature, weight in part(audit, "world", key).items())
