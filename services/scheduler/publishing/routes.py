"""Publishing duties as JSON: `/api/v1/publications`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict
from starlette.responses import Response

from services.scheduler.edge import PathId, Reader, TheDesk
from services.scheduler.publishing.domain import Publication, PublicationState
from services.scheduler.publishing.store import Selection
from shared.errors import NotFound
from shared.web import Page, Paging, Router, reply

__all__ = ["router"]

router = Router(prefix="/api/v1/publications", tags=["publications"])

ME = "me"


class PublicationView(BaseModel):
    """`holder` null: nobody has it. `home`: whom it goes back to, if it was moved away."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    content_id: str
    variant_id: str
    client_id: str
    page_id: str
    title: str
    publish_at: AwareDatetime
    state: PublicationState
    responsibility_id: str
    open: bool
    holder: str | None
    home: str | None
    version: int


@router.get("")
async def list_publications(
    who: Reader,
    desk: TheDesk,
    paging: Paging,
    client: Annotated[str | None, Query(max_length=100)] = None,
    page: Annotated[str | None, Query(max_length=100)] = None,
    holder: Annotated[str | None, Query(max_length=100, description=f"An id, or `{ME}`")] = None,
    is_open: Annotated[
        bool | None, Query(alias="open", description="false: published or withdrawn")
    ] = None,
) -> Page[PublicationView]:
    """By the time they are to go out."""
    holder = who.member_id if holder == ME else holder
    found, following = await desk.publications.page(
        who.scope, Selection(client, page, holder, is_open), paging.cursor, paging.limit
    )
    views = [PublicationView.model_validate(one) for one in found]
    return Page(items=views, next_cursor=following)


@router.get("/{publication_id}", response_model=PublicationView)
async def show_publication(who: Reader, desk: TheDesk, publication_id: PathId) -> Response:
    found: Publication | None = await desk.publications.find(who.scope, publication_id)
    if found is None:
        raise NotFound
    return reply(PublicationView.model_validate(found), version=found.version)
