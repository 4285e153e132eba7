"""The live page `/notifier/`: one's own briefs, and for leads how every delivery is going."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Form, Query, Request
from starlette.responses import RedirectResponse, Response

from services.notifier.delivery.domain import Decision
from services.notifier.delivery.reading import Desk
from services.notifier.delivery.routes import Decider, NotificationId, Reader, TheDesk
from services.notifier.delivery.store import NOTIFICATIONS
from services.notifier.delivery.usecases import acknowledge_brief, decide_outcome
from shared.auth import Identity, Permission
from shared.ui.ui import Ui
from shared.web import EventSourceResponse, Part, Router, Served, ServerSentEvent, live, require

__all__ = ["router"]

router = Router(include_in_schema=False)

OWN_SHOWN = 20
ROWS = 50
_BLOCKS = ("attention", "briefs", "deliveries")
_WATCHED = [NOTIFICATIONS, "members", "swaps", "open_shifts"]

Overseer = Annotated[Identity, require(Permission.NOTIFICATIONS_READ_ALL)]


@router.get("/")
async def show_notifications(request: Request, caller: Reader, desk: TheDesk) -> Response:
    return _ui(request).render(request, "notifications.html", **await _context(caller, desk))


@router.get("/live", response_class=EventSourceResponse)
async def follow(request: Request, caller: Reader, desk: TheDesk) -> AsyncIterator[ServerSentEvent]:
    async def render() -> list[Part]:
        context = await _context(caller, desk)
        ui = _ui(request)
        return [
            Part(block, ui.fragment(request, "notifications.html", block=block, **context))
            for block in _BLOCKS
        ]

    async for event in live(request, _WATCHED, render):
        yield event


@router.get("/deliveries")
async def show_earlier(
    request: Request,
    caller: Overseer,
    desk: TheDesk,
    cursor: Annotated[str | None, Query(max_length=2_000)] = None,
) -> Response:
    """Further rows of the list; without htmx as a page of its own."""
    everybody = await desk.page(caller, own=False, cursor=cursor, limit=ROWS)
    return _ui(request).render(request, "deliveries.html", everybody=everybody)


@router.post("/notifications/{notification_id}/acknowledgement")
async def acknowledge(
    request: Request,
    caller: Reader,
    desk: TheDesk,
    service: Served,
    notification_id: NotificationId,
) -> Response:
    await service.outbox.transaction(
        lambda tx: acknowledge_brief(
            tx, desk.deliveries, notification_id, caller, service.clock(), by_link=False
        )
    )
    return await _changed(request, caller, desk, "briefs")


@router.post("/notifications/{notification_id}/decision")
async def decide(
    request: Request,
    caller: Decider,
    desk: TheDesk,
    service: Served,
    notification_id: NotificationId,
    decision: Annotated[Decision, Form()],
    version: Annotated[int, Form(ge=1)],
) -> Response:
    told = await desk.one(caller, notification_id)
    await service.outbox.transaction(
        lambda tx: decide_outcome(
            tx, desk.deliveries, told, decision, caller, version, service.clock()
        )
    )
    return await _changed(request, caller, desk, "attention")


async def _changed(request: Request, caller: Identity, desk: Desk, block: str) -> Response:
    """The part that was changed, or without htmx the whole page again."""
    if "hx-request" not in request.headers:
        return RedirectResponse(_ui(request).url("/"), status_code=303)
    context = await _context(caller, desk)
    return _ui(request).render(request, "notifications.html", block=block, **context)


async def _context(caller: Identity, desk: Desk) -> dict[str, Any]:
    oversees = caller.may(Permission.NOTIFICATIONS_READ_ALL)
    decides = caller.may(Permission.NOTIFICATIONS_DECIDE)
    return {
        "own": await desk.page(caller, own=True, limit=OWN_SHOWN),
        "everybody": await desk.page(caller, own=False, limit=ROWS) if oversees else None,
        "attention": await desk.for_a_person(caller) if decides else None,
        "counts": {"notifier": await desk.deliveries.count_unnoted(caller)},
    }


def _ui(request: Request) -> Ui:
    ui: Ui = request.app.state.ui
    return ui
