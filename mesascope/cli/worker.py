"""`mesascope worker`: one of several processes that share a task; the first of them starts the others by this."""

import os
import sys
from typing import Annotated

import typer

from mesascope.cli import options
from mesascope.jobs import interrupts


def command(
    request: Annotated[str, typer.Argument(help="the request, as JSON")],
    number: Annotated[int, typer.Argument(min=1, help="which of the processes this is")],
    core: Annotated[int | None, typer.Option(min=0, help="the core that it is pinned to")] = None,
) -> None:
    """Do a share of what another process of this program was asked for."""
    if core is not None:  # before JAX is imported, which starts a thread for each core it may use
        os.sched_setaffinity(0, {core})
    interrupts.end_with(sys.stdin.fileno())
    options.heavy()
    from mesascope.jobs.worker import work

    interrupts.interruptible(lambda: work(request, number))
