"""One's calendar addresses as a page, and what calendar programs read there."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Path
from starlette.responses import Response

from services.scheduler.edge import Reader
from services.scheduler.feeds.calendar import DutyEntry, Entry, away_calendar
from services.scheduler.feeds.domain import Whose, new_feed
from services.scheduler.feeds.reading import read_feed
from services.scheduler.pages import Screen, TheScreen
from shared.auth import Identity
from shared.errors import N_, NotFound
from shared.web import Router, public

__all__ = ["router"]

router = Router(prefix="/calendar", include_in_schema=False)

Secret = Annotated[str, Path(min_length=1, max_length=100)]
_AWAY = N_("{name} is away")
_ON_DUTY = N_("On duty: {group}, {kind}")
_TITLES = {Whose.MINE: N_("{name}: absences and shifts"), Whose.TEAM: N_("{agency}: who is away")}


@router.get("")
async def show_addresses(screen: TheScreen, who: Reader) -> Response:
    await _check_member(screen, who)
    feeds = await screen.desk.feeds.of(who.member_id)
    return screen.page(
        "feeds.html",
        addresses={whose: _address(screen, feeds[whose].id) for whose in feeds},
        kinds=tuple(Whose),
    )


@router.get("/{secret}.ics")
@public
async def calendar(screen: TheScreen, secret: Secret) -> Response:
    """For whoever knows the address; see `feeds.domain`."""
    away = await read_feed(screen.desk, secret, screen.now)
    language, members = away.owner.language, away.members
    named = {"name": away.owner.name, "agency": screen.agency}
    entries = (
        Entry(
            absence=one,
            summary=screen.ui.said(_AWAY, language, {"name": members[one.member_id].name}),
            zone=members[one.member_id].zone,
        )
        for one in away.absences
    )
    host = urlsplit(screen.service.settings.public_url).hostname or "understudy"
    title = screen.ui.said(_TITLES[away.whose], language, named)
    duties = (
        DutyEntry(
            shift=one,
            summary=screen.ui.said(
                _ON_DUTY,
                language,
                {"group": away.groups.get(one.group_id, ""), "kind": one.kind},
            ),
        )
        for one in away.shifts
    )
    body = away_calendar(title, entries, host, screen.now, duties)
    headers = {"Cache-Control": "private, max-age=300", "X-Robots-Tag": "noindex"}
    return Response(body, media_type="text/calendar; charset=utf-8", headers=headers)


@router.post("/{whose}")
async def make_address(screen: TheScreen, who: Reader, whose: Whose) -> Response:
    """The first one, or another one instead."""
    await _check_member(screen, who)
    feed = new_feed(who.member_id, whose, screen.now)
    await screen.service.outbox.transaction(lambda tx: screen.desk.feeds.replace(tx, feed))
    return screen.onward("/calendar")


@router.post("/{whose}/remove")
async def remove_address(screen: TheScreen, who: Reader, whose: Whose) -> Response:
    await screen.service.outbox.transaction(
        lambda tx: screen.desk.feeds.remove(tx, who.member_id, whose)
    )
    return screen.onward("/calendar")


async def _check_member(screen: Screen, who: Identity) -> None:
    """Other systems, and who runs the installation, are never away."""
    if await screen.desk.members.get(who.member_id) is None:
        raise NotFound


def _address(screen: Screen, secret: str) -> str:
    return f"{screen.service.settings.public_url}{screen.ui.url(f'/calendar/{secret}.ics')}"
