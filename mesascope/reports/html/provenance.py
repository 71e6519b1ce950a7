"""Where the numbers come from: the command, the versions, the machine, the time."""

from collections.abc import Sequence

from mesascope.reports.html.parts import Cell, Column, fold, folded, made_by, table, text
from mesascope.reports.markup import Markup
from mesascope.reports.numbers import number, real
from mesascope.reports.reading import Audit, label, look, part, union, words


def provenance(audits: Sequence[Audit]) -> Markup:
    """One column for each audit, and the commands that made them."""
    commands = [c for c in union([words(a, "provenance", "command")] for a in audits) if c]
    plain = [k for k in union(part(a, "provenance") for a in audits) if k not in ("command", "packages", "seconds")]
    rows: list[list[Cell]] = [[k.replace("_", " "), *(_text(look(a, "provenance", k)) for a in audits)] for k in plain]
    rows.append(["subject", *(words(a, "subject", "ref") or words(a, "subject", "name") for a in audits)])
    rows += [
        [f"levels, {k.replace('_', ' ')}", *(_text(look(a, "levels", k)) for a in audits)]
        for k in union(part(a, "levels") for a in audits)
    ]
    return folded(
        2,
        "provenance",
        "Provenance",
        made_by(*commands) if commands else None,
        table(_heads(audits), rows),
        fold("Seconds of each stage", _nested(audits, "seconds")),
        fold("Versions of packages", _nested(audits, "packages")),
    )


def _nested(audits: Sequence[Audit], key: str) -> Markup:
    names = union(part(a, "provenance", key) for a in audits)
    return table(_heads(audits), [[n, *(_text(look(a, "provenance", key, n)) for a in audits)] for n in names])


def _heads(audits: Sequence[Audit]) -> list[Column]:
    return [text(""), *(text(label(a, audits)) for a in audits)]


def _text(value: object) -> str:
    if value is None:
        return number(None)
    return number(value, 1) if real(value) is not None else str(value)
