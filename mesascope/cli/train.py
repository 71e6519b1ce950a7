"""`mesascope train`: one learned algorithm into a folder; the same command again goes on where it stopped."""

from pathlib import Path
from typing import Annotated

import typer

from mesascope.cli import options, terminal


def command(
    out: Annotated[Path, typer.Option(help="folder for the learned algorithm")],
    world: options.World = "red-doors",
    architecture: options.Architecture = None,
    base_optimizer: options.BaseOptimizer = None,
    seed: Annotated[int, typer.Option(min=0, help="the seed that the weights are a function of")] = 0,
    updates: options.Updates = None,
    quick: Annotated[bool, typer.Option("--quick", help="the shorter training of `mesascope audit --quick`")] = False,
    knob: options.Knobs = None,
    json: options.Json = False,
) -> None:
    """Train one learned algorithm on WORLD, to be audited with --subject DIR.

    The same command again continues an interrupted training with the bits it would have had.
    """
    options.heavy()
    from mesascope.cli import interrupts
    from mesascope.cli.plans import Request, make_training
    from mesascope.cli.progress import Live
    from mesascope.cli.subjects import LEARNED
    from mesascope.cli.training import check_folder, trained
    from mesascope.core.rng import named_key
    from mesascope.store.fs import check_writable

    def work():
        training = make_training(
            Request(
                world,
                quick=quick,
                architecture=architecture,
                base_optimizer=base_optimizer,
                updates=updates,
                knobs=tuple(knob or ()),
            )
        )
        named_key(seed)  # refuses a seed out of range
        check_writable(out)
        check_folder(training, seed, out)
        with Live() as live:
            return trained(training, seed, out, live)

    learned = interrupts.interruptible(work)
    about, folder = learned.provenance, out / LEARNED
    if json:
        terminal.document(
            {
                "folder": str(folder),
                "architecture": learned.architecture,
                "sha256": learned.sha256,
                **about.model_dump(),
            }
        )
        return
    reached = "not measured" if about.training_competence is None else f"{about.training_competence:.3f}"
    terminal.line(f"{learned.architecture} net, seed {about.seed}: competence in training {reached}")
    terminal.line(f"Saved in {folder}; audit it with: mesascope audit {about.world} --subject {folder}")
