"""Sources as JSON: `/api/v1/sources`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request
from pydantic import AwareDatetime, BaseModel, Field
from starlette.responses import Response

from services.inbox.directory.store import Directory
from services.inbox.sources.domain import MAX_OVERLAP, Source
from services.inbox.sources.store import SourceStore
from services.inbox.sources.usecases import create_source, remove_source, rotate_secret
from shared.auth import Identity, Permission
from shared.errors import NotFound
from shared.ids import new_id
from shared.outbox import Transaction
from shared.settings import ServiceSettings
from shared.web import Idempotent, IfMatch, Page, Router, Served, StrictModel, reply, require

__all__ = ["router", "source_store"]

router = Router(prefix="/api/v1/sources", tags=["sources"])


async def source_store(request: Request) -> SourceStore:
    store: SourceStore = request.app.state.sources
    return store


async def _directory(request: Request) -> Directory:
    directory: Directory = request.app.state.directory
    return directory


Manager = Annotated[Identity, require(Permission.INBOX_MANAGE)]
Sources = Annotated[SourceStore, Depends(source_store)]

_DAY_HOURS = 24


class NewSource(StrictModel):
    page_id: str = Field(min_length=1, max_length=100)


class Rotation(StrictModel):
    """How long the secret before stays valid beside the new one."""

    overlap_hours: int = Field(default=_DAY_HOURS, ge=0, le=int(MAX_OVERLAP / timedelta(hours=1)))


class SecretView(BaseModel):
    """A secret's validity; its value is shown once, when it is made."""

    created_at: AwareDatetime
    expires_at: AwareDatetime | None


class SourceView(BaseModel):
    id: str
    version: int
    page_id: str
    client_id: str
    url: str
    secrets: list[SecretView]
    created_at: AwareDatetime

    @classmethod
    def of(cls, source: Source, settings: ServiceSettings) -> SourceView:
        return cls(
            id=source.id,
            version=source.version,
            page_id=source.page_id,
            client_id=source.client_id,
            url=f"{settings.public_url}{settings.root_path}/webhooks/{source.id}",
            secrets=[
                SecretView(created_at=secret.created_at, expires_at=secret.expires_at)
                for secret in source.secrets
            ],
            created_at=source.created_at,
        )


class SourceWithSecret(SourceView):
    """`secret` signs by Standard Webhooks. Keep it: it is not shown again."""

    secret: str


@router.get("")
async def list_sources(caller: Manager, sources: Sources, service: Served) -> Page[SourceView]:
    found = await sources.within(caller.scope)
    return Page(items=[SourceView.of(one, service.settings) for one in found])


@router.post("", status_code=201, response_model=SourceWithSecret)
async def create(
    caller: Manager,
    sources: Sources,
    directory: Annotated[Directory, Depends(_directory)],
    service: Served,
    once: Idempotent,
    body: NewSource,
) -> Response:
    """A webhook for a page, with its first secret. With an `Idempotency-Key`, repeating the
    request shows the secret again, for a day and to the same caller."""
    id, now = new_id(), service.clock()

    async def work(tx: Transaction) -> Response:
        source = await create_source(
            tx, sources, directory, caller.scope, id=id, page_id=body.page_id, now=now
        )
        return _with_secret(source, service.settings, status=201)

    return await service.outbox.transaction(lambda tx: once(tx, body, work))


@router.get("/{source_id}", response_model=SourceView)
async def read(caller: Manager, sources: Sources, service: Served, source_id: str) -> Response:
    source = await sources.get(caller.scope, source_id)
    if source is None:
        raise NotFound
    return reply(SourceView.of(source, service.settings), version=source.version)


@router.post("/{source_id}/rotate", response_model=SourceWithSecret)
async def rotate(
    caller: Manager,
    sources: Sources,
    service: Served,
    source_id: str,
    version: IfMatch,
    body: Rotation,
) -> Response:
    """A new secret, in force at once; the one before stays valid for the overlap."""
    now, overlap = service.clock(), timedelta(hours=body.overlap_hours)
    source = await service.outbox.transaction(
        lambda tx: rotate_secret(
            tx, sources, caller.scope, id=source_id, version=version, overlap=overlap, now=now
        )
    )
    return _with_secret(source, service.settings, status=200)


@router.delete("/{source_id}", status_code=204)
async def remove(
    caller: Manager, sources: Sources, service: Served, source_id: str, version: IfMatch
) -> Response:
    """What is signed with its secrets is refused from now on."""
    await service.outbox.transaction(
        lambda tx: remove_source(tx, sources, caller.scope, id=source_id, version=version)
    )
    return Response(status_code=204)


def _with_secret(source: Source, settings: ServiceSettings, *, status: int) -> Response:
    described = SourceView.of(source, settings).model_dump()
    return reply(
        SourceWithSecret(**described, secret=source.secrets[0].value),
        status=status,
        version=source.version,
        location=f"{settings.root_path}/api/v1/sources/{source.id}",
    )
