"""Conversations as JSON: `/api/v1/conversations`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import AwareDatetime, BaseModel, Field
from starlette.responses import Response

from services.inbox.conversations.domain import Conversation, ConversationId, Message, Note
from services.inbox.conversations.store import Selection, View
from services.inbox.conversations.usecases import (
    Command,
    Stores,
    add_note,
    assign_conversation,
    claim_conversation,
    finish_conversation,
    release_conversation,
    reopen_conversation,
)
from shared.auth import Identity, Permission
from shared.errors import NotFound
from shared.events.inbox import ConversationStatus, MessageKind
from shared.ids import new_id
from shared.outbox import Transaction
from shared.web import (
    Idempotent,
    IfMatch,
    Page,
    Paging,
    Router,
    Served,
    StrictModel,
    reply,
    require,
)

__all__ = ["conversation_stores", "router"]

router = Router(prefix="/api/v1/conversations", tags=["conversations"])


async def conversation_stores(request: Request) -> Stores:
    stores: Stores = request.app.state.conversations
    return stores


Reader = Annotated[Identity, require(Permission.INBOX_READ)]
Writer = Annotated[Identity, require(Permission.INBOX_WRITE)]
TheStores = Annotated[Stores, Depends(conversation_stores)]


class ConversationView(BaseModel):
    """`waiting_since`: when the oldest message that nobody has dealt with was sent. `home`: whom
    the holder has it for, if it was handed over."""

    id: ConversationId
    version: int
    client_id: str
    page_id: str
    responsibility_id: str
    author_id: str
    author_name: str
    thread: str | None
    kind: MessageKind
    excerpt: str
    messages: int
    last_message_at: AwareDatetime
    waiting_since: AwareDatetime
    status: ConversationStatus
    holder: str | None
    home: str | None
    done_at: AwareDatetime | None
    done_by: str | None

    @classmethod
    def of(cls, conversation: Conversation) -> ConversationView:
        return cls(
            last_message_at=conversation.latest[0],
            holder=conversation.holding.holder,
            home=conversation.holding.home,
            **{name: getattr(conversation, name) for name in _SAME_NAMES},
        )


_SAME_NAMES = frozenset(ConversationView.model_fields) - {"last_message_at", "holder", "home"}


class MessageView(BaseModel):
    """`sent_at` is the platform's time, `received_at` ours."""

    id: str
    platform_message_id: str
    author_name: str
    kind: MessageKind
    text: str
    sent_at: AwareDatetime
    received_at: AwareDatetime

    @classmethod
    def of(cls, message: Message) -> MessageView:
        return cls(**{name: getattr(message, name) for name in cls.model_fields})


class NoteView(BaseModel):
    id: str
    author: str
    text: str
    written_at: AwareDatetime

    @classmethod
    def of(cls, note: Note) -> NoteView:
        return cls(**{name: getattr(note, name) for name in cls.model_fields})


class Assignment(StrictModel):
    member_id: str = Field(min_length=1, max_length=100)


class NewNote(StrictModel):
    text: str = Field(min_length=1, max_length=5_000)


async def _selection(
    caller: Reader,
    view: View = View.ALL,
    status: ConversationStatus = ConversationStatus.OPEN,
    page_id: Annotated[str | None, Query(max_length=100)] = None,
    client_id: Annotated[str | None, Query(max_length=100)] = None,
    holder: Annotated[str | None, Query(max_length=100)] = None,
    home: Annotated[str | None, Query(max_length=100)] = None,
) -> Selection:
    return Selection(caller.member_id, view, status, page_id, client_id, holder, home)


@router.get("")
async def list_conversations(
    caller: Reader,
    stores: TheStores,
    paging: Paging,
    selection: Annotated[Selection, Depends(_selection)],
) -> Page[ConversationView]:
    """Open ones by waiting time, the longest first; done ones by when, the latest first."""
    found = await stores.conversations.select(
        caller.scope, selection, cursor=paging.cursor, limit=paging.limit
    )
    return Page(items=[ConversationView.of(one) for one in found.items], next_cursor=found.cursor)


