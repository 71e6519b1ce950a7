"""`mesascope worker`: one of several processes that share a task; the first of them starts the others by this."""

import json
from typing import Annotated

import typer

from mesascope.cli import options
from mesascope.jobs import interrupts


def command(
    request: Annotated[str, typer.Argument(help="the request, as JSON")],
    number: Annotated[int, typer.Argument(min=1, help="which of the processes this is")],
) -> None:
    """Do a share of what another process of this program was asked for."""
    options.heavy()
    from importlib import import_module

    from mesascope.jobs.listener import SILENT

    module = import_module(f"mesascope.jobs.{json.loads(request)['kind']}")
    asked = module.Request.model_validate_json(request)
    interrupts.interruptible(lambda: module.run(asked, SILENT, worker=number))
