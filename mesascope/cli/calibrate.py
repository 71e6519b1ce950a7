"""`mesascope calibrate`: the search examination on agents whose insides are known, and its error rates."""

from pathlib import Path
from typing import Annotated, Any

import typer

from mesascope.cli import options
from mesascope.cli.run import run


def command(
    out: Annotated[Path, typer.Option(help="folder for everything written")] = Path("calibration"),
    seeds: Annotated[
        int | None,
        typer.Option(min=1, max=1000, help="audits of each searcher, of others three times as many [3; quick: 1]"),
    ] = None,
    networks: Annotated[
        int, typer.Option(min=0, max=100, help="trained and untrained networks of each kind to examine as well")
    ] = 0,
    chance: Annotated[
        int, typer.Option(min=0, max=1000, help="random networks, and as many image classifiers, to examine as well")
    ] = 0,
    quick: Annotated[bool, typer.Option("--quick", help="a few organisms, one seed")] = False,
    builds: Annotated[
        tuple[int, int] | None,
        typer.Option(help="instead: so many random builds that search, and so many that do not", metavar="N N"),
    ] = None,
    subject_class: Annotated[
        str,
        typer.Option(
            "--class", help="class of subjects: plan-once, tokens or recurrent; of the last two random builds alone"
        ),
    ] = "plan-once",
    first: Annotated[int, typer.Option(min=0, help="seed of the first random build")] = 0,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=64, help="processes side by side [default: one for each core]")
    ] = None,
    device: options.Device = None,
    open_page: options.Open = False,
    json: options.Json = False,
) -> None:
    """How often is the search examination right? Every organism over several seeds.

    The threshold is chosen on one half of the organisms and reported on the other. With --builds the published threshold is
    held against organisms drawn at random, each audited once. The same command again goes on where it stopped.
    """
    run("calibrate", locals(), _show)


def _show(document: dict[str, Any], page: Path | None) -> None:
    from mesascope.reports.terminal import calibration_summary

    calibration_summary(document, page)
