"""Clients and pages over HTTP, as JSON."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from services.planner.callers import Manager, Reader
from services.planner.directory import usecases
from services.planner.directory.domain import Client, ClientEdit, PageEdit
from services.planner.directory.domain import Page as ClientPage
from services.planner.directory.store import DirectoryStore
from services.planner.directory.usecases import NewPage
from services.planner.fields import UNCHANGED, Handle, Id, Name, TimeZone
from shared.events.planner import Platform
from shared.outbox import Transaction
from shared.web import Idempotent, IfMatch, Page, Paging, Router, Served, StrictModel, reply

__all__ = ["Directory", "router"]

router = Router(prefix="/api/v1", tags=["directory"])

Archived = Annotated[bool, Query(description="Those put away as well")]


async def _directory(request: Request) -> DirectoryStore:
    store: DirectoryStore = request.app.state.directory
    return store


Directory = Annotated[DirectoryStore, Depends(_directory)]


class ClientView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    time_zone: str
    archived: bool
    version: int


class ClientBody(StrictModel):
    name: Name
    time_zone: TimeZone = "Europe/Berlin"


class ClientPatch(StrictModel):
    name: Name = UNCHANGED
    time_zone: TimeZone = UNCHANGED
    archived: bool = UNCHANGED


class PageView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    client_id: str
    name: str
    platform: Platform
    handle: str
    archived: bool
    version: int


class PageBody(StrictModel):
    client_id: Id
    name: Name
    platform: Platform
    handle: Handle = ""


class PagePatch(StrictModel):
    name: Name = UNCHANGED
    handle: Handle = UNCHANGED
    archived: bool = UNCHANGED


@router.get("/clients")
async def list_clients(
    who: Reader, directory: Directory, paging: Paging, *, archived: Archived = False
) -> Page[ClientView]:
    found = await directory.slice_of_clients(
        who.scope, paging.cursor, paging.limit, archived=archived
    )
    views = [ClientView.model_validate(client) for client in found.items]
    return Page(items=views, next_cursor=found.next_cursor)


@router.post("/clients", status_code=201, response_model=ClientView)
async def add_client(
    who: Manager, directory: Directory, service: Served, once: Idempotent, body: ClientBody
) -> Response:
    async def work(tx: Transaction) -> Response:
        client = await usecases.add_client(tx, directory, who, body.name, body.time_zone)
        location = f"{service.settings.root_path}/api/v1/clients/{client.id}"
        return _client_reply(client, status=201, location=location)

    return await service.outbox.transaction(lambda tx: once(tx, body, work))


@router.get("/clients/{client_id}", response_model=ClientView)
async def show_client(who: Reader, directory: Directory, client_id: str) -> Response:
    return _client_reply(await directory.client(who.scope, client_id))


@router.patch("/clients/{client_id}", response_model=ClientView)
async def change_client(
    who: Manager,
    directory: Directory,
    service: Served,
    client_id: str,
    version: IfMatch,
    body: ClientPatch,
) -> Response:
    edit = cast("ClientEdit", body.model_dump(exclude_unset=True))
    client = await service.outbox.transaction(
        lambda tx: usecases.change_client(tx, directory, who, client_id, version, **edit)
    )
    return _client_reply(client)


@router.get("/pages")
async def list_pages(
    who: Reader,
    directory: Directory,
    paging: Paging,
    *,
    client: str | None = None,
    archived: Archived = False,
) -> Page[PageView]:
    found = await directory.slice_of_pages(
        who.scope, client, paging.cursor, paging.limit, archived=archived
    )
    views = [PageView.model_validate(page) for page in found.items]
    return Page(items=views, next_cursor=found.next_cursor)


@router.post("/pages", status_code=201, response_model=PageView)
async def add_page(
    who: Manager, directory: Directory, service: Served, once: Idempotent, body: PageBody
) -> Response:
    new = NewPage(body.client_id, body.name, body.platform, body.handle)

    async def work(tx: Transaction) -> Response:
        page = await usecases.add_page(tx, directory, who, new)
        location = f"{service.settings.root_path}/api/v1/pages/{page.id}"
        return _page_reply(page, status=201, location=location)

    return await service.outbox.transaction(lambda tx: once(tx, body, work))


@router.get("/pages/{page_id}", response_model=PageView)
async def show_page(who: Reader, directory: Directory, page_id: str) -> Response:
    return _page_reply(await directory.page(who.scope, page_id))


@router.patch("/pages/{page_id}", response_model=PageView)
async def change_page(
    who: Manager,
    directory: Directory,
    service: Served,
    page_id: str,
    version: IfMatch,
    body: PagePatch,
) -> Response:
    edit = cast("PageEdit", body.model_dump(exclude_unset=True))
    page = await service.outbox.transaction(
        lambda tx: usecases.change_page(tx, directory, who, page_id, version, **edit)
    )
    return _page_reply(page)


def _client_reply(client: Client, status: int = 200, location: str | None = None) -> Response:
    view = ClientView.model_validate(client)
    return reply(view, status=status, version=client.version, location=location)


def _page_reply(page: ClientPage, status: int = 200, location: str | None = None) -> Response:
    view = PageView.model_validate(page)
    return reply(view, status=status, version=page.version, location=location)
