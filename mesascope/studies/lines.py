"""The line of a study's file that a complaint is about."""

import re

from mesascope.core.errors import MesascopeError, UsageError

_TABLE = re.compile(r"\s*\[+\s*([^\[\]]+?)\s*\]+")
_NAMED = re.compile(r"(?<!\w)'([^']+)'")


class ConditionError(UsageError):
    """What is wrong in one condition of a study's file; `condition` is its number, counted from 0; None once it has been said."""

    def __init__(self, message: str, condition: int | None = None):
        super().__init__(message)
        self.condition = condition


def with_line(error: MesascopeError, data: bytes) -> str:
    """What an error says, and the line, counted from 1, of the key or table that it names; without one where none fits.

    A key that stands in several places is looked for in the condition that the error is about (`ConditionError`), then above the
    conditions.
    """
    text = str(error)
    if "line " in text:
        return text
    lines = data.decode("utf-8", "replace").splitlines()
    condition = error.condition if isinstance(error, ConditionError) else None
    quoted = _NAMED.findall(text)
    for name in (*quoted, *(name.partition(" ")[0] for name in (*quoted, text))):  # also of 'alpha 0.1'
        found = line_of(lines, name.rpartition(".")[2], condition)
        if found is not None:
            return f"{text} (line {found})"
    return text


def line_of(lines: list[str], key: str, condition: int | None) -> int | None:
    """Where a key is set: in that condition, counted from 0, else in the only place there is outside of all conditions."""
    sets = re.compile(rf"(?:^|[{{,.])\s*[\"']?{re.escape(key)}[\"']?\s*=")
    inside: int | None = None
    seen = -1
    within: list[int] = []
    outside: list[int] = []
    for number, line in enumerate(lines, 1):
        if table := _TABLE.match(line):
            name = table[1].replace(" ", "")
            if name == "condition":
                seen += 1
            inside = seen if name.partition(".")[0] == "condition" else None
            hit = name.rpartition(".")[2] == key
        else:
            hit = sets.search(line.partition("#")[0]) is not None
        if hit:
            (outside if inside is None else within if inside == condition else []).append(number)
    places = within or outside
    return places[0] if len(within) or len(outside) == 1 else None