@router.get("/{conversation_id}", response_model=ConversationView)
async def read_conversation(
    caller: Reader, stores: TheStores, conversation_id: ConversationId
) -> Response:
    return _answer(await _existing(stores, caller, conversation_id))


@router.get("/{conversation_id}/messages")
async def list_messages(
    caller: Reader, stores: TheStores, paging: Paging, conversation_id: ConversationId
) -> Page[MessageView]:
    """The latest first, in the order of the platform's time."""
    await _existing(stores, caller, conversation_id)
    found = await stores.messages.latest(
        caller.scope, conversation_id, cursor=paging.cursor, limit=paging.limit
    )
    return Page(items=[MessageView.of(one) for one in found.items], next_cursor=found.cursor)


@router.get("/{conversation_id}/notes")
async def list_notes(
    caller: Reader, stores: TheStores, conversation_id: ConversationId
) -> Page[NoteView]:
    """In the order they were written."""
    await _existing(stores, caller, conversation_id)
    notes = await stores.notes.of(caller.scope, conversation_id)
    return Page(items=[NoteView.of(note) for note in notes])


@router.post("/{conversation_id}/notes", status_code=201, response_model=NoteView)
async def write_note(
    caller: Writer,
    stores: TheStores,
    service: Served,
    once: Idempotent,
    conversation_id: ConversationId,
    body: NewNote,
) -> Response:
    """An internal note: only the team sees it."""
    id, now = new_id(), service.clock()

    async def work(tx: Transaction) -> Response:
        note = await add_note(tx, stores, caller, conversation_id, id=id, text=body.text, now=now)
        return reply(NoteView.of(note), status=201)

    return await service.outbox.transaction(lambda tx: once(tx, body, work))


async def _command(caller: Writer, conversation_id: ConversationId, version: IfMatch) -> Command:
    return Command(caller, conversation_id, version)


Commanded = Annotated[Command, Depends(_command)]


@router.post("/{conversation_id}/claim", response_model=ConversationView)
async def claim(command: Commanded, stores: TheStores, service: Served) -> Response:
    """The caller has it from now on, whoever is responsible."""
    return await _carry_out(service, lambda tx: claim_conversation(tx, stores, command))


@router.post("/{conversation_id}/release", response_model=ConversationView)
async def release(command: Commanded, stores: TheStores, service: Served) -> Response:
    """Back to who acts for the page."""
    return await _carry_out(service, lambda tx: release_conversation(tx, stores, command))


@router.post("/{conversation_id}/assign", response_model=ConversationView)
async def assign(
    command: Commanded, stores: TheStores, service: Served, body: Assignment
) -> Response:
    """To a member by name. 409 `member_absent` if the member is away."""
    return await _carry_out(
        service, lambda tx: assign_conversation(tx, stores, command, body.member_id)
    )


@router.post("/{conversation_id}/done", response_model=ConversationView)
async def finish(command: Commanded, stores: TheStores, service: Served) -> Response:
    """Nothing is left to do until the author writes again."""
    now = service.clock()
    return await _carry_out(service, lambda tx: finish_conversation(tx, stores, command, now))


@router.post("/{conversation_id}/reopen", response_model=ConversationView)
async def reopen(command: Commanded, stores: TheStores, service: Served) -> Response:
    """To its last holder, if present; else to whoever acts."""
    return await _carry_out(service, lambda tx: reopen_conversation(tx, stores, command))


async def _carry_out(
    service: Served, work: Callable[[Transaction], Awaitable[Conversation]]
) -> Response:
    return _answer(await service.outbox.transaction(work))


async def _existing(stores: Stores, caller: Identity, id: ConversationId) -> Conversation:
    conversation = await stores.conversations.get(caller.scope, id)
    if conversation is None:
        raise NotFound
    return conversation


def _answer(conversation: Conversation) -> Response:
    return reply(ConversationView.of(conversation), version=conversation.version)
