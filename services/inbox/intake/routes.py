"""Messages that wait for their page, as JSON: `/api/v1/unrouted`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from pydantic import AwareDatetime, BaseModel

from services.inbox.intake.store import Unrouted
from shared.auth import Identity, Permission
from shared.errors import Forbidden
from shared.web import Page, Router, require

__all__ = ["router"]

router = Router(prefix="/api/v1/unrouted", tags=["sources"])

_PAGES = 200


async def _unrouted(request: Request) -> Unrouted:
    unrouted: Unrouted = request.app.state.unrouted
    return unrouted


class UnroutedView(BaseModel):
    """`page_id` as the sender wrote it; `since` when the first of the messages came."""

    page_id: str
    messages: int
    since: AwareDatetime


@router.get("")
async def list_unrouted(
    caller: Annotated[Identity, require(Permission.INBOX_MANAGE)],
    unrouted: Annotated[Unrouted, Depends(_unrouted)],
) -> Page[UnroutedView]:
    """By page, those that have waited longest first. Whose they are is not known, so this needs
    the scope of the whole agency."""
    if caller.scope.clients is not None:
        raise Forbidden
    found = await unrouted.by_page(_PAGES)
    return Page(
        items=[
            UnroutedView(page_id=one.page_id, messages=one.messages, since=one.since)
            for one in found
        ]
    )
