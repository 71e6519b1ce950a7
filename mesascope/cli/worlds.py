"""`mesascope worlds`: the worlds, their features and shifts, and each one's card."""

import inspect
from typing import Annotated

import typer

from mesascope.cli import options, terminal


def command(
    name: Annotated[str | None, typer.Argument(help="a world, for its card")] = None,
    json: options.Json = False,
) -> None:
    """The worlds, their features and shifts; with a name, that world's card."""
    from mesascope.worlds.registry import WORLDS, find_world

    chosen = WORLDS if name is None else {name: find_world(name)}
    if json:
        cards = (
            {
                "name": world.name,
                "features": list(world.features),
                "shifts": dict(world.shifts),
                "card": inspect.getdoc(world),
            }
            for world in chosen.values()
        )
        terminal.document({"worlds": list(cards)})
    elif name is None:
        rows = [(world.name, ", ".join(world.features), ", ".join(world.shifts)) for world in chosen.values()]
        terminal.table(("world", "features", "shifts"), rows)
    else:
        terminal.block(inspect.getdoc(chosen[name]))
        terminal.line("")
        terminal.table(("shift", "what changes"), chosen[name].shifts.items())
