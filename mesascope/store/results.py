"""Results as files: the same result gives the same bytes."""

import json
import math
from pathlib import Path
from typing import Any

from mesascope.core.errors import StorageError
from mesascope.core.jsonable import to_json
from mesascope.store.fs import read_bytes, write_bytes
from mesascope.store.strict_json import parse


def json_text(value: Any, digits: int | None = None) -> str:
    """Canonical JSON of anything `to_json` takes: keys sorted, ASCII, NaN and infinities as null, a newline at the end.

    `digits` rounds every float to so many significant digits.
    """
    return json.dumps(plain(value, digits), sort_keys=True, indent=2, allow_nan=False) + "\n"


def plain(value: Any, digits: int | None = None) -> Any:
    """What `to_json` makes of a value, its floats rounded to so many significant digits."""
    found = to_json(value)
    return found if digits is None else rounded(found, digits)


def write_json(path: Path, value: Any, digits: int | None = None) -> None:
    """Write `json_text` of a value."""
    write_text(path, json_text(value, digits))


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8; half surrogates, which UTF-8 does not have, become question marks."""
    write_bytes(path, text.encode("utf-8", "replace"))


def rounded(value: Any, digits: int) -> Any:
    """Plain JSON with every float at so many significant digits, as files have it."""
    if isinstance(value, float) and value and math.isfinite(value):
        return float(f"{value:.{digits - 1}e}")
    if isinstance(value, dict):
        return {key: rounded(item, digits) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item, digits) for item in value]
    return value


LARGEST = 2**30
"""Bytes of a document: a study of a hundred thousand rows."""


def read_json(path: Path) -> dict[str, Any]:
    """A JSON document that mesascope wrote; `StorageError` for a file that is none, or that nests or weighs too much."""
    try:
        document = parse(read_bytes(path, LARGEST))
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read ({error.strerror or error}): remove it and run the command again"
        ) from None
    except ValueError as error:
        raise StorageError(f"{path} cannot be read ({error}): remove it and run the command again") from None
    if not isinstance(document, dict):
        raise StorageError(
            f"{path}: expected a JSON object, found a {type(document).__name__}: remove it and run again"
        )
    return document
