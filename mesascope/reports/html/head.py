"""Head and frame that every page shares."""

from importlib import resources

from mesascope.drawing import PICTURE_CSS
from mesascope.reports.markup import Child, Markup, tag

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""Content security policy of a page: it may draw itself and nothing else. Nothing is fetched, and no script runs but one whose
hash is added.
"""


def page(title: str, *body: Child, policy: str = POLICY) -> str:
    """A whole document in one file; `policy` is its content security policy."""
    return f"<!DOCTYPE html>\n{tag('html', head(title, policy), tag('body', *body), lang='en')}\n"


def page_alone(title: str, *body: Child, policy: str = POLICY) -> str:
    """A document without contents: its title and one column."""
    return page(title, tag("div", tag("main", tag("h1", title), *body), class_="page alone"), policy=policy)


def head(title: str, policy: str = POLICY) -> Markup:
    """Policy, title and style; `policy` as `page` takes it."""
    style = resources.files("mesascope.reports.html").joinpath("report.css").read_text(encoding="utf-8")
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", Markup(style + PICTURE_CSS)),
    )
