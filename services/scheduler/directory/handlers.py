"""`planner.directory` in: keep the newest state of each client and page.

That a page is archived may change who acts for its client, see `accounts`. It is not decided here:
the topic is compacted, and an old state of a page may come again. So it only becomes due, and is
decided from what is stored by then.
"""

from __future__ import annotations

from services.scheduler.accounts.usecases import PAGE_ARCHIVED
from services.scheduler.desk import Desk
from shared.auth import SYSTEM_SCOPE
from shared.clock import Clock
from shared.consuming import Apply, Received, dispatch
from shared.events.planner import ClientChanged, PageChanged
from shared.outbox import Transaction

__all__ = ["directory_handlers"]


def directory_handlers(desk: Desk, clock: Clock) -> Apply:
    async def client_changed(tx: Transaction, received: Received[ClientChanged]) -> None:
        await desk.directory.put_client(tx, received.event)

    async def page_changed(tx: Transaction, received: Received[PageChanged]) -> None:
        page = received.event
        before = await desk.directory.page(SYSTEM_SCOPE, page.page_id, tx.session)
        await desk.directory.put_page(tx, page)
        if before is not None and before.archived != page.archived:
            await desk.ticker.schedule(
                tx,
                id=f"page_archived:{page.page_id}",
                kind=PAGE_ARCHIVED,
                at=clock(),
                data={"page_id": page.page_id},
            )

    return dispatch({ClientChanged: client_changed, PageChanged: page_changed})
