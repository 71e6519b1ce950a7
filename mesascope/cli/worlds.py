"""`mesascope worlds`: the worlds, their features and shifts, and each one's card."""

from typing import Annotated

import typer

from mesascope.cli import options, terminal


def command(
    name: Annotated[str | None, typer.Argument(help="a world, for its card with example levels")] = None,
    json: options.Json = False,
) -> None:
    """The worlds, their features and shifts; with a name, that world's card and example levels."""
    from mesascope.core.jsonable import to_json
    from mesascope.worlds.card import describe
    from mesascope.worlds.page import world_page
    from mesascope.worlds.registry import WORLDS, make_world

    chosen = [make_world(found) for found in (WORLDS if name is None else [name])]
    if json:
        terminal.document({"worlds": [to_json(describe(world)) for world in chosen]})
    elif name is None:
        rows = [(world.name, ", ".join(world.features), ", ".join(world.shifts)) for world in chosen]
        terminal.table(("world", "features", "shifts"), rows)
    else:
        terminal.block(world_page(chosen[0]))
