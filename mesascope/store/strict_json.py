"""JSON from files that cannot be trusted: bounded, without duplicate keys, without numbers JSON does not have."""

import json
import math
from typing import Any

DEEPEST = 32
"""Levels of nesting; nothing of ours nests deeper than ten."""


def parse(data: bytes, deepest: int = DEEPEST) -> Any:
    """The value in `data`; `ValueError` saying what is wrong with it, in words."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not UTF-8") from None
    if depth(text) > deepest:
        raise ValueError(f"nested more than {deepest} deep")
    value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("a string holds half of a surrogate pair") from None
    return value


def depth(text: str) -> int:
    """How deep brackets nest, looked at before any parser recurses into them."""
    level = deepest = 0
    in_string = escaped = False
    for character in text:
        if in_string:
            in_string = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            in_string = True
        elif character in "[{":
            level += 1
            deepest = max(deepest, level)
        elif character in "]}":
            level -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key '{key[:80]}' stands twice")
        found[key] = value
    return found


def _constant(name: str) -> None:
    raise ValueError(f"{name} is not a number JSON has")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text[:40]} is too large")
    return value
