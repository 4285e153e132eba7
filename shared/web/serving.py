"""Running an application as a process: `sys.exit(serve(app))` at the end of a `main.py`."""

from __future__ import annotations

import gc
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from shared.observability import configure_logging
from shared.service import Service

__all__ = ["serve"]

_GRACE_SECONDS = 10
_KEEP_ALIVE_SECONDS = 130  # longer than front doors keep idle connections, so ours never race


def serve(app: FastAPI) -> int:
    """Serve until SIGTERM or SIGINT, finish what is in hand, return the exit code.

    0: asked to stop. 1: the service reported an error it cannot go on from, or could not start.
    """
    service: Service = app.state.service
    settings = service.settings
    configure_logging(service.name, settings.log_level)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=True,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    # What is loaded by now stays to the end. Without this, each full collection goes through all of
    # it, and everything waits for a tenth of a second or two.
    gc.freeze()
    try:
        _Server(config, app).run()
    except SystemExit:  # uvicorn's way to say that it could not start
        return 1
    return 1 if service.fatal_error else 0


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Open streams would be waited for until the grace is over: end them first."""
        self._app.state.streams.stop()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As in uvicorn, which afterwards raises the signal again: the exit code is ours."""
        before = {
            number: signal.signal(number, self.handle_exit)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
