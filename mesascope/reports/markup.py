"""HTML and SVG as values that cannot be written unescaped.

A string becomes markup only through `tag`, which escapes every attribute and every child that is not markup already; so
no name in a document, however hostile, can open a tag, and every tag that is opened is closed.
"""

import html
import re
from collections.abc import Iterable

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)
"""Characters that no page may hold, and marks that reorder or hide what stands beside them."""

_VOID = frozenset({"meta", "br", "hr", "link", "input"})


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


Child = str | Markup | None | Iterable["Child"]


def clean(text: object) -> str:
    r"""`text` with control characters and direction marks shown as escapes such as `\u202e`."""
    return _HIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode(), str(text).replace("\r", " "))


def escape(text: object) -> Markup:
    """Text made safe as content and inside of a quoted attribute; markup stays as it is."""
    return text if isinstance(text, Markup) else Markup(html.escape(clean(text), quote=True))


def join(*children: Child) -> Markup:
    """Children one after another, escaped where they are not markup; None is left out."""
    parts: list[str] = []
    for child in children:
        if child is None:
            continue
        if isinstance(child, str):
            parts.append(escape(child))
        else:
            parts.append(join(*child))
    return Markup("".join(parts))


def tag(element: str, *children: Child, **attributes: object) -> Markup:
    """`<element attribute="...">children</element>`.

    A trailing underscore of an attribute is dropped (`class_`), others become dashes (`stroke_width`). None and False
    leave the attribute out; True gives it no value.
    """
    head = [element]
    for key, value in attributes.items():
        name = key.removesuffix("_").replace("_", "-")
        if value is None or value is False:
            continue
        head.append(name if value is True else f'{name}="{escape(_plain(value))}"')
    opened = f"<{' '.join(head)}>"
    return Markup(opened if element in _VOID else f"{opened}{join(*children)}</{element}>")


def _plain(value: object) -> str:
    """Coordinates to a tenth of a pixel: finer is never seen, and pages of figures stay small."""
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
