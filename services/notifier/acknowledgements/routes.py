"""The link in a brief: opening it shows a page with a button, pressing that takes note.

Mail scanners open links, so opening must change nothing.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.notifier.briefs.letters import acknowledge_path, purpose
from services.notifier.delivery.reading import Desk
from services.notifier.delivery.routes import NotificationId, TheDesk
from services.notifier.delivery.store import Told
from services.notifier.delivery.usecases import acknowledge_brief
from shared.auth import Identity, Tokens
from shared.errors import N_, Forbidden, NotSignedIn
from shared.ui.ui import Ui
from shared.web import Router, Served, public

__all__ = ["LinkNotValid", "router"]

router = Router(prefix="/acknowledge", include_in_schema=False)

Token = Annotated[str, Query(max_length=4_000)]


class LinkNotValid(Forbidden):
    code = "link_not_valid"
    title = N_("This link is not valid, or not any more")
    detail = N_("A link is good for seven days, for the one brief it was sent with.")
    kept = N_("Nothing was changed. The work is with you whether you confirm it or not.")
    remedy = N_("Sign in and confirm on the page “Notifications”.")


@router.get("/{notification_id}")
@public
async def show_brief(
    request: Request, desk: TheDesk, notification_id: NotificationId, token: Token = ""
) -> Response:
    reader = _reader(request, notification_id, token)
    told = await desk.one(reader, notification_id)
    return await _page(request, desk, reader, told)


@router.post("/{notification_id}")
@public
async def take_note(
    request: Request,
    desk: TheDesk,
    service: Served,
    notification_id: NotificationId,
    token: Token = "",
) -> Response:
    reader = _reader(request, notification_id, token)
    await service.outbox.transaction(
        lambda tx: acknowledge_brief(
            tx, desk.deliveries, notification_id, reader, service.clock(), by_link=True
        )
    )
    ui: Ui = request.app.state.ui
    path = acknowledge_path(notification_id, token)
    return RedirectResponse(ui.url(path), status_code=303)


def _reader(request: Request, notification_id: str, token: str) -> Identity:
    """Whom the link was sent to. Raises `LinkNotValid`."""
    tokens: Tokens = request.app.state.tokens
    try:
        return tokens.verify(token, purpose(notification_id))
    except NotSignedIn:
        raise LinkNotValid from None


async def _page(request: Request, desk: Desk, reader: Identity, told: Told) -> Response:
    """In the language and time zone of the link's reader, who need not be signed in."""
    ui: Ui = request.app.state.ui
    names = await desk.names([told.notification])
    html = ui.text(
        "acknowledge.html",
        language=reader.lang or ui.language(request),
        time_zone=reader.tz,
        layout="base.html",
        told=told,
        names=names,
    )
    return HTMLResponse(html)
