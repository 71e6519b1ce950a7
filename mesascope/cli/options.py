"""Options that several commands share."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="print a JSON document, and nothing else, on standard output")]
World = Annotated[str, typer.Argument(help="a world or an experiment, as `mesascope worlds` lists them")]
Architecture = Annotated[str | None, typer.Option(help="what to train [default: glance]")]
BaseOptimizer = Annotated[
    str | None,
    typer.Option(help="what to train it with, or FILE.json of `mesascope tune` [default: exact-policy-gradient]"),
]
Updates = Annotated[int | None, typer.Option(min=1, help="updates of the base optimizer")]
Knobs = Annotated[list[str] | None, typer.Option("--set", help="a knob of the world, KEY=VALUE; repeatable")]


def heavy() -> None:
    """To be called before a command imports JAX: compiled programs are kept from run to run, and a GPU computes as finely as
    a processor.
    """
    from mesascope.cli.compiled import keep_compiled
    from mesascope.cli.precision import ask_for_single_precision

    keep_compiled()
    ask_for_single_precision()
