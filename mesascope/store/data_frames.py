"""Data frames as files: Parquet, or CSV. The same frame gives the same bytes, of one version of pyarrow."""

import csv
import io
from pathlib import Path
from typing import Any

from mesascope.core.data_frame import Column, DataFrame, Value
from mesascope.core.optional_dependencies import check_installed
from mesascope.store.fs import write_bytes

FORMATS = ("parquet", "csv")


def check_format(name: str) -> None:
    """`UsageError` where what writes this format is not installed."""
    if name == "parquet":
        check_installed("--format parquet", ["pyarrow"], "parquet")


def write_data_frame(path: Path, frame: DataFrame, name: str) -> None:
    """Write a data frame in one of `FORMATS`, whole or not at all."""
    write_bytes(path, parquet_bytes(frame) if name == "parquet" else csv_bytes(frame))


def parquet_bytes(frame: DataFrame) -> bytes:
    """A Parquet file. What is missing is null, and what is said of the frame stands in the metadata of the file.

    Args:
        frame: The data frame.

    Returns:
        The file's bytes.

    Example:
        >>> from mesascope.core.data_frame import Cell, data_frame
        >>> parquet_bytes(data_frame("cells", [[[Cell("seed", "whole", 0)]]], {}))[:4]
        b'PAR1'
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    types: dict[str, Any] = {"text": pa.string(), "real": pa.float64(), "whole": pa.int64(), "flag": pa.bool_()}
    schema = pa.schema([(column.name, types[column.kind]) for column in frame.columns], metadata=frame.about)
    arrays = [pa.array(_encodable(column), types[column.kind]) for column in frame.columns]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), sink)
    return bytes(sink.getvalue().to_pybytes())


def csv_bytes(frame: DataFrame) -> bytes:
    r"""A CSV file with a line of names. What is missing is empty, and there is no metadata.

    Args:
        frame: The data frame.

    Returns:
        The file's bytes.

    Example:
        >>> from mesascope.core.data_frame import Cell, data_frame
        >>> csv_bytes(data_frame("cells", [[[Cell("seed", "whole", 0), Cell("ok", "flag", True)]]], {}))
        b'seed,ok\n0,true\n'
    """
    told = io.StringIO()
    writer = csv.writer(told, lineterminator="\n")
    writer.writerow(column.name for column in frame.columns)
    writer.writerows(zip(*(map(_csv_text, column.values) for column in frame.columns), strict=True))
    return told.getvalue().encode("utf-8", "replace")


def _csv_text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def _encodable(column: Column) -> list[Value]:
    """The values, with half surrogates, which UTF-8 does not have, as question marks: JSON can hold them."""
    if column.kind != "text":
        return list(column.values)
    return [None if text is None else str(text).encode("utf-8", "replace").decode() for text in column.values]
