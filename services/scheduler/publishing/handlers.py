"""`content.status` in: plan, move and close publishing duties."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from services.scheduler.publishing.domain import Publication, needs_holder, plan
from services.scheduler.publishing.store import Publications
from shared.consuming import Received
from shared.events.disciplines import Discipline
from shared.events.planner import ContentStatusChanged
from shared.handover.rows import Rows, ingest_slot
from shared.outbox import Transaction

__all__ = ["content_status"]


def content_status(
    publications: Publications, rows: Rows
) -> Callable[[Transaction, Received[ContentStatusChanged]], Awaitable[None]]:
    async def handle(tx: Transaction, received: Received[ContentStatusChanged]) -> None:
        known = await publications.of_content(tx, received.event.content_id)
        changes = []
        for before, planned in plan(received.event, known):
            after = planned
            if needs_holder(before, planned):
                after = await _assigned(tx, rows, planned, ingest_slot(received.partition))
            changes.append((before, after))
        await publications.save(tx, changes)

    return handle


async def _assigned(
    tx: Transaction, rows: Rows, publication: Publication, slot: int
) -> Publication:
    """To whoever acts for publishing on the page; nobody in a gap."""
    responsibility = await rows.responsibility(
        tx, publication.client_id, publication.page_id, Discipline.PUBLISHING
    )
    return replace(
        publication,
        responsibility_id=responsibility,
        holder=await rows.acting(tx, responsibility, slot),
        home=None,
        touched=False,
    )
