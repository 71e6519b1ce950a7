"""The one exit to the terminal. All text passes `clean`, so that no name in a file can move the cursor or hide a word.

Results go to standard output, everything said along the way to standard error, so that `--json` stays parsable.
"""

import json
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

# Control characters but newline and tab, and the marks that reorder or hide what is printed.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


_shown: list[bool] = []  # not empty while a passing line stands in the terminal


def clean(text: object) -> str:
    r"""`text` with control characters, text-direction marks and lone surrogates written as escapes such as `\x1b`."""
    return _UNSAFE.sub(lambda found: ascii(found[0])[1:-1], str(text))


def line(text: object) -> None:
    """One line of the result, on standard output."""
    print(" ".join(clean(text).split("\n")))


def block(text: object) -> None:
    """A text of several lines, on standard output."""
    print(clean(text))


def note(text: object) -> None:
    """One line about what is going on, on standard error; it stays, and takes the place of a passing one."""
    print(_over_passing() + clean(text), file=sys.stderr, flush=True)


def passing(text: object) -> None:
    """A line in a terminal that the next one takes the place of."""
    room = shutil.get_terminal_size().columns - 1  # a line that wraps could not be taken back
    print(_over_passing() + clean(text)[:room], end="", file=sys.stderr, flush=True)
    _shown.append(True)


def gone() -> None:
    """Take a passing line away."""
    print(_over_passing(), end="", file=sys.stderr, flush=True)


def _over_passing() -> str:
    """What brings the cursor back to the start of a passing line and empties it, if there is one."""
    start = "\r\x1b[K" if _shown else ""
    _shown.clear()
    return start


def document(value: Any) -> None:
    """A JSON document, the only thing on standard output. ASCII, so no character of it can act on a terminal."""
    print(json.dumps(value, indent=2, allow_nan=False))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A plain table on standard output, as wide as the terminal, the columns wrapped where they must be."""
    from rich.table import Table

    drawn = Table(box=None, pad_edge=False, show_edge=False)
    for column in columns:
        drawn.add_column(clean(column), overflow="fold")
    for row in rows:
        drawn.add_row(*(clean(cell) for cell in row))
    console().print(drawn)


def console(stderr: bool = False) -> "Console":
    """A console for tables and progress. Text given to it must have passed `clean`."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)
