"""Where the intended goal was lost: the ledger in training and under each shift."""

from collections.abc import Mapping, Sequence
from typing import Any

from mesascope.reports.html.parts import Cell, badge, bars, fold, paragraph, section, spanning, table
from mesascope.reports.markup import Child, Markup, join, tag
from mesascope.reports.numbers import number
from mesascope.reports.reading import Audit, distributions, gap_share, look, part, words

GAPS = (("outer", "violet", "Outer gap"), ("inner", "red", "+ inner gap"), ("capability", "gold", "+ capability gap"))
_ALL = (*GAPS, ("total", "quiet", "= total lost"))


def _j(goal: str, policy: Child) -> Markup:
    return tag("span", tag("i", "J"), tag("sub", goal), "(", policy, ")", class_="j")


def _best(of: str) -> Markup:
    return join(tag("i", "\N{GREEK SMALL LETTER PI}"), tag("sup", "*"), tag("sub", of))


def formula() -> Markup:
    """The formula of the ledger, explained once."""
    subject = tag("i", "\N{GREEK SMALL LETTER PI}")
    minus = " \N{MINUS SIGN} "
    lines = (
        ("total lost", _best("U"), subject, "what the agent leaves of the intended goal U"),
        ("= outer gap", _best("U"), _best("B"), "lost because the reward asks for something else than U"),
        ("+ inner gap", _best("B"), _best("M"), "lost because the agent is after something else than the reward"),
        (
            "+ capability gap",
            _best("M"),
            subject,
            "lost because it pursues what it is after imperfectly; below zero, it does better for being imperfect",
        ),
    )
    rows = [
        tag(
            "tr",
            tag("th", name, scope="row"),
            tag("td", _j("U", better), minus, _j("U", worse), class_="terms"),
            tag("td", said),
        )
        for name, better, worse, said in lines
    ]
    return section(
        3,
        "formula",
        "The ledger",
        paragraph(
            "What an agent loses of the intended goal is split exactly into three gaps. Each is the difference of two "
            "mean returns, all measured by the intended goal; on a given level they are computed exactly. ",
            tag("i", "J"),
            tag("sub", "U"),
            " is the mean return by U; ",
            _best("X"),
            " is the best policy for X; U is the intended goal, B the base objective (the reward), M what the agent "
            "was found to be after, and ",
            subject,
            " the agent itself.",
        ),
        tag("table", tag("tbody", *rows), class_="formula"),
        paragraph(
            "Gaps are shown as shares of what can be earned at all: the return of the best policy for U less that of "
            "acting at random, on the same levels. An inner gap near zero in training that opens under a shift is "
            "pseudo-alignment, one open in training already is another objective, and one near zero everywhere that was "
            "tested is called robust under those shifts. A loss that is not in the objectives is lost for want of capability, "
            "and has a verdict of its own.",
        ),
    )


def ledger(audit: Audit, name: str) -> Markup:
    """The ledger of one audit."""
    found = [d for d in distributions(audit) if part(audit, "ledger", d)]
    title = "The ledger: what is lost, and to which gap"
    if not found:
        return section(3, f"{name}-ledger", title, paragraph("No ledger was computed."))
    inside = bool(part(audit, "mesa_objective", "weights"))
    after = "mesa-objective." if inside else "behavioral objective: a description of what it does."
    more = [("ledger_greedy", "If it always took its likeliest action")]
    more += [("ledger_from_outside", "With M as inferred from behavior alone")] if inside else []
    return section(
        3,
        f"{name}-ledger",
        title,
        paragraph(
            f"Shares of the return that could be had, with intervals. M, what the agent is after, is here its {after}"
        ),
        tag("figure", _shares(audit, found)),
        fold("What each distribution says", readings) if (readings := _readings(audit)) else None,
        fold("In returns, with ties among optimal policies", _returns(audit, found)),
        *(fold(told, _plain(audit, found, key)) for key, told in more if part(audit, key)),
    )


def _readings(audit: Audit) -> Markup | None:
    """What each distribution says; the two verdicts sum it up."""
    read = part(audit, "alignment", "by_distribution")
    if not read:
        return None
    rows: list[list[Cell]] = [
        [
            name,
            badge(words(found, "objective", "state"), _GAPS.get(words(found, "objective", "state"), "open")),
            look(found, "objective", "share"),
            badge(_spaced(words(found, "capability", "state")), _KEPT.get(words(found, "capability", "state"), "open")),
            look(found, "capability", "lost"),
            badge(words(found, "outer", "state"), _GAPS.get(words(found, "outer", "state"), "open")),
            "; ".join(filter(None, (words(found, half, "reason") for half in ("objective", "capability")))),
        ]
        for name in distributions(audit)
        if (found := part(read, name))
    ]
    columns = ["", "inner gap", "its share", "capability", "lost for want of it", "outer gap", "why"]
    if not any(row[-1] for row in rows):
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    caption = (
        "What each distribution says. Lost for want of capability: the least share that is lost of any objective it might have, "
        "or, where the inner gap is closed, the capability gap if that is more."
    )
    return table(columns, rows, caption=caption)


_GAPS = {"closed": "good", "open": "bad"}
_KEPT = {"kept": "good", "lost": "bad"}


def _spaced(word: str) -> str:
    return word.replace("-", " ")


def _shares(audit: Audit, found: Sequence[str]) -> Markup:
    rows = {d: [gap_share(audit, d, gap) for gap, *_ in _ALL] for d in found}
    scale = spanning((share for row in rows.values() for share in row), 150.0, (0.0, 0.4))
    return bars(rows, [head for _, _, head in _ALL], [look_ for _, look_, _ in _ALL], scale, 4)


def _returns(audit: Audit, found: Sequence[str]) -> Markup:
    rows, means = [], _means(audit)
    for d in found:
        row: list[Cell] = [d]
        for gap, *_ in _ALL:
            entry = part(audit, "ledger", d, gap)
            ties = f"{number(entry.get('least'), 3)} to {number(entry.get('greatest'), 3)}"
            row.append(join(number(entry.get("value"), 3), " ", tag("span", ties, class_="bounds")))
        rows.append([*row, *(number(look(means, d, who), 3) for who in ("optimal", "subject", "uniform"))])
    return table(
        ["", *(head for _, _, head in _ALL), "best for U", "the agent", "at random"],
        rows,
        caption="Mean discounted returns by the intended goal. A gap takes ties among optimal policies as equally "
        "likely; beside it stands what it could be, from least to greatest, if they were broken one way or the other.",
    )


def _means(audit: Audit) -> Mapping[str, Any]:
    """Returns by the intended goal. Documents of earlier versions hold them where the base objective is the same alone."""
    same = part(audit, "world", "intended_goal") == part(audit, "world", "base_objective")
    return part(audit, "returns_by_intended") or (part(audit, "returns") if same else {})


def _plain(audit: Audit, found: Sequence[str], which: str) -> Markup:
    rows = [[d, *(number(look(audit, which, d, gap, "share")) for gap, *_ in _ALL)] for d in found]
    caption = "Shares of the return that could be had, without intervals."
    return table(["", *(head for _, _, head in _ALL)], rows, caption=caption)
