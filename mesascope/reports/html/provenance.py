"""Where the numbers come from: the command, the versions, the machine, the time."""

from collections.abc import Sequence

from mesascope.reports.html.parts import Column, fold, paragraph, section, table
from mesascope.reports.markup import Child, Markup, join, tag
from mesascope.reports.numbers import number, real
from mesascope.reports.reading import Audit, label, look, words
from mesascope.reports.reading import table as part


def provenance(audits: Sequence[Audit]) -> Markup:
    """One column for each audit, and the commands that made them."""
    commands = list(dict.fromkeys(filter(None, (words(a, "provenance", "command") for a in audits))))
    keys = list(dict.fromkeys(k for a in audits for k in part(a, "provenance")))
    plain = [k for k in keys if k not in ("command", "packages", "seconds")]
    columns = [Column("", "text"), *(Column(label(a, audits), "text") for a in audits)]
    rows: list[list[Child]] = [[k.replace("_", " "), *(_text(look(a, "provenance", k)) for a in audits)] for k in plain]
    rows.append(["subject", *(words(a, "subject", "ref") or words(a, "subject", "name") for a in audits)])
    rows += [
        [f"levels, {k.replace('_', ' ')}", *(_text(look(a, "levels", k)) for a in audits)]
        for k in dict.fromkeys(k for a in audits for k in part(a, "levels"))
    ]
    return section(
        2,
        "provenance",
        "Where this comes from",
        paragraph("Made by this command, which makes it again:" if len(commands) == 1 else "Made by these commands:")
        if commands
        else None,
        *(tag("pre", tag("code", command), tabindex="0") for command in commands),
        table(columns, rows),
        fold("Seconds of each stage", _nested(audits, "seconds")),
        fold("Versions of packages", _nested(audits, "packages")),
    )


def _nested(audits: Sequence[Audit], key: str) -> Markup:
    names = list(dict.fromkeys(n for a in audits for n in part(a, "provenance", key)))
    columns = [Column("", "text"), *(Column(label(a, audits), "text") for a in audits)]
    return table(columns, [[n, *(_text(look(a, "provenance", key, n)) for a in audits)] for n in names])


def _text(value: object) -> Child:
    if value is None:
        return join(number(None))
    return number(value, 1) if real(value) is not None else str(value)
