"""Results as a data frame: named columns, each of one type, in which what is missing is None."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from mesascope.core.errors import UsageError

Kind = Literal["text", "real", "whole", "flag"]
"""Texts, 64-bit floats, 64-bit integers, booleans."""

Value = str | float | int | bool | None


class Cell(NamedTuple):
    """One value and the column that it stands in."""

    column: str
    kind: Kind
    value: Value


class Column(NamedTuple):
    """A column: its name, its type, and a value for each row."""

    name: str
    kind: Kind
    values: tuple[Value, ...]


class DataFrame(NamedTuple):
    """Columns of the same length, the name that their file goes by, and what is said of the whole."""

    name: str
    columns: tuple[Column, ...]
    about: dict[str, str]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.columns[0].values) if self.columns else 0


Block = Sequence[Sequence[Cell]]
"""Cells that belong together, row by row: their columns stand side by side."""


def data_frame(name: str, blocks: Sequence[Block], about: Mapping[str, str]) -> DataFrame:
    """Rows of cells as columns. A row that has no cell in a column is missing there.

    Args:
        name: What its file is called.
        blocks: Blocks of columns from left to right, each with its cells for every row. Within a block the columns come in the
            order in which the rows first have them.
        about: What is said of the whole, by name.

    Returns:
        The data frame. A column that holds numbers in some rows and texts in others is of texts.

    Raises:
        UsageError: Two things of a row go by one name.

    Example:
        >>> rows = [[Cell("seed", "whole", 0)], [Cell("seed", "whole", 1), Cell("alpha", "real", 0.1)]]
        >>> [column.values for column in data_frame("cells", [rows], {}).columns]
        [(0, 1), (None, 0.1)]
    """
    columns = [column for block in blocks for column in _columns(block)]
    _check_names(name, [column.name for column in columns])
    return DataFrame(name, tuple(columns), dict(about))


def _columns(block: Block) -> list[Column]:
    for row in block:
        _check_names("a row", [cell.column for cell in row])
    kinds: dict[str, set[Kind]] = {}
    for row in block:
        for cell in row:
            kinds.setdefault(cell.column, set()).add(cell.kind)
    by_name = [{cell.column: cell.value for cell in row} for row in block]
    return [_column(name, found, [row.get(name) for row in by_name]) for name, found in kinds.items()]


def _column(name: str, kinds: set[Kind], values: Iterable[Value]) -> Column:
    if len(kinds) == 1:
        return Column(name, next(iter(kinds)), tuple(values))
    return Column(name, "text", tuple(None if value is None else str(value) for value in values))


def _check_names(where: str, names: Sequence[str]) -> None:
    """`UsageError` for a name that stands twice: one of the two would be lost."""
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError(
            f"two columns of {where} are called '{twice}': rename the option, feature or shift of that name"
        )


def number_or_text(column: str, value: Value) -> Cell:
    """A cell for a setting, whose type no schema says. Every number is real, so that the type does not hang on whether the values
    of one study happen to be whole.

    Args:
        column: The column.
        value: The setting.

    Returns:
        The cell.

    Example:
        >>> number_or_text("world.size", 9)
        Cell(column='world.size', kind='real', value=9.0)
    """
    if isinstance(value, bool):
        return Cell(column, "flag", value)
    if isinstance(value, int | float):
        return Cell(column, "real", float(value))
    return Cell(column, "text", value)
