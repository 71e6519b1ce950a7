"""`mesascope emergence`: when does a training produce search, and does it keep one that was planted?"""

from pathlib import Path
from typing import Annotated

import typer

from mesascope.cli import options, terminal

EMERGENCE = "emergence.json"


def command(
    world: options.World = "red-doors",
    plant: Annotated[
        float | None,
        typer.Option(min=0, help="start at a search written into the weights, plus noise of this standard deviation"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="the seed of the training")] = 0,
    stages: Annotated[int, typer.Option(min=2, max=100, help="checkpoints to examine")] = 8,
    out: Annotated[Path | None, typer.Option(help="folder for emergence.json [default: nothing is written]")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="the shorter training of `mesascope audit --quick`")] = False,
    json: options.Json = False,
) -> None:
    """The search tests at checkpoints of one training of the default net.

    One seed is an example and no rate. Nothing is called search here: the capacity bound is not measured.
    """
    options.heavy()
    from mesascope.base_optimizers.registry import PRESETS, build_base_optimizer
    from mesascope.calibration.emergence import Stage, at_updates, fresh_start, planted_start, watch
    from mesascope.cli import interrupts
    from mesascope.cli.progress import Live
    from mesascope.core.jsonable import to_json
    from mesascope.reports.numbers import estimate_text
    from mesascope.store.fs import check_writable
    from mesascope.store.results import write_json
    from mesascope.worlds.registry import make_world

    def line(stage: Stage) -> str:
        scores = ", ".join(f"{name} {estimate_text(to_json(score))}" for name, score in stage.scores.items())
        return f"{stage.updates} updates: competence {stage.competence:.3f}; {scores}"

    def work() -> dict:
        chosen = make_world(world)
        if out is not None:
            check_writable(out)
        optimizer = build_base_optimizer("exact-policy-gradient", PRESETS["quick" if quick else "default"])
        start = fresh_start(optimizer, chosen, seed) if plant is None else planted_start(optimizer, chosen, seed, plant)
        found = []
        with Live() as live:
            for stage in watch(optimizer, chosen, start, at_updates(optimizer.updates, stages), seed):
                interrupts.rest()
                found.append(stage)
                live.note(line(stage))
        document = {"world": world, "seed": seed, "planted_noise": plant, "stages": found}
        if out is not None:
            write_json(out / EMERGENCE, document, 6)
        return to_json(document)

    document = interrupts.interruptible(work)
    if json:
        terminal.document(document)
    elif out is not None:
        terminal.line(f"Saved in {out / EMERGENCE}")
