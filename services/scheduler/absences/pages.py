"""Absences as pages: report sick, change, come back, take back."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from starlette.responses import Response

from services.scheduler.absences.dialog import read_dialog
from services.scheduler.absences.domain import Absence, Kind, Reason
from services.scheduler.absences.keyring import ReasonUnreadable
from services.scheduler.absences.reading import (
    absences_page,
    find_absence,
    may_know_why,
    reason_for,
)
from services.scheduler.absences.routes import AbsenceBody, AbsencePut
from services.scheduler.absences.store import Window
from services.scheduler.absences.typed import changed_period, typed_period
from services.scheduler.absences.usecases import (
    cancel_absence,
    change_absence,
    end_absence,
    report_absence,
)
from services.scheduler.coverage.pages import to_board
from services.scheduler.edge import PathId, Reader
from services.scheduler.handovers.listing import rows_of
from services.scheduler.members.view import face
from services.scheduler.moments import shown_end, shown_start
from services.scheduler.pages import Screen, TheScreen
from shared.auth import Identity, Permission
from shared.errors import N_, AppError, FieldError, InvalidRequest
from shared.outbox import Transaction
from shared.web import Paging, Router, reply
from shared.web.forms import Form, Typed, parsed

__all__ = ["router"]

router = Router(prefix="/absences", include_in_schema=False)

_IN_DIALOG = "absence-dialog"
_LOOKING_BACK = timedelta(days=90)
_HANDOVERS = 20


@router.get("")
async def list_absences(
    screen: TheScreen,
    who: Reader,
    paging: Paging,
    *,
    of: Literal["mine", "all"] | None = None,
    past: bool = False,
) -> Response:
    whose = of or ("all" if who.may(Permission.ABSENCE_REPORT_ANY) else "mine")
    now = screen.now
    window = Window(now - _LOOKING_BACK, now) if past else Window(now, None)
    only = who.member_id if whose == "mine" else None
    found, following = await absences_page(
        screen.desk, who, only, window, paging.cursor, paging.limit, cancelled=past
    )
    members = await screen.desk.members.load(one.member_id for one in found)
    rows = [
        {"absence": one, "state": one.state(now), "member": face(members[one.member_id])}
        for one in found
    ]
    return screen.page("absences.html", rows=rows, of=whose, past=past, next_cursor=following)


@router.get("/new")
async def new_absence(screen: TheScreen, who: Reader, *, member: str = "") -> Response:
    return await _form(screen, who, Form({"member_id": [member]}))


@router.post("")
async def report(screen: TheScreen, who: Reader, typed: Typed) -> Response:
    try:
        reported = await _reported_once(screen, who, typed, _body(typed))
    except AppError as error:
        return await _form(screen, who, typed, error)
    absence = await find_absence(screen.desk, who, reported.absence_id)
    member = await screen.desk.members.get(absence.member_id)
    name = member.name if member else ""
    if reported.handover_id is not None:
        said = screen.said(N_("{name} is away. What is open moves to the deputies."), name=name)
        return await to_board(screen, who, said, handover=reported.handover_id, start=None)
    return await to_board(
        screen,
        who,
        screen.said(N_("The absence of {name} is planned."), name=name),
        undo=f"/absences/{absence.id}/cancel",
        start=absence.starts_at.astimezone(ZoneInfo(who.tz)).date(),
        client=None,
    )


def _body(typed: Form) -> AbsenceBody:
    if not typed.text("member_id"):
        raise InvalidRequest(errors=[FieldError("/member_id", N_("Choose who is away."))])
    names = ("member_id", "kind", "note")
    return parsed(AbsenceBody, {name: typed.text(name) for name in names} | typed_period(typed))


class _Reported(BaseModel):
    absence_id: str
    handover_id: str | None


async def _reported_once(
    screen: Screen, who: Identity, typed: Form, body: AbsenceBody
) -> _Reported:
    async def work(tx: Transaction) -> Response:
        absence, handover_id = await report_absence(
            tx, screen.desk, who, body.member_id, body.report(), screen.now
        )
        return reply(_Reported(absence_id=absence.id, handover_id=handover_id))

    once = screen.once(typed, who, "POST /absences", body)
    answer = await screen.service.outbox.transaction(lambda tx: once(tx, body, work))
    return _Reported.model_validate(json.loads(bytes(answer.body)))


async def _form(
    screen: Screen, who: Identity, typed: Form, error: AppError | None = None
) -> Response:
    """On top of the board, or as a page."""
    on_top = screen.request.headers.get("hx-target") == _IN_DIALOG or (screen.by_htmx and error)
    return screen.page(
        "absence_dialog.html" if on_top else "absence_new.html",
        error=error,
        headers={"HX-Retarget": f"#{_IN_DIALOG}"} if on_top else None,
        typed=typed,
        dialog=await read_dialog(screen.desk, who),
    )


@router.get("/{absence_id}")
async def show_absence(screen: TheScreen, who: Reader, absence_id: PathId) -> Response:
    return await _absence(screen, who, absence_id)


@router.post("/{absence_id}")
async def change(screen: TheScreen, who: Reader, absence_id: PathId, typed: Typed) -> Response:
    try:
        before = await find_absence(screen.desk, who, absence_id)
        zone = await _zone(screen, before)
        sent = {"kind": typed.optional("kind")} | changed_period(typed, before, zone)
        if sent["kind"] is not None:
            sent["note"] = typed.text("note")
        body, version = parsed(AbsencePut, sent), typed.version
        _, handover_id = await screen.service.outbox.transaction(
            lambda tx: change_absence(
                tx, screen.desk, who, absence_id, body.revision(), version, screen.now
            )
        )
    except AppError as error:
        return await _absence(screen, who, absence_id, typed, error)
    if handover_id is None:
        return screen.onward(f"/absences/{absence_id}")
    said = screen.said(N_("The absence is changed."))
    return await to_board(screen, who, said, handover=handover_id, start=None)


@router.post("/{absence_id}/end")
async def come_back(screen: TheScreen, who: Reader, absence_id: PathId) -> Response:
    absence, handover_id = await screen.service.outbox.transaction(
        lambda tx: end_absence(tx, screen.desk, who, absence_id, None, screen.now)
    )
    said = N_("{name} is back. What the deputies have not begun goes home.")
    return await _gone(screen, who, absence, handover_id, said)


@router.post("/{absence_id}/cancel")
async def take_back(screen: TheScreen, who: Reader, absence_id: PathId) -> Response:
    absence, handover_id = await screen.service.outbox.transaction(
        lambda tx: cancel_absence(tx, screen.desk, who, absence_id, screen.now)
    )
    said = N_("The absence of {name} is taken back.")
    return await _gone(screen, who, absence, handover_id, said)


async def _gone(
    screen: Screen, who: Identity, absence: Absence, handover_id: str | None, said: str
) -> Response:
    """There is no absence any more: the board, and the handover by which work goes home."""
    member = await screen.desk.members.get(absence.member_id)
    text = screen.said(said, name=member.name if member else "")
    return await to_board(screen, who, text, handover=handover_id)


async def _absence(
    screen: Screen,
    who: Identity,
    absence_id: str,
    typed: Form | None = None,
    error: AppError | None = None,
) -> Response:
    absence = await find_absence(screen.desk, who, absence_id)
    members = await screen.desk.members.load([absence.member_id, absence.reported_by])
    told = may_know_why(who, absence.member_id)
    reporter = members.get(absence.reported_by) if told else None
    zone = await _zone(screen, absence)
    return screen.page(
        "absence.html",
        error=error,
        absence=absence,
        state=absence.state(screen.now),
        member=face(members[absence.member_id]),
        reported_by=face(reporter) if reporter else None,
        why=await _why(screen, who, absence),
        own=absence.member_id == who.member_id,
        may_change=_may_change(who, absence),
        kinds=tuple(Kind),
        starts=shown_start(absence.starts_at, zone),
        ends=shown_end(absence.ends_at, zone),
        member_zone=zone.key,
        handovers=await _handovers(screen, who, absence),
        typed=typed or Form({}),
    )


async def _why(
    screen: Screen, who: Identity, absence: Absence
) -> tuple[Reason | None, AppError | None]:
    """The reason, or what keeps it from being read: everything else can be done without it."""
    try:
        return await reason_for(screen.desk, who, absence), None
    except ReasonUnreadable as error:
        return None, error


async def _handovers(screen: Screen, who: Identity, absence: Absence) -> object:
    found, _ = await screen.desk.handovers.page(
        who.scope, None, _HANDOVERS, member_id=absence.member_id
    )
    own = [one for one in found if one.absence_id == absence.id]
    return await rows_of(screen.desk, who.scope, own)


async def _zone(screen: Screen, absence: Absence) -> ZoneInfo:
    member = await screen.desk.members.get(absence.member_id)
    return ZoneInfo(member.time_zone if member else "UTC")


def _may_change(who: Identity, absence: Absence) -> bool:
    own = absence.member_id == who.member_id and who.may(Permission.ABSENCE_REPORT_OWN)
    return own or who.may(Permission.ABSENCE_REPORT_ANY)
