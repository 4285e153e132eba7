"""Leave from a calendar file: choose the file, then the times, then ask for them as usual."""

from __future__ import annotations

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from services.scheduler.absences.dialog import read_dialog
from services.scheduler.absences.usecases import check_may_report
from services.scheduler.calendars.offers import Calendar, read_calendar
from services.scheduler.edge import Reader
from services.scheduler.leave.domain import MOST_TIMES
from services.scheduler.leave.pages import leave_form
from services.scheduler.leave.routes import planned_member
from services.scheduler.leave.typed import Choice
from services.scheduler.pages import Screen, TheScreen
from shared.auth import Identity
from shared.errors import N_, AppError, FieldError, InvalidRequest
from shared.web import Router
from shared.web.forms import Form

__all__ = ["router"]

router = Router(prefix="/leave/import", include_in_schema=False)


@router.get("")
async def choose_file(screen: TheScreen, who: Reader, member_id: str = "") -> Response:
    return await _file_form(screen, who, member_id)


@router.post("")
async def take_file(request: Request, screen: TheScreen, who: Reader) -> Response:
    """The times to choose from. The file is read and forgotten."""
    async with request.form() as form:
        file, member_id = form.get("file"), form.get("member_id")
        data = await file.read() if isinstance(file, UploadFile) else b""
    chosen = member_id if isinstance(member_id, str) else ""
    try:
        if not chosen:
            raise InvalidRequest(errors=[FieldError("/member_id", N_("Choose who is away."))])
        check_may_report(who, chosen)
        member = await planned_member(screen.desk, who, chosen)
        calendar = await read_calendar(screen.desk, member, data, screen.now)
    except AppError as error:
        return await _file_form(screen, who, chosen, error=error)
    if not calendar.offers:
        return await _file_form(screen, who, chosen, calendar)
    choice = _choice(calendar)
    typed = Form(
        {
            "member_id": [member.id],
            "offer": [one.value for one in choice],
            "time": [one.value for one in choice if one.chosen],
        }
    )
    return await leave_form(screen, who, typed, choice=choice, calendar=calendar)


def _choice(calendar: Calendar) -> list[Choice]:
    """As few as may be asked for at once are chosen; of more, nobody wants all."""
    free = sum(offer.obstacle is None for offer, _ in calendar.offers)
    return [
        Choice.of(offer, chosen=free <= MOST_TIMES, summary=time.summary)
        for offer, time in calendar.offers
    ]


async def _file_form(
    screen: Screen,
    who: Identity,
    member_id: str,
    calendar: Calendar | None = None,
    error: AppError | None = None,
) -> Response:
    return screen.page(
        "calendar_import.html",
        error=error,
        dialog=await read_dialog(screen.desk, who),
        member_id=member_id or who.member_id,
        calendar=calendar,
    )
