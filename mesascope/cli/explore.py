"""`mesascope explore`: audits and studies in the browser, with agents that answer on edited levels."""

from pathlib import Path
from typing import Annotated

import typer

from mesascope.cli import options, terminal

USUAL = ("audits", "studies")
"""Where results go by default."""


def command(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[DIR...]", help="where to look, folders below included [default: audits and studies]"),
    ] = None,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="open the page in the browser")] = True,
    host: Annotated[str, typer.Option(help="127.0.0.1 or ::1; no other machine can reach it")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="the port; 0 for one that is free")] = 0,
    device: options.Device = None,
    outside_agents: Annotated[
        bool,
        typer.Option("--outside-agents", help="also load agents of other libraries, which may run the code they name"),
    ] = False,
) -> None:
    """Look at audits and studies in the browser: verdicts, reports, and agents that answer on levels you edit.

    Prints a link that works until Ctrl-C, on this machine alone. Nothing is written and nothing is measured.
    """
    from mesascope.core.errors import UsageError
    from mesascope.jobs import interrupts

    options.heavy(device)
    try:
        from mesascope.explorer.server import listening, serve
    except ModuleNotFoundError as error:
        if error.name not in ("starlette", "uvicorn"):
            raise
        raise UsageError(f"explore needs {error.name}: pip install 'mesascope[explorer]'") from None
    from mesascope.explorer.agents import Agents
    from mesascope.explorer.folders import Folders

    found = Folders(folders or [path for name in USUAL if (path := Path(name)).is_dir()] or [Path()])
    agents = Agents(found, outside=outside_agents)
    with listening(host, port) as (socket, access):

        def ready() -> None:
            terminal.line(f"Explorer: {access.link}")
            terminal.note("Ctrl-C stops it.")
            if open_page:
                options.show_link(access.link)

        try:
            interrupts.interruptible(lambda: serve(socket, access, found, agents, ready))
        except KeyboardInterrupt:
            terminal.note("The explorer has stopped.")
