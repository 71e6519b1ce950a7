"""The documentation page of an experiment, from its card."""

from mesascope.experiments.experiment import ORGANISM, AbstractExperiment
from mesascope.worlds.card import describe
from mesascope.worlds.page import card_parts


def experiment_page(experiment: AbstractExperiment) -> str:
    """The page in Markdown; the same experiment always gives the same page."""
    parts = card_parts(describe(experiment))
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
