"""What members do with conversations.

Each command names the version its caller has read, and raises `NotFound` outside the caller's
scope and `StaleVersion` if the conversation has changed since.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.inbox.conversations.domain import (
    Conversation,
    ConversationId,
    Note,
    assign,
    finish,
    release,
    reopen,
    touch,
)
from services.inbox.conversations.errors import MemberAbsent, NoAccess, UnknownMember
from services.inbox.conversations.routing import Router
from services.inbox.conversations.store import Conversations, Messages, Notes
from services.inbox.directory.store import Directory
from shared.auth import Identity
from shared.errors import NotFound, StaleVersion
from shared.events.inbox import ConversationChanged
from shared.handover.rows import Rows
from shared.outbox import Transaction

__all__ = [
    "Command", "Stores", "add_note", "assign_conversation", "claim_conversation",
    "finish_conversation", "release_conversation", "reopen_conversation",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stores:
    conversations: Conversations
    messages: Messages
    notes: Notes
    directory: Directory
    rows: Rows


@dataclass(frozen=True, slots=True)
class Command:
    """Who wants something of which conversation, having read which version."""

    by: Identity
    conversation_id: ConversationId
    version: int


async def claim_conversation(tx: Transaction, stores: Stores, command: Command) -> Conversation:
    """The caller has it, whoever is responsible. Raises `MemberAbsent`, `ConversationDone`."""
    before = await _load(tx, stores, command)
    await _require_present(Router(tx, stores.rows), command.by.member_id, command.by.name)
    return await _save(tx, stores, before, assign(before, command.by.member_id))


async def assign_conversation(
    tx: Transaction, stores: Stores, command: Command, member_id: str
) -> Conversation:
    """Raises `UnknownMember`, `NoAccess`, `MemberAbsent`, `ConversationDone`."""
    before = await _load(tx, stores, command)
    member = await stores.directory.member(tx.session, member_id)
    if member is None or not member.active:
        raise UnknownMember
    if not member.scope.allows(before.client_id):
        raise NoAccess(member=member.name)
    await _require_present(Router(tx, stores.rows), member_id, member.name)
    return await _save(tx, stores, before, assign(before, member_id))


async def release_conversation(tx: Transaction, stores: Stores, command: Command) -> Conversation:
    """Back to who acts for the page. Raises `ConversationDone`."""
    before = await _load(tx, stores, command)
    acting = await Router(tx, stores.rows).acting(before.client_id, before.responsibility_id)
    return await _save(tx, stores, before, release(before, acting))


async def finish_conversation(
    tx: Transaction, stores: Stores, command: Command, now: datetime
) -> Conversation:
    before = await _load(tx, stores, command)
    return await _save(tx, stores, before, finish(before, command.by.member_id, now))


async def reopen_conversation(tx: Transaction, stores: Stores, command: Command) -> Conversation:
    """Its last holder has it again, if that is right by the rule of the handover."""
    before = await _load(tx, stores, command)
    router = Router(tx, stores.rows)
    holding = await router.again(before.client_id, before.responsibility_id, before.holding)
    return await _save(tx, stores, before, reopen(before, holding))


async def add_note(
    tx: Transaction,
    stores: Stores,
    by: Identity,
    conversation_id: ConversationId,
    *,
    id: str,
    text: str,
    now: datetime,
) -> Note:
    """A note asks for no version: it overwrites nothing. By the holder it is a touch."""
    before = await stores.conversations.get(by.scope, conversation_id, tx.session)
    if before is None:
        raise NotFound
    note = Note(id, before.id, before.client_id, by.member_id, text, now)
    await stores.conversations.save(tx.session, before, touch(before, by.member_id))
    await stores.notes.insert(tx.session, note)
    return note


async def _load(tx: Transaction, stores: Stores, command: Command) -> Conversation:
    conversation = await stores.conversations.get(
        command.by.scope, command.conversation_id, tx.session
    )
    if conversation is None:
        raise NotFound
    if conversation.version != command.version:
        raise StaleVersion(given=command.version, present=conversation.version)
    return conversation


async def _save(
    tx: Transaction,
    stores: Stores,
    before: Conversation,
    change: tuple[Conversation, list[ConversationChanged]],
) -> Conversation:
    after, events = change
    await stores.conversations.save(tx.session, before, after)
    for event in events:
        tx.emit(event, sequence=after.version)
    return after


async def _require_present(router: Router, member_id: str, name: str) -> None:
    present = await router.present(member_id)
    if present is None:
        raise UnknownMember
    if not present:
        raise MemberAbsent(member=name)
