"""Messages from the topic, and those that waited for their page."""

from __future__ import annotations

from collections.abc import Sequence

from services.inbox import metrics
from services.inbox.conversations.domain import MessageId
from services.inbox.intake.domain import message_id
from services.inbox.intake.usecases import Stores, Taken, take_in, take_in_unrouted
from shared.clock import Clock
from shared.consuming import Apply, Received, caused_by
from shared.events.envelope import Envelope, Event
from shared.events.inbox import MessageReceived
from shared.handover.rows import ingest_slot
from shared.outbox import Outbox, Transaction
from shared.service import Worker

__all__ = ["community_messages", "unrouted_messages"]


def community_messages(stores: Stores, clock: Clock) -> Apply:
    """For `community.messages`, which has no sequence: every delivery comes, in whole batches."""

    async def apply(tx: Transaction, batch: Sequence[Received[Event]]) -> None:
        messages: list[MessageReceived] = []
        envelopes: dict[MessageId, Envelope] = {}
        for received in batch:
            if isinstance(received.event, MessageReceived):
                messages.append(received.event)
                envelopes.setdefault(message_id(received.event), received.envelope)
        if messages:
            taken = await take_in(
                tx,
                stores,
                messages,
                clock(),
                slot=ingest_slot(min(received.partition for received in batch)),
                causes=lambda id: caused_by(envelopes[id]),
            )
            tx.after_commit(lambda: _count(taken))

    return apply


def unrouted_messages(outbox: Outbox, stores: Stores, clock: Clock) -> Worker:
    """Takes in what waited for a page, as soon as the page is known."""

    async def work() -> bool:
        page_id = await stores.unrouted.page_that_came()
        if page_id is None:
            return False

        async def take(tx: Transaction) -> None:
            taken = await take_in_unrouted(tx, stores, page_id, clock(), slot=ingest_slot(0))
            tx.after_commit(lambda: _count(taken))

        await outbox.transaction(take)
        return True

    return work


def _count(taken: Taken) -> None:
    metrics.MESSAGES.labels("new").inc(taken.new)
    metrics.MESSAGES.labels("duplicate").inc(taken.duplicates)
    metrics.MESSAGES.labels("unrouted").inc(taken.unrouted)
