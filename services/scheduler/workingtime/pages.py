"""A member's working time and leave as a page: what is agreed, and what is left of the year."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from services.scheduler.edge import Manager, PathId, Reader
from services.scheduler.members.view import face
from services.scheduler.pages import Screen, TheScreen
from services.scheduler.workingtime.domain import WEEKDAYS, Pattern, Region, Week, WorkingTime
from services.scheduler.workingtime.public_holidays import (
    countries,
    public_holidays,
    subdivisions,
)
from services.scheduler.workingtime.reading import calendars, find_terms_of, leave_year
from services.scheduler.workingtime.routes import FIRST_YEAR, LAST_YEAR, TermsBody, WeekBody
from services.scheduler.workingtime.usecases import set_terms
from shared.auth import Identity, Permission
from shared.errors import AppError
from shared.web import Router
from shared.web.forms import Form, Typed, parsed

__all__ = ["router"]

router = Router(prefix="/members/{member_id}/working-time", include_in_schema=False)

_ALWAYS = "always"

Year = Annotated[int | None, Query(ge=FIRST_YEAR, le=LAST_YEAR)]
Country = Annotated[str | None, Query(max_length=2)]


@dataclass(frozen=True, slots=True)
class Day:
    """Of the week's form: as `<input type="time">` takes it; both empty: off."""

    name: str
    starts: str
    ends: str


@router.get("")
async def show(
    screen: TheScreen, who: Reader, member_id: PathId, year: Year = None, country: Country = None
) -> Response:
    """`country`: the form offers its regions, before it is saved."""
    return await _page(screen, who, member_id, year, country=country)


@router.post("")
async def put(screen: TheScreen, who: Manager, member_id: PathId, typed: Typed) -> Response:
    year = _year_typed(typed)
    try:
        before = await screen.desk.working_times.get(member_id)
        body, version = _terms_typed(typed, before), typed.version
        await screen.service.outbox.transaction(
            lambda tx: set_terms(tx, screen.desk, who, member_id, body.terms(), version, screen.now)
        )
    except AppError as error:
        return await _page(screen, who, member_id, year, typed, error)
    shown = "" if year is None else f"?year={year}"
    return screen.onward(f"/members/{member_id}/working-time{shown}")


def _terms_typed(typed: Form, before: WorkingTime) -> TermsBody:
    """The form changes the week that holds from the day `since`, or adds it; the others stay, but
    for those ticked. Raises `InvalidRequest`."""
    since = typed.optional("since")
    gone = {since or _ALWAYS, *typed.every("remove")}
    kept = [_as_sent(one) for one in before.terms.patterns if _key(one) not in gone]
    year = typed.text("year")
    carried: dict[str, Any] = {str(key): days for key, days in before.terms.carried.items()}
    if year:
        carried[year] = typed.text("carried").replace(",", ".") or 0
    allowance = typed.text("allowance").replace(",", ".")
    return parsed(
        TermsBody,
        {
            "patterns": [*kept, {"since": since, "week": _week_typed(typed)}],
            "region": _region_typed(typed),
            "allowance": allowance or None,
            "carried": carried,
        },
    )


def _year_typed(typed: Form) -> int | None:
    """The one that the form was about; None: it names none that there can be."""
    year = typed.text("year")
    return next((one for one in range(FIRST_YEAR, LAST_YEAR + 1) if str(one) == year), None)


def _week_typed(typed: Form) -> dict[str, Any]:
    week: dict[str, Any] = {}
    for day in WEEKDAYS:
        starts, ends = typed.text(f"{day}_starts"), typed.text(f"{day}_ends")
        week[day] = {"starts": starts, "ends": ends} if starts or ends else None
    return week


def _region_typed(typed: Form) -> dict[str, Any] | None:
    country = typed.text("country")
    return {"country": country, "subdivision": typed.optional("subdivision")} if country else None


def _as_sent(pattern: Pattern) -> dict[str, Any]:
    week = WeekBody.of(pattern.week).model_dump(mode="json")
    return {"since": pattern.since and pattern.since.isoformat(), "week": week}


def _key(pattern: Pattern) -> str:
    return pattern.since.isoformat() if pattern.since else _ALWAYS


async def _page(
    screen: Screen,
    who: Identity,
    member_id: str,
    year: int | None,
    typed: Form | None = None,
    error: AppError | None = None,
    country: str | None = None,
) -> Response:
    member = await find_terms_of(screen.desk, who, member_id)
    today = screen.now.astimezone(member.zone).date()
    year = year or today.year
    calendar = (await calendars(screen.desk, [member]))[member.id]
    working_time = calendar.working_time
    found = await leave_year(screen.desk, member, year, screen.now)
    # In a thread, because the first look at a country's calendar takes a while.
    holidays = await asyncio.to_thread(_holidays, calendar.region, year, screen.language)
    form = typed or _as_agreed(working_time, year)
    return screen.page(
        "working_time.html",
        error=error,
        member=member,
        face=face(member),
        own=member.id == who.member_id,
        writes=who.may(Permission.TEAM_WRITE),
        working_time=working_time,
        earlier=[(_key(one), one) for one in working_time.terms.patterns[:-1]],
        week=_days_typed(form),
        weeks=[(one.since, _days(one.week)) for one in working_time.weeks_from(today)],
        form=form,
        year=year,
        today=today,
        found=found,
        holidays=holidays,
        countries=countries(screen.language),
        subdivisions=subdivisions(form.text("country") if country is None else country),
    )


def _holidays(region: Region | None, year: int, language: str) -> list[tuple[date, str]]:
    return [] if region is None else sorted(public_holidays(region, year, language).items())


def _as_agreed(working_time: WorkingTime, year: int) -> Form:
    """What the form holds at first."""
    terms = working_time.terms
    newest = terms.patterns[-1]
    fields = {
        "since": newest.since.isoformat() if newest.since else "",
        "allowance": "" if terms.allowance is None else f"{terms.allowance:g}",
        "carried": f"{terms.carried.get(year, 0):g}",
        "country": terms.region.country if terms.region else "",
        "subdivision": (terms.region.subdivision if terms.region else None) or "",
    }
    for day in _days(newest.week):
        fields[f"{day.name}_starts"], fields[f"{day.name}_ends"] = day.starts, day.ends
    return Form({name: [value] for name, value in fields.items()})


def _days(week: Week) -> list[Day]:
    return [
        Day(name, f"{hours.starts:%H:%M}", f"{hours.ends:%H:%M}") if hours else Day(name, "", "")
        for name, hours in zip(WEEKDAYS, week, strict=True)
    ]


def _days_typed(form: Form) -> list[Day]:
    return [Day(day, form.text(f"{day}_starts"), form.text(f"{day}_ends")) for day in WEEKDAYS]
