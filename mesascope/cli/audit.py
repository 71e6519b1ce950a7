"""`mesascope audit`: the main job. Train (unless given a subject), audit, report; the same command again goes on."""

from pathlib import Path
from typing import Annotated

import typer

from mesascope.cli import options


def command(
    world: Annotated[str, typer.Argument(help="the world to audit in")] = "red-doors",
    subject: Annotated[
        str | None,
        typer.Option(
            help="what to audit instead of training: a saved learned algorithm's folder, organism:NAME,key=value,... "
            "or python:module:attribute"
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="how many to train and audit")] = 3,
    first_seed: Annotated[int, typer.Option(min=0, help="the first of the seeds")] = 0,
    out: Annotated[Path | None, typer.Option(help="folder for everything written [default: audits/WORLD...]")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="one seed, shorter training, fewer levels")] = False,
    levels: Annotated[int | None, typer.Option(min=20, max=100_000, help="levels of each distribution")] = None,
    architecture: Annotated[str, typer.Option(help="what to train")] = "glance",
    base_optimizer: Annotated[str, typer.Option(help="what to train it with")] = "exact-policy-gradient",
    updates: Annotated[int | None, typer.Option(min=1, help="updates of the base optimizer")] = None,
    knob: Annotated[list[str] | None, typer.Option("--set", help="a knob of the world, KEY=VALUE; repeatable")] = None,
    json: options.Json = False,
) -> None:
    """Does it search inside, what is it after, and where did that come apart from what was wanted?

    Trains three seeds on WORLD (or takes --subject), audits each in training and under every shift, prints a verdict and
    writes audit.json and report.html. The same command again continues where it stopped.
    """
    from mesascope.cli.auditing import Request, run_audits

    request = Request(
        world=world,
        subject=subject,
        seeds=tuple(range(first_seed, first_seed + (1 if quick or subject else seeds))),
        out=out,
        quick=quick,
        levels=levels,
        architecture=architecture,
        base_optimizer=base_optimizer,
        updates=updates,
        knobs=tuple(knob or ()),
    )
    run_audits(request, json=json)
