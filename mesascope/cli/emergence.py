"""`mesascope emergence`: when does a training produce search, and does it keep one that was planted?"""

from pathlib import Path
from typing import Annotated, Any

import typer

from mesascope.cli import options, terminal
from mesascope.cli.run import run


def command(
    world: options.World = "red-doors",
    plant: Annotated[
        float | None,
        typer.Option(min=0, help="start at a search written into the weights, plus noise of this standard deviation"),
    ] = None,
    imitate: Annotated[
        str | None,
        typer.Option(
            help="start at a net that has imitated an organism, e.g. planner,objective=door or compass,objective=door",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="the seed of the training")] = 0,
    stages: Annotated[int, typer.Option(min=2, max=100, help="checkpoints to examine")] = 8,
    out: Annotated[Path | None, typer.Option(help="folder for emergence.json [default: nothing is written]")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="the shorter training of `mesascope audit --quick`")] = False,
    device: options.Device = None,
    json: options.Json = False,
) -> None:
    """The search tests at checkpoints of one training of the default net.

    One seed is an example and no rate. Nothing is called search here: the capacity bound is not measured.
    """
    run("emergence", locals(), _show)


def _show(document: dict[str, Any], page: Path | None) -> None:
    if page is not None:
        terminal.line(f"Saved in {page}")
