"""A batch of messages becomes conversations: few writes, one transaction, any order, any number
of times."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime

from services.inbox.conversations.domain import (
    Conversation,
    Message,
    MessageId,
    changed,
)
from services.inbox.conversations.routing import Router
from services.inbox.conversations.store import Conversations, Messages
from services.inbox.directory.store import Directory, Page
from services.inbox.intake.domain import message_id, receive, start, threads, unique
from services.inbox.intake.store import Unrouted
from shared.events.inbox import MessageReceived
from shared.handover.rows import Rows
from shared.handover.rule import Holding
from shared.outbox import Transaction

__all__ = ["Stores", "Taken", "take_in", "take_in_unrouted"]

Causes = Callable[[MessageId], AbstractContextManager[object]]
"""Within what it returns, events belong to the message's correlation."""

_UNROUTED_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Stores:
    directory: Directory
    conversations: Conversations
    messages: Messages
    unrouted: Unrouted
    rows: Rows


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch's messages."""

    new: int
    duplicates: int
    unrouted: int


async def take_in(
    tx: Transaction,
    stores: Stores,
    batch: Sequence[MessageReceived],
    now: datetime,
    *,
    slot: int,
    causes: Causes = lambda _: nullcontext(),
) -> Taken:
    """Messages of unknown pages are put aside; of the others, the new ones join their
    conversations, which start or open again where need be and are routed to who acts."""
    pages = await stores.directory.known_pages(tx.session, {one.page_id for one in batch})
    routed = [one for one in batch if one.page_id in pages]
    known = await stores.messages.known(tx.session, {message_id(one) for one in routed})
    fresh = unique(routed, known)
    if fresh:
        await _thread(tx, stores, pages, fresh, Router(tx, stores.rows, slot), now, causes)
    strange = unique((one for one in batch if one.page_id not in pages), frozenset())
    aside = await stores.unrouted.put_aside(tx.session, strange.values(), now)
    return Taken(len(fresh), len(batch) - len(fresh) - aside, aside)


async def take_in_unrouted(
    tx: Transaction, stores: Stores, page_id: str, now: datetime, *, slot: int
) -> Taken:
    """The page has come: take in what waits for it, a bounded number at a time."""
    waiting = await stores.unrouted.waiting_for(tx.session, page_id, _UNROUTED_CHUNK)
    await stores.unrouted.remove(tx.session, list(waiting))
    return await take_in(tx, stores, list(waiting.values()), now, slot=slot)


async def _thread(
    tx: Transaction,
    stores: Stores,
    pages: Mapping[str, Page],
    fresh: Mapping[MessageId, MessageReceived],
    router: Router,
    now: datetime,
    causes: Causes,
) -> None:
    by_conversation = threads(fresh)
    existing = await stores.conversations.load(tx.session, by_conversation)
    changes: list[tuple[Conversation | None, Conversation]] = []
    stored: list[Message] = []
    for identity, arrived in by_conversation.items():
        before = existing.get(identity)
        after, messages = await _receive(before, arrived, pages, router, now)
        changes.append((before, after))
        stored += messages
        with causes(messages[-1].id):
            tx.emit(changed(after), sequence=after.version)
    await stores.messages.insert(tx.session, stored)
    await stores.conversations.save_all(tx.session, changes)


async def _receive(
    before: Conversation | None,
    arrived: Sequence[MessageReceived],
    pages: Mapping[str, Page],
    router: Router,
    now: datetime,
) -> tuple[Conversation, list[Message]]:
    if before is None:
        started = await _start(arrived[0], pages[arrived[0].page_id], router)
        return receive(started, arrived, now)
    reopened: Holding | None = None
    if not before.open:
        reopened = await router.again(before.client_id, before.responsibility_id, before.holding)
    return receive(before, arrived, now, reopened=reopened)


async def _start(first: MessageReceived, page: Page, router: Router) -> Conversation:
    responsibility_id = await router.responsibility(page.client_id, page.id)
    return start(
        first,
        client_id=page.client_id,
        responsibility_id=responsibility_id,
        holding=await router.new(page.client_id, responsibility_id),
    )
