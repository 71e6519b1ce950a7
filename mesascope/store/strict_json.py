"""JSON from files that cannot be trusted: bounded, without duplicate keys, without numbers JSON does not have."""

import json
import math
import re
from typing import Any

DEEPEST = 32
"""Levels of nesting; nothing of ours nests deeper than ten."""

LONGEST_NUMBER = 308
"""Digits of an integer: one of more has no float."""

_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_LARGE = re.compile(rf"\d{{{LONGEST_NUMBER}}}|[eE]\+?0*\d{{3}}")
"""Found in every text that holds a number beyond the floats; reading takes twice as long where each number is looked at."""
_NO_BRACKET = dict.fromkeys(set(range(128)) - set(map(ord, "[]{}")))


def parse(data: bytes, deepest: int = DEEPEST) -> Any:
    """The value in `data`; `ValueError` saying what is wrong with it, in words."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not UTF-8") from None
    if text.count("[") + text.count("{") > deepest and depth(text) > deepest:
        raise ValueError(f"nested more than {deepest} deep")
    numbers: dict[str, Any] = {"parse_float": _float, "parse_int": _int} if _LARGE.search(text) else {}
    value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, **numbers)
    if "\\u" in text:
        try:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError:
            raise ValueError("a string holds half of a surrogate pair") from None
    return value


def depth(text: str) -> int:
    """How deep brackets nest, looked at before any parser recurses into them."""
    level = deepest = 0
    for character in _STRING.sub("", text).translate(_NO_BRACKET):
        if character in "[{":
            level += 1
            deepest = max(deepest, level)
        elif character in "]}":
            level -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key '{twice[:80]}' stands twice")
    return found


def _constant(name: str) -> None:
    raise ValueError(f"{name} is not a number JSON has")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text[:40]} is too large")
    return value


def _int(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ValueError(f"the number {text[:40]}... has {len(text)} digits: at most {LONGEST_NUMBER}")
    return int(text)
