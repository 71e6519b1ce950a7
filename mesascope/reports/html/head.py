"""Head and frame that every page shares."""

from importlib import resources

from mesascope.drawing import PICTURE_CSS
from mesascope.reports.markup import Child, Markup, tag

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""Content security policy of a page: it may draw itself and nothing else. Nothing is fetched, and no script runs but one whose
hash is added.
"""


def page(title: str, *body: Child, script: str | None = None) -> str:
    """A whole document in one file. `script` is the source expression of the one script that may run, if any."""
    return f"<!DOCTYPE html>\n{tag('html', head(title, script), tag('body', *body), lang='en')}\n"


def page_alone(title: str, *body: Child) -> str:
    """A document without contents: its title and one column."""
    return page(title, tag("div", tag("main", tag("h1", title), *body), class_="page alone"))


def head(title: str, script: str | None = None) -> Markup:
    """Policy, title and style; `script` as `page` takes it."""
    style = resources.files("mesascope.reports.html").joinpath("report.css").read_text(encoding="utf-8")
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag(
            "meta",
            http_equiv="Content-Security-Policy",
            content=POLICY if script is None else f"{POLICY}; script-src {script}",
        ),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", Markup(style + PICTURE_CSS)),
    )
