"""Reading a page back: its text by section, its elements, whether its tags balance."""

import re
from html.parser import HTMLParser

VOID = {"meta", "br", "hr", "link", "img", "input"}


class Page(HTMLParser):
    """A page as elements and text; `errors` lists every tag that does not close what was opened."""

    def __init__(self, source: str):
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.pieces: list[tuple[tuple[str, ...], str]] = []
        self.errors: list[str] = []
        self._open: list[tuple[str, str]] = []
        self.feed(source)
        self.close()
        self.errors += [f"<{name}> is never closed" for name, _ in self._open]

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append((tag, dict(attrs).get("id") or ""))

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self._open or self._open[-1][0] != tag:
            self.errors.append(f"</{tag}> closes {self._open[-1:]}")
        else:
            self._open.pop()

    def handle_data(self, data):
        path = tuple(f"{name}#{ident}" if ident else name for name, ident in self._open)
        self.pieces.append((path, data))

    def text(self, *, inside: str | None = None, outside: tuple[str, ...] = ()) -> str:
        """Text of the page, or of one element, without some elements; both named `tag` or `tag#id`."""
        kept = [
            piece
            for path, piece in self.pieces
            if (inside is None or inside in path) and not any(skipped in path for skipped in ("style", *outside))
        ]
        return re.sub(r"\s+", " ", " ".join(kept))

    def tags(self, name: str) -> list[dict[str, str | None]]:
        """Attributes of every element of a name."""
        return [attributes for tag, attributes in self.elements if tag == name]
