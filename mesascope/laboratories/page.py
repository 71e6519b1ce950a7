"""The documentation page of a laboratory, from its card."""

from mesascope.laboratories.laboratory import ORGANISM, AbstractLaboratory
from mesascope.worlds.card import describe
from mesascope.worlds.page import card_parts


def laboratory_page(laboratory: AbstractLaboratory) -> str:
    """The page in Markdown; the same laboratory always gives the same page."""
    parts = card_parts(describe(laboratory))
    if laboratory.references:
        rows = [
            f"| `{name}` | {found.what} | {'yes' if found.searches else 'no'} | {_options(found.options)} |"
            for name, found in laboratory.references.items()
        ]
        head = "| subject | what it is | searches | settings |"
        use = f"    mesascope audit {laboratory.name} --subject {ORGANISM}{next(iter(laboratory.references))}"
        parts += ["## Reference subjects", "\n".join([head, "|---|---|---|---|", *rows]), use]
    return "\n\n".join(parts) + "\n"


def _options(options) -> str:
    return (
        ", ".join(f"`{key}`: {option.says} (default {option.default:g})" for key, option in options.items()) or "none"
    )
