"""`mesascope worlds`: the worlds and experiments, their features and shifts, and each one's card."""

from typing import Annotated

import typer

from mesascope.cli import options, terminal
from mesascope.cli.progress import Live


def command(
    name: Annotated[str | None, typer.Argument(help="a world or an experiment, for its card")] = None,
    json: options.Json = False,
) -> None:
    """The worlds and experiments, their features and shifts; with a name, that one's card."""
    from mesascope.core.jsonable import to_json
    from mesascope.experiments.experiment import AbstractExperiment
    from mesascope.experiments.page import experiment_page
    from mesascope.experiments.registry import everywhere, make_anywhere
    from mesascope.worlds.card import describe
    from mesascope.worlds.page import world_page

    with Live() as live:
        chosen = [make_anywhere(found, say=live.say) for found in (everywhere() if name is None else [name])]
    if json:
        terminal.document({"worlds": [to_json(describe(world)) for world in chosen]})
    elif name is None:
        rows = [(world.name, ", ".join(world.features), ", ".join(world.shifts)) for world in chosen]
        terminal.table(("world", "features", "shifts"), rows)
    else:
        shown = chosen[0]
        terminal.block(experiment_page(shown) if isinstance(shown, AbstractExperiment) else world_page(shown))
