"""`mesascope cite`: what to cite for a result."""

from pathlib import Path
from typing import Annotated, Any

import typer

from mesascope.cli import options, terminal


def command(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="a folder that `mesascope audit` wrote; without it, everything"),
    ] = None,
    json: options.Json = False,
) -> None:
    """The references of the instruments that an audit used, from its cards; without DIR, those of all instruments."""
    cards = _all() if folder is None else _used(folder)
    if json:
        terminal.document({"instruments": cards})
        return
    for card in cards:
        terminal.line(f"{card['name']}:")
        for reference in card["references"]:
            terminal.line(f"  {reference}")


def _all() -> list[dict[str, Any]]:
    from mesascope.experiments.registry import every_card

    return [{"name": name, "references": list(card.references)} for name, card in every_card().items()]


def _used(folder: Path) -> list[dict[str, Any]]:
    """The cards of the instruments that ran in one of the audits, each once."""
    from mesascope.jobs.audit_folder import audits_in
    from mesascope.reports.cards import cards_used
    from mesascope.reports.reading import items, words

    cards = [card for audit in audits_in(folder) for card in cards_used(audit)]
    named = {words(card, "name"): [str(r) for r in items(card, "references")] for card in cards}
    return [{"name": name, "references": references} for name, references in named.items()]
