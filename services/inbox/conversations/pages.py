"""The inbox's pages: the list in its views, one conversation beside it, and what members do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from services.inbox.conversations.domain import Conversation, ConversationId
from services.inbox.conversations.listing import Listing, listing
from services.inbox.conversations.panes import digest, read_list, read_thread
from services.inbox.conversations.routes import Reader, TheStores, Writer
from services.inbox.conversations.usecases import (
    Command,
    add_note,
    assign_conversation,
    claim_conversation,
    finish_conversation,
    release_conversation,
    reopen_conversation,
)
from services.inbox.intake.store import Unrouted, UnroutedPage
from shared.auth import Identity, Permission
from shared.errors import PreconditionRequired
from shared.ids import new_id
from shared.outbox import Transaction
from shared.ui.i18n import N_
from shared.ui.ui import Toast, Ui
from shared.web import (
    EventSourceResponse,
    Idempotent,
    Part,
    Router,
    Served,
    ServerSentEvent,
    live,
    require,
)

__all__ = ["router"]

router = Router(include_in_schema=False)

MESSAGES = 50
"""Messages that a thread shows at first, and that "Show earlier" adds."""

_UNROUTED_PAGES = 5
_PACE_SECONDS = 1.0  # messages may come in by the thousand; nobody reads faster than this

TheListing = Annotated[Listing, Depends(listing)]
Messages = Annotated[int, Query(ge=1, le=1_000)]
Word = Annotated[str, Query(max_length=100)]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page shows: which conversation, how many messages, and the digests of its parts."""

    list_seen: Word = ""
    thread_seen: Word = ""
    current: Word = ""
    messages: Messages = MESSAGES


async def _ui(request: Request) -> Ui:
    ui: Ui = request.app.state.ui
    return ui


ThePages = Annotated[Ui, Depends(_ui)]


@router.get("/")
async def show_list(
    request: Request, caller: Reader, stores: TheStores, ui: ThePages, listing: TheListing
) -> Response:
    return ui.render(request, "inbox.html", **await _context(request, caller, stores, listing))


@router.get("/conversations/{conversation_id}")
async def show_conversation(
    request: Request,
    caller: Reader,
    stores: TheStores,
    ui: ThePages,
    listing: TheListing,
    conversation_id: ConversationId,
    messages: Messages = MESSAGES,
) -> Response:
    context = await _context(request, caller, stores, listing, conversation_id, messages)
    return ui.render(request, "inbox.html", **context)


@router.get(
    "/live", response_class=EventSourceResponse, dependencies=[require(Permission.INBOX_READ)]
)
async def follow(request: Request) -> AsyncIterator[ServerSentEvent]:
    """Says that something has changed, at most once a second; the page then asks what."""
    drawn = time.monotonic() - _PACE_SECONDS

    async def render() -> list[Part]:
        nonlocal drawn
        await asyncio.sleep(drawn + _PACE_SECONDS - time.monotonic())
        drawn = time.monotonic()
        return [Part("changed", new_id())]

    watched = ["conversations", "coverage", "members", "messages", "notes", "pages", "unrouted"]
    async for event in live(request, watched, render):
        yield event


@router.get("/refresh")
async def refresh(
    request: Request,
    caller: Reader,
    stores: TheStores,
    ui: ThePages,
    listing: TheListing,
    seen: Annotated[Seen, Depends()],
) -> Response:
    """The parts that differ from what the page has seen; 204 if none does."""
    context = await _context(request, caller, stores, listing, seen.current, seen.messages)
    list_changed = context["list_seen"] != seen.list_seen
    thread_changed = context["thread_seen"] != seen.thread_seen
    if not list_changed and not thread_changed:
        return Response(status_code=204)
    return ui.render(
        request,
        "changed.html",
        list_changed=list_changed,
        thread_changed=thread_changed,
        **context,
    )


# What members do. Each names the version it was decided on, and answers with the page.


async def _command(
    caller: Writer,
    conversation_id: ConversationId,
    version: Annotated[int | None, Form()] = None,
    read: Annotated[int | None, Query()] = None,
) -> Command:
    """The version comes with the form, or, where a toast takes a change back, in its address."""
    given = version if version is not None else read
    if given is None:
        raise PreconditionRequired
    return Command(caller, conversation_id, given)


Commanded = Annotated[Command, Depends(_command)]


