"""`planner.directory` in: keep the newest state of each client and page."""

from __future__ import annotations

from services.scheduler.directory.store import Directory
from shared.consuming import Apply, Received, dispatch
from shared.events.planner import ClientChanged, PageChanged
from shared.outbox import Transaction

__all__ = ["directory_handlers"]


def directory_handlers(directory: Directory) -> Apply:
    async def client_changed(tx: Transaction, received: Received[ClientChanged]) -> None:
        await directory.put_client(tx, received.event)

    async def page_changed(tx: Transaction, received: Received[PageChanged]) -> None:
        await directory.put_page(tx, received.event)

    return dispatch({ClientChanged: client_changed, PageChanged: page_changed})
