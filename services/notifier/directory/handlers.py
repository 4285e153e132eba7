"""Events in: full states, of which the last one per key is kept."""

from __future__ import annotations

from collections.abc import Sequence

from services.notifier.directory.store import Directory
from shared.consuming import Apply, Received
from shared.events.envelope import Event
from shared.events.planner import ClientChanged, PageChanged
from shared.events.scheduler import CoverageChanged, MemberChanged
from shared.mongo import Document
from shared.outbox import Transaction

__all__ = ["keep"]


def keep(directory: Directory) -> Apply:
    """For every topic of full states that the notifier follows."""

    async def apply(tx: Transaction, batch: Sequence[Received[Event]]) -> None:
        rows: dict[str, dict[str, Document]] = {}
        for received in batch:
            collection = _COLLECTIONS.get(type(received.event))
            if collection is not None:
                rows.setdefault(collection, {})[received.key] = _row(received.event)
        for collection, changed in rows.items():
            await directory.replace(tx.session, collection, changed)

    return apply


_COLLECTIONS: dict[type[Event], str] = {
    MemberChanged: "members",
    CoverageChanged: "coverage",
    ClientChanged: "clients",
    PageChanged: "pages",
}


def _row(event: Event) -> Document:
    return event.model_dump(mode="json")
