"""Audits as a table: one row for each subject, seed and distribution, with its ledger, its behavior and the verdicts."""

from collections.abc import Iterable, Mapping, Sequence

from mesascope.core.data_frame import Cell, DataFrame, data_frame, number_or_text
from mesascope.reports.numbers import bounds, point, real
from mesascope.reports.reading import Audit, competence_at_base, distributions, look, part, union, words

LEDGERS = ("ledger", "ledger_from_outside", "ledger_greedy")
GAPS = ("outer", "inner", "capability", "total")
OF_DISTRIBUTION = ("objective", "capability", "outer")
RETURNS = ("returns", "returns_by_intended")
EARNERS = ("subject", "optimal", "uniform")


def audit_table(audits: Sequence[tuple[str, Audit]], about: Mapping[str, str]) -> DataFrame:
    """What audits say of every distribution.

    Args:
        audits: Audits, each with the name of its subject.
        about: What is said of the whole.

    Returns:
        The table, audit by audit, training first. A distribution that was left out has a row with its reason. Verdicts on all
        distributions stand in each of them.

    Raises:
        UsageError: Two columns have one name.
    """
    rows = [(subject, audit, place) for subject, audit in audits for place in _places(audit)]
    blocks = [
        [_named(subject, audit, place) for subject, audit, place in rows],
        [[number_or_text(f"world.{k}", v) for k, v in part(audit, "world", "knobs").items()] for _, audit, _ in rows],
        [list(_verdicts(audit, place)) for _, audit, place in rows],
        [list(_ledgers(audit, place)) for _, audit, place in rows],
        [list(_returns(audit, place)) for _, audit, place in rows],
        [list(_behavior(audit, place)) for _, audit, place in rows],
    ]
    return data_frame("audits", blocks, about)


def _places(audit: Audit) -> list[str]:
    return union([distributions(audit), part(audit, "distributions_left_out")])


def _text(column: str, value: object) -> Cell:
    return Cell(column, "text", str(value) if value else None)


def _named(subject: str, audit: Audit, place: str) -> list[Cell]:
    return [
        Cell("subject", "text", subject),
        Cell("seed", "whole", int(look(audit, "seed") or 0)),
        Cell("distribution", "text", place),
        _text("failure", look(audit, "distributions_left_out", place)),
        _text("world.name", words(audit, "world", "name")),
    ]


def _verdicts(audit: Audit, place: str) -> Iterable[Cell]:
    """Those on all distributions, each with its reason, then what is said of this one."""
    for name, keys in (
        ("search", ("search",)),
        ("alignment", ("alignment",)),
        ("alignment.objective", ("alignment", "objective")),
        ("alignment.capability", ("alignment", "capability")),
    ):
        yield _text(name, look(audit, *keys, "verdict"))
        yield _text(f"{name}.reason", look(audit, *keys, "reason"))
    for half in OF_DISTRIBUTION:
        yield _text(f"here.{half}", look(audit, "alignment", "by_distribution", place, half, "state"))


def _ledgers(audit: Audit, place: str) -> Iterable[Cell]:
    """Every gap, and its share of what could be earned with the interval."""
    for ledger in LEDGERS:
        for gap in GAPS:
            entry = part(audit, ledger, place, gap)
            yield Cell(f"{ledger}/{gap}", "real", real(entry.get("value")))
            yield from _estimate(
                f"{ledger}/{gap}/share", {"value": entry.get("share"), "interval": entry.get("interval")}
            )


def _returns(audit: Audit, place: str) -> Iterable[Cell]:
    yield from _estimate("competence", competence_at_base(audit, place)[1])
    for returns in RETURNS:
        for who in EARNERS:
            yield Cell(f"{returns}/{who}", "real", real(look(audit, returns, place, who)))


def _behavior(audit: Audit, place: str) -> Iterable[Cell]:
    """How often each event comes first: exact where there is a policy table, sampled otherwise."""
    for event, told in part(audit, "behavior", place).items():
        exact = look(told, "exact")
        yield from _estimate(f"behavior/{event}", told if point(exact) is None else exact)


def _estimate(name: str, estimate: object) -> Iterable[Cell]:
    low, high = bounds(estimate) or (None, None)
    yield Cell(name, "real", point(estimate))
    yield Cell(f"{name}/low", "real", low)
    yield Cell(f"{name}/high", "real", high)
