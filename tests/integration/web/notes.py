"""The routes of the small service: notes of clients, and ways to fail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Form, Request
from pydantic import AwareDatetime, Field, field_validator
from pymongo.errors import ServerSelectionTimeoutError
from starlette.responses import PlainTextResponse, Response

from shared.auth import Identity, Permission
from shared.errors import N_, NotAllowedNow, NotFound
from shared.ids import new_id
from shared.outbox import Transaction
from shared.web import (
    EventSourceResponse,
    Idempotent,
    IfMatch,
    Order,
    Page,
    Paging,
    Part,
    Router,
    Served,
    ServerSentEvent,
    StrictModel,
    live,
    public,
    reply,
    require,
)

router = Router()
Reader = Annotated[Identity, require(Permission.PLANNER_READ)]
Writer = Annotated[Identity, require(Permission.PLANNER_WRITE)]
BY_AGE = Order("notes", ("made_at", -1), ("_id", 1))


class Pinned(NotAllowedNow):
    code = "pinned"
    title = N_("The note is pinned")
    detail = N_("{name} is pinned and stays as it is.")


class NewNote(StrictModel):
    text: str = Field(min_length=1, max_length=20)
    client_id: str = "c1"
    at: AwareDatetime | None = None

    @field_validator("text")
    @classmethod
    def not_blank(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("This must not be blank.")
        return text


class NoteView(StrictModel):
    id: str
    text: str


@router.get("/")
async def overview(_: Reader) -> Response:
    return PlainTextResponse("all notes")


@router.post("/api/v1/notes", status_code=201, response_model=NoteView)
async def create_note(note: NewNote, _: Writer, once: Idempotent, service: Served) -> Response:
    async def work(tx: Transaction) -> Response:
        row = {"_id": new_id(), "text": note.text, "client_id": note.client_id}
        await service.mongo.collection("notes").insert_one(row, session=tx.session)
        view = NoteView(id=row["_id"], text=note.text)
        return reply(view, status=201, version=0, location=f"/notes/api/v1/notes/{view.id}")

    return await service.outbox.transaction(lambda tx: once(tx, note, work))


@router.get("/api/v1/notes")
async def list_notes(who: Reader, paging: Paging, service: Served) -> Page[str]:
    query = {"$and": [who.scope.mongo(), BY_AGE.after(paging.cursor)]}
    found = service.mongo.collection("notes").find(query).sort(BY_AGE.sort)
    rows = await found.limit(paging.limit + 1).to_list(paging.limit + 1)
    shown, next_cursor = BY_AGE.split(rows, paging.limit)
    return Page(items=[row["_id"] for row in shown], next_cursor=next_cursor)


@router.put("/api/v1/notes/{note_id}")
async def change_note(note_id: str, version: IfMatch, _: Writer) -> dict[str, Any]:
    return {"id": note_id, "version": version}


@router.delete("/api/v1/notes/{note_id}")
async def delete_note(note_id: str, _: Writer) -> None:
    if note_id == "pinned":
        raise Pinned(name="<b>Budget</b>")
    raise NotFound


@router.post("/notes")
async def post_form(text: Annotated[str, Form(min_length=3)], _: Writer) -> Response:
    return PlainTextResponse(text)


@router.post("/webhook")
@public
async def webhook(request: Request) -> dict[str, int]:
    return {"bytes": len(await request.body())}


@router.get("/fail/{how}")
async def fail(how: str, _: Reader) -> None:
    if how == "mongodb":
        raise ServerSelectionTimeoutError("mongodb.internal:27017")
    raise RuntimeError("canary")


@router.get("/live", response_class=EventSourceResponse)
async def follow(request: Request, _: Reader, service: Served) -> AsyncIterator[ServerSentEvent]:
    async def render() -> list[Part]:
        rows = await service.mongo.collection("notes").find().sort("_id").to_list(None)
        return [
            Part("count", f"<b>{len(rows)}</b>"),
            Part("names", "\n".join(str(row["_id"]) for row in rows)),
        ]

    async for event in live(request, ["notes"], render):
        yield event
