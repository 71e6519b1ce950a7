"""Results one to a line (JSON Lines): the file is written whole each time, so that it never ends in half a line."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mesascope.core.errors import StorageError
from mesascope.store.results import plain, write_text
from mesascope.store.strict_json import parse


def write_lines(path: Path, values: Sequence[Any], digits: int | None = None) -> None:
    """Each value as one line of canonical JSON, in order; see `json_text` for `digits` and what JSON does not have."""
    lines = (json.dumps(plain(value, digits), sort_keys=True, allow_nan=False) + "\n" for value in values)
    write_text(path, "".join(lines))


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects in a file of lines; none where there is no file. `StorageError` names the line that is none."""
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read ({error.strerror or error}): remove it and run the command again"
        ) from None
    found = []
    for number, line in enumerate(lines, 1):
        try:
            value = parse(line)
            if not isinstance(value, dict):
                raise ValueError(f"expected an object, found a {type(value).__name__}")
        except ValueError as error:
            raise StorageError(
                f"{path}, line {number}: {error}: remove the line or the file, and run the command again"
            ) from None
        found.append(value)
    return found
