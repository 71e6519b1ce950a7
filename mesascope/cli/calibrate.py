"""`mesascope calibrate`: the search examination on agents whose insides are known, and its error rates."""

import os
from pathlib import Path
from typing import Annotated

import typer

from mesascope.cli import options

SEEDS, NETWORKS, CHANCE = 3, 0, 0


def command(
    out: Annotated[Path, typer.Option(help="folder for everything written")] = Path("calibration"),
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1, max=1000, help=f"audits of each searcher, of others three times as many [{SEEDS}; quick: 1]"
        ),
    ] = None,
    networks: Annotated[
        int, typer.Option(min=0, max=100, help="trained and untrained networks of each kind to examine as well")
    ] = NETWORKS,
    chance: Annotated[
        int, typer.Option(min=0, max=1000, help="random networks, and as many image classifiers, to examine as well")
    ] = CHANCE,
    quick: Annotated[bool, typer.Option("--quick", help="a few organisms, one seed")] = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=64, help="processes side by side [default: one for each core]")
    ] = None,
    worker: Annotated[int | None, typer.Option(hidden=True, min=1)] = None,
    json: options.Json = False,
) -> None:
    """How often is the search examination right? Every organism over several seeds.

    The threshold is chosen on one half of the organisms and reported on the other. The same command again goes on where
    it stopped.
    """
    options.heavy()
    from mesascope.cli.calibrating import Request, run_calibration

    count = seeds or (1 if quick else SEEDS)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    run_calibration(Request(out, count, networks, chance, quick, jobs or cores, worker), json=json)
