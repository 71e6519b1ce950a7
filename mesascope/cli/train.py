"""`mesascope train`: one learned algorithm into a folder; the same command again goes on where it stopped."""

from pathlib import Path
from typing import Annotated, Any

import typer

from mesascope.cli import options, terminal
from mesascope.cli.run import run


def command(
    out: Annotated[Path, typer.Option(help="folder for the learned algorithm")],
    world: options.TrainedWorld = "red-doors",
    architecture: options.Architecture = None,
    base_optimizer: options.BaseOptimizer = None,
    seed: Annotated[int, typer.Option(min=0, help="the seed that the weights are a function of")] = 0,
    updates: options.Updates = None,
    quick: Annotated[bool, typer.Option("--quick", help="the shorter training of `mesascope audit --quick`")] = False,
    device: options.Device = None,
    knobs: options.Knobs = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Train one learned algorithm on WORLD, to be audited with --subject DIR.

    The same command again continues an interrupted training with the bits it would have had.
    """
    run("train", locals(), _show)


def _show(trained: dict[str, Any], page: Path | None) -> None:
    competence, folder = trained["training_competence"], trained["folder"]
    reached = "not measured" if competence is None else f"{competence:.3f}"
    terminal.line(f"{trained['architecture']} net, seed {trained['seed']}: competence in training {reached}")
    terminal.line(f"Saved in {folder}; audit it with: {trained['audit_with']}")
