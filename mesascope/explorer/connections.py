"""Connections that wait for nobody: whoever sends no whole request in time, or does not take the answer, is cut off.

Only so many connections are open at once. Without this, as many that send half a request each would keep everybody else out.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE = 15.0
"""Seconds that a request has to arrive, its body included. A little more than a route waits for a body, which says so."""
TAKING = 60.0
"""Seconds that an answer may wait in full buffers."""


class Connection(H11Protocol):
    """One connection. The server makes it."""

    _arriving: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait on for the same request, or no longer where it is whole."""
        super().data_received(data)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing."""
        _stop(self._arriving)
        _stop(self._taking)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Wait for whoever asked to take the answer."""
        super().pause_writing()
        self._taking = self._taking or self.loop.call_later(TAKING, self.transport.abort)

    def resume_writing(self) -> None:
        """It is being taken."""
        super().resume_writing()
        _stop(self._taking)
        self._taking = None

    def _wait(self) -> None:
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            _stop(self._arriving)
            self._arriving = None
        elif self._arriving is None:
            self._arriving = self.loop.call_later(PATIENCE, self.transport.abort)


def _stop(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
