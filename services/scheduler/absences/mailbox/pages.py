"""The link in a mail that asks whether somebody is really away: a page with a button.

Mail scanners open links, so opening must change nothing.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.scheduler.absences.mailbox.replies import CONFIRM_PATH, Asked
from services.scheduler.absences.mailbox.usecases import confirm_absence, is_confirmed
from services.scheduler.pages import Screen, TheScreen
from shared.auth import Identity, Tokens
from shared.errors import N_, Forbidden, NotSignedIn
from shared.web import Router, public

__all__ = ["ConfirmationNotValid", "router"]

router = Router(prefix=CONFIRM_PATH, include_in_schema=False)

Token = Annotated[str, Query(max_length=4_000)]
MailName = Annotated[str, Query(max_length=64)]


class ConfirmationNotValid(Forbidden):
    code = "confirmation_not_valid"
    title = N_("This link is not valid, or not any more")
    detail = N_("A link is good for one day, for the one absence it was sent with.")
    kept = N_("Nothing has begun.")
    remedy = N_("Send your mail again, or sign in and report your absence.")


@router.get("")
@public
async def show_asked(
    screen: TheScreen,
    mail: MailName = "",
    starts: AwareDatetime | None = None,
    ends: AwareDatetime | None = None,
    token: Token = "",
) -> Response:
    asked, reader = _asked(screen, mail, starts, ends, token)
    html = screen.ui.text(
        "confirm_absence.html",
        language=reader.lang or screen.ui.language(screen.request),
        time_zone=reader.tz,
        layout="base.html",
        asked=asked,
        reader=reader,
        confirmed=await is_confirmed(screen.desk, asked, screen.now),
    )
    return HTMLResponse(html, headers={"Referrer-Policy": "no-referrer"})


@router.post("")
@public
async def begin(
    screen: TheScreen,
    mail: MailName = "",
    starts: AwareDatetime | None = None,
    ends: AwareDatetime | None = None,
    token: Token = "",
) -> Response:
    asked, reader = _asked(screen, mail, starts, ends, token)
    await screen.service.outbox.transaction(
        lambda tx: confirm_absence(tx, screen.desk, reader.member_id, asked, screen.now)
    )
    again = screen.request.url.include_query_params()
    return RedirectResponse(f"{screen.ui.url(CONFIRM_PATH)}?{again.query}", status_code=303)


def _asked(
    screen: Screen,
    mail: str,
    starts: AwareDatetime | None,
    ends: AwareDatetime | None,
    token: str,
) -> tuple[Asked, Identity]:
    """What the link was sent for, and to whom. Raises `ConfirmationNotValid`."""
    tokens: Tokens = screen.request.app.state.tokens
    if starts is None:
        raise ConfirmationNotValid
    asked = Asked(mail, starts, ends)
    try:
        return asked, tokens.verify(token, asked.purpose)
    except NotSignedIn:
        raise ConfirmationNotValid from None
