"""Options that several commands share."""

import os
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
Knobs = Annotated[list[str] | None, typer.Option("--set", help="a config key of the world, KEY=VALUE; repeatable")]


def heavy() -> None:
    """To be called before a command imports JAX: compiled programs are kept from run to run, and a GPU computes as finely as
    a processor. `UsageError` where the environment sets JAX to give other results.
    """
    from mesascope.cli.compiled import keep_compiled
    from mesascope.cli.precision import ask_for_single_precision
    from mesascope.core.jax_settings import check_jax_settings

    check_jax_settings(os.environ)
    keep_compiled()
    ask_for_single_precision()
