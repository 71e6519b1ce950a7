"""Where the intended goal was lost: the ledger in training and under each shift."""

from collections.abc import Sequence

from mesascope.reports.figures.scale import covering
from mesascope.reports.figures.tracks import axis
from mesascope.reports.html.parts import Column, barred, fold, paragraph, section, table
from mesascope.reports.markup import Child, Markup, join, tag
from mesascope.reports.numbers import bounds, number, point
from mesascope.reports.reading import Audit, distributions, gap_share, look
from mesascope.reports.reading import table as part

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
            "pseudo-alignment; one near zero everywhere that was tested is called robust under those shifts.",
        ),
    )


def ledger(audit: Audit, name: str) -> Markup:
    """The ledger of one audit."""
    found = [d for d in distributions(audit) if part(audit, "ledger", d)]
    if not found:
        return section(3, f"{name}-ledger", "Where it came apart: the ledger", paragraph("No ledger was reckoned."))
    inside = bool(part(audit, "mesa_objective", "weights"))
    after = (
        "M, what the agent is after, is here its mesa-objective."
        if inside
        else "M, what the agent is after, is here its behavioral objective: a description of what it does."
    )
    return section(
        3,
        f"{name}-ledger",
        "Where it came apart: the ledger",
        paragraph("Shares of the return that could be had, with intervals. ", after),
        tag("figure", _bars(audit, found)),
        fold("In returns, with ties among optimal policies", _returns(audit, found)),
        fold("If it always took its likeliest action", _plain(audit, found, "ledger_greedy"))
        if part(audit, "ledger_greedy")
        else None,
        fold("With M as inferred from behavior alone", _plain(audit, found, "ledger_from_outside"))
        if inside and part(audit, "ledger_from_outside")
        else None,
    )


def _bars(audit: Audit, found: Sequence[str]) -> Markup:
    shares = {(d, gap): gap_share(audit, d, gap) for d in found for gap, *_ in _ALL}
    ends = [end for share in shares.values() for end in (point(share), *(bounds(share) or ()))]
    scale = covering(ends, 150.0, least=(0.0, 0.4))
    columns = [Column("", "text"), *(Column(join(head, tag("br"), axis(scale, 4)), "figure") for _, _, head in _ALL)]
    rows = [
        [
            d,
            *(barred(shares[d, gap], look_, scale) for gap, look_, _ in _ALL),
        ]
        for d in found
    ]
    return table(columns, rows)


def _returns(audit: Audit, found: Sequence[str]) -> Markup:
    columns = [Column("", "text"), *(Column(head) for _, _, head in _ALL)]
    columns += [Column("best for U"), Column("the agent"), Column("at random")]
    rows = []
    for d in found:
        row: list[Child] = [d]
        for gap, *_ in _ALL:
            entry = part(audit, "ledger", d, gap)
            ties = f"{number(entry.get('least'), 3)} to {number(entry.get('greatest'), 3)}"
            row.append(join(number(entry.get("value"), 3), " ", tag("span", ties, class_="bounds")))
        row += [number(look(audit, "returns", d, who), 3) for who in ("optimal", "subject", "uniform")]
        rows.append(row)
    return table(
        columns,
        rows,
        caption="Mean discounted returns by the intended goal. A gap takes ties among optimal policies as equally "
        "likely; beside it stands what it could be, from least to greatest, if they were broken one way or the other.",
    )


def _plain(audit: Audit, found: Sequence[str], which: str) -> Markup:
    columns = [Column("", "text"), *(Column(head) for _, _, head in _ALL)]
    rows = [[d, *(number(look(audit, which, d, gap, "share")) for gap, *_ in _ALL)] for d in found]
    return table(columns, rows, caption="Shares of the return that could be had, without intervals.")
