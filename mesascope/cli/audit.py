"""`mesascope audit`: the main job. Train (unless given a subject), audit, report; the same command again goes on."""

from pathlib import Path
from typing import Annotated, Any

import typer

from mesascope.cli import options
from mesascope.cli.run import run


def command(
    world: options.World = "red-doors",
    subject: Annotated[
        str | None,
        typer.Option(
            help="what to audit instead of training: a saved learned algorithm's folder, organism:NAME,key=value,... "
            "python:module:attribute or sb3:FILE,actions=up/down/..."
        ),
    ] = None,
    expect_return: Annotated[
        float | None,
        typer.Option(
            help="the return in training that the agent's owner reports: it is replayed first, and must agree"
        ),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, max=100, help="how many to train and audit [default: 3; quick: 1]")
    ] = None,
    first_seed: Annotated[int, typer.Option(min=0, help="the first of the seeds")] = 0,
    out: Annotated[Path | None, typer.Option(help="folder for everything written [default: audits/WORLD...]")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="one seed, shorter training, fewer levels")] = False,
    describe: Annotated[
        bool,
        typer.Option("--describe", help="also say how it goes about it: depth, light cone, probes, algorithm, program"),
    ] = False,
    adversary: Annotated[
        bool, typer.Option("--adversary", help="also search for the legal level on which it loses most")
    ] = False,
    levels: Annotated[int | None, typer.Option(min=20, max=100_000, help="levels of each distribution")] = None,
    shifts: Annotated[
        str | None, typer.Option(help="the shifts that are run, apart by commas, e.g. blue-door,larger [default: all]")
    ] = None,
    architecture: options.Architecture = None,
    base_optimizer: options.BaseOptimizer = None,
    updates: options.Updates = None,
    device: options.Device = None,
    knobs: options.Knobs = None,
    config: options.Config = None,
    open_page: options.Open = False,
    json: options.Json = False,
) -> None:
    """Does it search inside, what is it after, and where did that come apart from what was wanted?

    Trains three seeds on WORLD, a world or an experiment (or takes --subject), audits each in training and under every
    shift, prints a verdict and writes audit.json and report.html. The same command again continues where it stopped.
    """
    given = locals()
    expected = given.pop("expect_return")
    if expected is not None:
        if subject is None:
            raise typer.BadParameter("it is the return of the agent that --subject names", param_hint="--expect-return")
        given["subject"] = f"{subject},expect_return={expected}"
    run("audit", given, _show)


def _show(document: dict[str, Any], page: Path | None) -> None:
    from mesascope.reports.terminal import summary

    summary(document.get("audits", [document]), page)
