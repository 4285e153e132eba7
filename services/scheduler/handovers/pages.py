"""Handovers as pages: the list, and each one's receipt, live while it is open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from starlette.responses import Response

from services.scheduler.edge import PathId, Reader
from services.scheduler.handovers.domain import HandoverState
from services.scheduler.handovers.listing import rows_of
from services.scheduler.handovers.panel import read_closed
from services.scheduler.handovers.receipt import read_receipt, receipt_state
from services.scheduler.pages import Screen, TheScreen
from shared.auth import Identity
from shared.web import EventSourceResponse, Paging, Part, Router, ServerSentEvent, live

__all__ = ["router"]

router = Router(prefix="/handovers", include_in_schema=False)

_ITEMS = 200
Cursor = Annotated[str | None, Query(max_length=100)]
Absent = Annotated[str | None, Query(max_length=100)]
"""Whose absence it was; empty: anybody's."""


@router.get("")
async def list_handovers(
    screen: TheScreen,
    who: Reader,
    paging: Paging,
    state: HandoverState | None = None,
    member: Absent = None,
) -> Response:
    shown = await _list(screen, who, state, member or None, paging.cursor, paging.limit)
    # Receipts last, so they are also of those who have left.
    members = [(one.id, one.name) for one in await screen.desk.members.all(who.scope)]
    return screen.page("handovers.html", cursor=paging.cursor, members=members, **shown)


@router.get("/live", response_class=EventSourceResponse)
async def follow_handovers(
    request: Request,
    screen: TheScreen,
    who: Reader,
    paging: Paging,
    state: HandoverState | None = None,
    member: Absent = None,
) -> AsyncIterator[ServerSentEvent]:
    """The first page of the list."""

    async def render() -> list[Part]:
        shown = await _list(screen, who, state, member or None, None, paging.limit)
        return [Part("handovers", screen.part("handovers_list.html", **shown))]

    async for event in live(request, ["handovers"], render):
        yield event


@router.get("/{handover_id}")
async def show_receipt(
    screen: TheScreen, who: Reader, handover_id: PathId, cursor: Cursor = None
) -> Response:
    shown = await _receipt(screen, who, handover_id, cursor)
    settings = screen.service.settings
    link = f"{settings.public_url}{settings.root_path}/handovers/{handover_id}"
    return screen.page("receipt_page.html", link=link, **shown)


async def _followable(
    screen: TheScreen, who: Reader, handover_id: PathId, cursor: Cursor = None
) -> None:
    """A stream that has begun cannot be refused any more. Raises as `read_receipt`."""
    await read_receipt(screen.desk, who, screen.agency, handover_id, cursor=cursor, limit=1)


@router.get(
    "/{handover_id}/live",
    response_class=EventSourceResponse,
    dependencies=[Depends(_followable)],
)
async def follow_receipt(
    request: Request, screen: TheScreen, who: Reader, handover_id: PathId, cursor: Cursor = None
) -> AsyncIterator[ServerSentEvent]:
    drawn: tuple[object, Part] | None = None

    async def render() -> list[Part]:
        nonlocal drawn
        # Most changes are other handovers': what they leave alone is not read again.
        state = await receipt_state(screen.desk, who.scope, handover_id)
        if drawn is None or drawn[0] != state:
            shown = await _receipt(screen, who, handover_id, cursor)
            drawn = state, Part("receipt", screen.part("receipt_live.html", **shown))
        return [drawn[1]]

    async for event in live(request, ["handovers", "receipt_parts", "coverage"], render):
        yield event


async def _list(
    screen: Screen,
    who: Identity,
    state: HandoverState | None,
    member_id: str | None,
    cursor: str | None,
    limit: int,
) -> dict[str, Any]:
    found, following = await screen.desk.handovers.page(
        who.scope, cursor, limit, state=state, member_id=member_id
    )
    rows = await rows_of(screen.desk, who.scope, found)
    return {"rows": rows, "state": state, "member": member_id, "next_cursor": following}


async def _receipt(
    screen: Screen, who: Identity, handover_id: str, cursor: str | None
) -> dict[str, Any]:
    receipt = await read_receipt(
        screen.desk, who, screen.agency, handover_id, cursor=cursor, limit=_ITEMS
    )
    gaps = receipt.handover.gaps
    return {
        "receipt": receipt,
        "cursor": cursor,
        "sheet_items": _ITEMS,
        "closed": await read_closed(screen.desk, who.scope, receipt.handover),
        "left": await screen.desk.handovers.uncovered(who.scope, handover_id) if gaps else {},
    }
