"""`mesascope instruments`: what is measured, how, and what each instrument cannot see."""

from typing import Annotated

import typer

from mesascope.cli import options, terminal


def command(
    name: Annotated[str | None, typer.Argument(help="an instrument, for its card")] = None,
    json: options.Json = False,
) -> None:
    """The instruments and what each measures; with a name, that instrument's card with its blind spots."""
    from mesascope.experiments.cards import every_card, find_card

    chosen = list(every_card().values()) if name is None else [find_card(name)]
    if json:
        terminal.document({"instruments": [card._asdict() for card in chosen]})
    elif name is None:
        terminal.table(("instrument", "measures"), [(card.name, card.measures) for card in chosen])
    else:
        for field, value in chosen[0]._asdict().items():
            title = field.replace("_", " ")
            terminal.block(f"{title}: {value}" if isinstance(value, str) else "\n  - ".join((f"{title}:", *value)))