class Desk:
    """Carries out a command and shows the conversation after it."""

    def __init__(
        self,
        request: Request,
        caller: Writer,
        stores: TheStores,
        ui: ThePages,
        service: Served,
        listing: TheListing,
    ) -> None:
        self.request = request
        self.caller = caller
        self.stores = stores
        self.service = service
        self._ui = ui
        self._listing = listing

    async def carry_out(
        self,
        work: Callable[[Transaction], Awaitable[Conversation]],
        said: str | None = None,
        undo: str | None = None,
    ) -> Response:
        """`said` is told in a toast; `undo` is the command that takes the change back."""
        conversation = await self.service.outbox.transaction(work)
        toast = None
        if said is not None:
            text = self._ui.translate(self.request, said)
            back = f"/conversations/{conversation.id}/{undo}?read={conversation.version}"
            toast = Toast(text, undo=back if undo else None)
        return await self.show(conversation.id, toast)

    async def show(self, id: ConversationId, toast: Toast | None = None) -> Response:
        if "hx-request" not in self.request.headers:
            place = self._ui.url(f"/conversations/{id}{self._listing.query()}")
            return RedirectResponse(place, status_code=303)
        context = await _context(self.request, self.caller, self.stores, self._listing, id)
        return self._ui.render(self.request, "inbox.html", toast=toast, **context)


TheDesk = Annotated[Desk, Depends()]


@router.post("/conversations/{conversation_id}/claim")
async def claim(desk: TheDesk, command: Commanded) -> Response:
    return await desk.carry_out(lambda tx: claim_conversation(tx, desk.stores, command))


@router.post("/conversations/{conversation_id}/release")
async def release(desk: TheDesk, command: Commanded) -> Response:
    return await desk.carry_out(lambda tx: release_conversation(tx, desk.stores, command))


@router.post("/conversations/{conversation_id}/assign")
async def assign(
    desk: TheDesk, command: Commanded, member_id: Annotated[str, Form(max_length=100)]
) -> Response:
    return await desk.carry_out(lambda tx: assign_conversation(tx, desk.stores, command, member_id))


@router.post("/conversations/{conversation_id}/done")
async def finish(desk: TheDesk, command: Commanded) -> Response:
    now = desk.service.clock()
    return await desk.carry_out(
        lambda tx: finish_conversation(tx, desk.stores, command, now),
        said=N_("The conversation is done."),
        undo="reopen",
    )


@router.post("/conversations/{conversation_id}/reopen")
async def reopen(desk: TheDesk, command: Commanded) -> Response:
    return await desk.carry_out(lambda tx: reopen_conversation(tx, desk.stores, command))


@router.post("/conversations/{conversation_id}/notes")
async def write_note(
    desk: TheDesk,
    once: Idempotent,
    conversation_id: ConversationId,
    text: Annotated[str, Form(min_length=1, max_length=5_000)],
) -> Response:
    id, now = new_id(), desk.service.clock()

    async def work(tx: Transaction) -> Response:
        await add_note(tx, desk.stores, desk.caller, conversation_id, id=id, text=text, now=now)
        return Response(status_code=201)

    await desk.service.outbox.transaction(lambda tx: once(tx, text, work))
    return await desk.show(conversation_id)


async def _context(
    request: Request,
    caller: Identity,
    stores: TheStores,
    listing: Listing,
    id: ConversationId = "",
    messages: int = MESSAGES,
) -> dict[str, Any]:
    """What `inbox.html` shows; `*_seen` stand for what the list and the thread say."""
    pane = await read_list(stores, caller, listing)
    unrouted = await _unrouted(request, caller)
    thread = await read_thread(stores, caller, id, messages=messages) if id else None
    return {
        "wide": True,
        "listing": listing,
        "pane": pane,
        "list_seen": digest(pane, *unrouted),
        "current": id,
        "thread": thread,
        "thread_seen": digest(thread) if thread else "",
        "shown": messages,
        "step": MESSAGES,
        "may_write": caller.may(Permission.INBOX_WRITE),
        "note_key": new_id(),
        "counts": {"inbox": pane.counts["mine"]},
        "unrouted": unrouted,
    }


async def _unrouted(request: Request, caller: Identity) -> list[UnroutedPage]:
    """Messages for unknown pages are shown to those who can do something about it, and whose
    scope leaves nothing out: whose they are is not known."""
    if not caller.may(Permission.INBOX_MANAGE) or caller.scope.clients is not None:
        return []
    unrouted: Unrouted = request.app.state.unrouted
    return await unrouted.by_page(_UNROUTED_PAGES)
