"""Results one to a line (JSON Lines), written whole: for files that belong to one process. Others are journals (`journal`)."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mesascope.core.errors import StorageError
from mesascope.store.fs import read_bytes
from mesascope.store.journal import LARGEST, parsed
from mesascope.store.results import plain, write_text


def write_lines(path: Path, values: Sequence[Any], digits: int | None = None) -> None:
    """Each value as one line of canonical JSON, in order; see `json_text` for `digits` and what JSON does not have."""
    lines = (json.dumps(plain(value, digits), sort_keys=True, allow_nan=False) + "\n" for value in values)
    write_text(path, "".join(lines))


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects in a file of lines; none where there is no file. `StorageError` names the line that is none."""
    try:
        lines = read_bytes(path, LARGEST).splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read ({error.strerror or error}): remove it and run the command again"
        ) from None
    return [parsed(line, f"{path}, line {number}") for number, line in enumerate(lines, 1)]
