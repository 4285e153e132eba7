"""Handovers and their receipts as JSON and CSV, and their progress as it happens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated

from fastapi import Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter
from starlette.responses import Response

from services.scheduler.edge import PathId, Reader, TheDesk
from services.scheduler.handovers.domain import Handover, HandoverState
from services.scheduler.handovers.reading import (
    find_handover,
    newest_handovers,
    with_starter_for,
)
from services.scheduler.handovers.receipt import as_csv, read_receipt
from services.scheduler.handovers.view import HandoverView, Receipt
from shared.auth import Identity
from shared.errors import NotFound
from shared.events.handover import Participant
from shared.events.scheduler import HandoverCause
from shared.web import (
    EventSourceResponse,
    Page,
    Paging,
    Part,
    Router,
    ServerSentEvent,
    live,
)

__all__ = ["router"]

router = Router(prefix="/api/v1", tags=["handovers"])

_FOLLOWED = 20
_HANDOVER = TypeAdapter(HandoverView)
_HANDOVERS = TypeAdapter(list[HandoverView])
_RECEIPT = TypeAdapter(Receipt)


class HandoverSummary(BaseModel):
    """`totals`: items moved, by service that has answered; they and `uncovered` are null for those
    who see some clients only. `started_by` null: a time fell due, or it was somebody's absence and
    the caller may not know its reason. `fault`: it does not add up."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    number: str
    epoch: int
    state: HandoverState
    cause: HandoverCause
    absent_member: str | None
    absence_id: str | None
    started_by: str | None
    started_at: AwareDatetime
    committed_at: AwareDatetime | None
    completed_at: AwareDatetime | None
    totals: dict[Participant, int] | None
    uncovered: int | None
    fault: str | None


@router.get("/handovers")
async def list_handovers(
    who: Reader,
    desk: TheDesk,
    paging: Paging,
    state: HandoverState | None = None,
    member: Annotated[str | None, Query(max_length=100, description="Who was absent")] = None,
) -> Page[HandoverSummary]:
    """The newest first."""
    found, following = await desk.handovers.page(
        who.scope, paging.cursor, paging.limit, state=state, member_id=member
    )
    return Page(items=[_summary(one, who) for one in found], next_cursor=following)


@router.get("/handovers/{handover_id}")
async def show_handover(who: Reader, desk: TheDesk, handover_id: PathId) -> HandoverView:
    """Its progress, who got what, the gaps, and who has confirmed."""
    return await find_handover(desk, who, handover_id)


@router.get("/handovers/{handover_id}/receipt")
async def show_receipt(
    who: Reader, desk: TheDesk, request: Request, handover_id: PathId, paging: Paging
) -> Receipt:
    """The items by page, in the order of the printed receipt."""
    return await read_receipt(
        desk,
        who,
        request.app.state.agency_name,
        handover_id,
        cursor=paging.cursor,
        limit=paging.limit,
    )


@router.get("/handovers/{handover_id}/receipt.json", response_model=Receipt)
async def download_receipt(
    who: Reader, desk: TheDesk, request: Request, handover_id: PathId
) -> Response:
    """All items in one document."""
    receipt = await read_receipt(desk, who, request.app.state.agency_name, handover_id)
    return _download(
        _RECEIPT.dump_json(receipt), f"{receipt.handover.number}.json", "application/json"
    )


@router.get("/handovers/{handover_id}/receipt.csv")
async def download_receipt_csv(
    who: Reader, desk: TheDesk, request: Request, handover_id: PathId
) -> Response:
    """All items, a line each."""
    receipt = await read_receipt(desk, who, request.app.state.agency_name, handover_id)
    return _download(as_csv(receipt).encode(), f"{receipt.handover.number}.csv", "text/csv")


@router.get("/live", response_class=EventSourceResponse)
async def follow(
    request: Request,
    who: Reader,
    desk: TheDesk,
    handover: Annotated[str | None, Query(max_length=100, description="Follow this one")] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Events `handovers`, the newest ones, or with `handover` events `handover`, that one; each
    whole, as JSON, now and after every change."""

    async def render() -> list[Part]:
        if handover is None:
            newest = await newest_handovers(desk, who, _FOLLOWED)
            return [Part("handovers", _HANDOVERS.dump_json(newest).decode())]
        with suppress(NotFound):  # not started yet: a long one is settled in chunks first
            found = await find_handover(desk, who, handover)
            return [Part("handover", _HANDOVER.dump_json(found).decode())]
        return []

    async for event in live(request, ["handovers", "receipt_parts"], render):
        yield event


def _summary(handover: Handover, who: Identity) -> HandoverSummary:
    summary = HandoverSummary.model_validate(with_starter_for(who, handover))
    if who.scope.clients is None:
        return summary
    return summary.model_copy(update={"totals": None, "uncovered": None})


def _download(content: bytes, name: str, media_type: str) -> Response:
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=disposition, media_type=media_type)
