"""Where the explorer listens: the port is taken before its link is told, and given back on Ctrl-C."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Iterator

import uvicorn

from mesascope.core.errors import StorageError
from mesascope.explorer.agents import Agents
from mesascope.explorer.app import Explorer
from mesascope.explorer.connections import Connection
from mesascope.explorer.folders import Folders
from mesascope.explorer.guard import Access, check_host, new_access
from mesascope.jobs.interrupts import check_canceled, was_canceled

_LOOK = 0.2
"""Seconds between two looks at whether a signal was heard."""
_IDLE = 30
"""Seconds that a connection is kept on which nothing comes."""
_CONNECTIONS = 64
_LONGEST_HEAD = 32_768
"""Bytes of the headers of a request."""


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[tuple[socket.socket, Access]]:
    """A socket on this machine alone, and access with a fresh token.

    Args:
        host: One of `guard.LOOPBACK`.
        port: The port; 0 for one that is free.

    Raises:
        UsageError: Another machine could reach the host.
        StorageError: The port is taken.
    """
    family = socket.AF_INET6 if ":" in check_host(host) else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as found:
        if os.name != "nt":  # there it would let two processes have one port
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((host, port))
            found.listen(_CONNECTIONS)
        except OSError as error:
            raise StorageError(
                f"port {port} of {host} cannot be taken ({error.strerror or error}): leave out --port"
            ) from None
        yield found, new_access(host, found.getsockname()[1])


def serve(found: socket.socket, access: Access, folders: Folders, agents: Agents, ready: Callable[[], object]) -> None:
    """Answer until a signal is heard, which raises `KeyboardInterrupt`; `ready` is called once requests are answered."""
    explorer = Explorer(folders, agents, access)
    try:
        asyncio.run(until_stopped(explorer, found, ready, was_canceled))
    finally:
        explorer.close()
    check_canceled()


async def until_stopped(
    explorer: Explorer, found: socket.socket, ready: Callable[[], object], stopped: Callable[[], bool]
) -> None:
    """Answer on a socket until `stopped` holds; `ready` is called once requests are answered."""
    config = uvicorn.Config(
        explorer.app(),
        access_log=False,
        log_level="error",  # what strangers send is no news for the terminal
        lifespan="off",
        ws="none",
        http=Connection,
        loop="asyncio",
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_IDLE,
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=_LONGEST_HEAD,
    )
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server.serve(sockets=[found]))
    while not (server.started or serving.done()):
        await asyncio.wait([serving], timeout=_LOOK / 10)
    if server.started:
        ready()
    while not serving.done():
        server.should_exit = server.should_exit or stopped()
        await asyncio.wait([serving], timeout=_LOOK)
    await serving
