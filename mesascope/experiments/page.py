"""The documentation page of an experiment: an opening written by hand, then its card."""

from mesascope.experiments.experiment import ORGANISM, AbstractExperiment
from mesascope.worlds.card import describe
from mesascope.worlds.page import card_parts

BEGIN, END = "<!-- opening -->", "<!-- end of opening -->"
"""What stands between these lines of a page was written by hand, and stays when the page is made again."""


def opening_of(page: str) -> str:
    r"""The opening of a page; empty where it has none.

    Example:
        >>> opening_of(f"# midas\n\n{BEGIN}\n\nIt shows this.\n\n{END}\n")
        'It shows this.'
    """
    _, begun, rest = page.partition(f"{BEGIN}\n")
    opening, ended, _ = rest.partition(f"\n{END}")
    return opening.strip() if begun and ended else ""


def experiment_page(experiment: AbstractExperiment, opening: str = "") -> str:
    """The page in Markdown; the same experiment and opening always give the same page.

    Args:
        experiment: Whose card it is.
        opening: What it shows, what is arithmetic, what was found, and what would refute it, before anything else.
    """
    title, summary, *parts = card_parts(describe(experiment))
    parts = [title, summary, *([BEGIN, opening, END] if opening else []), *parts]
    if experiment.references:
        rows = [
            f"| `{name}` | {found.what} | {'yes' if found.searches else 'no'} | {_options(found.options)} |"
            for name, found in experiment.references.items()
        ]
        head = "| subject | what it is | searches | settings |"
        use = f"    mesascope audit {experiment.name} --subject {ORGANISM}{next(iter(experiment.references))}"
        parts += ["## Reference subjects", "\n".join([head, "|---|---|---|---|", *rows]), use]
    return "\n\n".join(parts) + "\n"


def _options(options) -> str:
    return (
        ", ".join(f"`{key}`: {option.says} (default {option.default:g})" for key, option in options.items()) or "none"
    )
