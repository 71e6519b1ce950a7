"""`mesascope instruments`: what is measured, how, and what each instrument cannot see."""

from typing import Annotated

import typer

from mesascope.cli import options, terminal


def command(
    name: Annotated[str | None, typer.Argument(help="an instrument, for its card")] = None,
    json: options.Json = False,
) -> None:
    """The instruments and what each measures; with a name, that instrument's card with its blind spots."""
    from mesascope.core.errors import unknown
    from mesascope.experiments.registry import every_card

    cards = every_card()
    if name is not None and name not in cards:
        raise unknown("instrument", name, cards)
    chosen = list(cards.values()) if name is None else [cards[name]]
    if json:
        terminal.document({"instruments": [card._asdict() for card in chosen]})
    elif name is None:
        terminal.table(("instrument", "measures"), [(card.name, card.measures) for card in chosen])
    else:
        for field, value in chosen[0]._asdict().items():
            title = field.replace("_", " ")
            terminal.block(f"{title}: {value}" if isinstance(value, str) else "\n  - ".join((f"{title}:", *value)))
