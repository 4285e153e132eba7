"""Live updates: one server-sent event stream per page, fed by what changes in the database.

    @router.get("/board/live", response_class=EventSourceResponse)
    async def follow(
        request: Request, identity: Annotated[Identity, require(Permission.TEAM_READ)]
    ) -> AsyncIterator[ServerSentEvent]:
        async def render() -> list[Part]:
            return [Part("board", ui.fragment(request, "board.html", block="rows", …))]

        async for event in live(request, ["absences", "coverage"], render):
            yield event

`render` reads the database with the caller's scope, so any replica can serve anyone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import structlog
from fastapi import Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from shared.errors import AppError
from shared.ids import new_id
from shared.mongo import Listener, is_infrastructure
from shared.observability import METRICS
from shared.service import Service

__all__ = ["EventSourceResponse", "Part", "ServerSentEvent", "Streams", "live"]

_RETRY_MILLISECONDS = 2_000
_REST_SECONDS = 0.15  # a burst of changes is drawn a few times a second, not once for each
_LONGEST_SECONDS = 3_600  # then the browser comes back, and its session is checked again
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of the page: `name` is the event the page listens for, `html` its new content."""

    name: str
    html: str


class Streams:
    """The open streams of a process, so that stopping it need not wait for the browsers."""

    def __init__(self, service: str) -> None:
        self._open: set[Listener] = set()
        self._gauge = METRICS.live_streams.labels(service)
        self._stopped = False

    def stop(self) -> None:
        """Ends all streams, and new ones at once."""
        self._stopped = True
        for listener in self._open:
            listener.close()

    @contextmanager
    def opened(self, listener: Listener) -> Iterator[None]:
        self._open.add(listener)
        self._gauge.set(len(self._open))
        if self._stopped:
            listener.close()
        try:
            yield
        finally:
            self._open.discard(listener)
            self._gauge.set(len(self._open))


async def live(
    request: Request,
    collections: Sequence[str],
    render: Callable[[], Awaitable[Sequence[Part]]],
) -> AsyncIterator[ServerSentEvent]:
    """The parts that differ from what was sent before: now, and after each change.

    Ends when the browser leaves, when the process stops, when there is nothing (any more) that
    the caller may see, and after an hour; the browser then connects again by itself.
    """
    service: Service = request.app.state.service
    streams: Streams = request.app.state.streams
    sent: dict[str, str] = {}
    end = time.monotonic() + _LONGEST_SECONDS
    async with service.mongo.changes.listen(*collections) as changes:
        with streams.opened(changes), suppress(AppError):
            while not changes.closed and time.monotonic() < end:
                for part in await _drawn(render):
                    if sent.get(part.name) != part.html:
                        sent[part.name] = part.html
                        yield _event(part)
                await changes.wait(end - time.monotonic())
                await asyncio.sleep(_REST_SECONDS)


async def _drawn(render: Callable[[], Awaitable[Sequence[Part]]]) -> Sequence[Part]:
    try:
        return await render()
    except Exception as error:
        if not is_infrastructure(error):
            raise
        # What is on the page stays there; the next change draws it again.
        _log.warning("live update left out, infrastructure away", error=type(error).__name__)
        return ()


def _event(part: Part) -> ServerSentEvent:
    return ServerSentEvent(
        event=part.name, raw_data=part.html, id=new_id(), retry=_RETRY_MILLISECONDS
    )
