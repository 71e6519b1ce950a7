"""`mesascope tune`: a meta-optimizer at work. What it hands over is a base optimizer, ready for `mesascope train`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from mesascope.cli import options, terminal
from mesascope.cli.run import run


def command(
    world: options.World = "red-doors",
    sampler: Annotated[str, typer.Option(help="how trials are chosen: tpe, cma-es or random")] = "tpe",
    pruner: Annotated[str, typer.Option(help="which trials are given up early: median or none")] = "median",
    trials: Annotated[int, typer.Option(min=1, max=100_000, help="trials in all; a larger number goes on")] = 100,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="processes side by side")] = 1,
    objectives: Annotated[str, typer.Option(help="return, or return,inner-gap")] = "return",
    shift: Annotated[str | None, typer.Option(help="where the inner gap is read [default: the world's first]")] = None,
    tune: Annotated[
        list[str] | None,
        typer.Option("--tune", help="an option to tune, NAME or NAME=LOW:HIGH; repeatable [default: all that may be]"),
    ] = None,
    base_optimizer: options.BaseOptimizer = None,
    architecture: options.Architecture = None,
    updates: Annotated[
        int | None, typer.Option(min=1, help="updates of each training [default: 600; quick: 200]")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, max=100, help="trained in each trial [default: 3; quick: 1]")
    ] = None,
    fresh_seeds: Annotated[
        int | None, typer.Option(min=2, max=1000, help="that no trial saw, to be scored on [default: 10; quick: 5]")
    ] = None,
    elsewhere: Annotated[
        list[str] | None,
        typer.Option(
            help="a config key of the other world that it is tried in, KEY=VALUE; repeatable [default: no openings]"
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="of the sampler")] = 0,
    storage: Annotated[str, typer.Option(help="how trials are kept: journal or sqlite")] = "journal",
    out: Annotated[Path | None, typer.Option(help="folder for everything written [default: tunings/WORLD...]")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="shorter trainings, fewer seeds and levels")] = False,
    device: options.Device = None,
    knobs: options.Knobs = None,
    config: options.Config = None,
    open_page: options.Open = False,
    json: options.Json = False,
) -> None:
    """Tune a base optimizer on WORLD, and say how much of the gain is there on seeds that the tuner never saw.

    Writes tuning.json, optimizer.json (for `mesascope train --base-optimizer`) and report.html. The same command again goes
    on where it stopped.
    """
    asked = locals()
    from mesascope.core.optional_dependencies import check_installed
    from mesascope.meta_optimizers import PACKAGES

    check_installed("tuning", PACKAGES, "tuning")
    run("tune", {**asked, "objectives": tuple(part.strip() for part in objectives.split(","))}, _show)


def _show(document: dict[str, Any], page: Path | None) -> None:
    from mesascope.reports.numbers import estimate_text

    found, trials = document["overfitting"], document["trials"]
    tuned = ", ".join(f"{key} {value:.3g}" for key, value in found["tuned"]["config"].items())
    pruned = sum(trial["pruned"] for trial in trials)
    terminal.line(f"{len(trials)} trials ({pruned} given up early); best is trial {document['best']}: {tuned}")
    columns = ["configuration", "as the tuner saw it", "fresh seeds", "difference", "other world", "without updates"]
    parts = ("chosen_by", "fresh", "optimism", "elsewhere", "no_updates")
    rows = [[name, *(estimate_text(found[name][part], 3) for part in parts)] for name in ("default", "tuned")]
    null = document["random_null"]
    if null is None:
        terminal.line("The sampler is random: it is its own null.")
    else:
        rows.append(
            [f"best of {null['trials']} at random", *(estimate_text(null["standing"][part], 3) for part in parts)]
        )
    terminal.table(columns, rows)
    for claim in document["verdicts"]:
        terminal.line(f"{claim['verdict']}: {claim['claim']} ({claim['reason']})")
    world = document["world"]["name"]
    terminal.line(f"Report: {page}")
    optimizer = page and page.with_name("optimizer.json")
    terminal.line(f"Train with it: mesascope train {world} --base-optimizer {optimizer} --out DIR")
