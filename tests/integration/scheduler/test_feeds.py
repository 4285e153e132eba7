"""Calendars of who is away: by a secret address, never why, and gone when it is taken away."""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

import httpx
import pytest
from icalendar import Calendar, Event

from services.scheduler.absences.domain import Kind, Reason
from services.scheduler.absences.usecases import Report, cancel_absence, report_absence
from services.scheduler.members.domain import Member
from services.scheduler.members.usecases import edit_member, identity_of
from tests.integration.scheduler.agency import LENA, Agency, Browse, TestClock

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
async def jana(agency: Agency) -> Member:
    await agency.client("roast")
    await agency.client("works")
    return await agency.member("Jana", clients=("roast",))


async def address(browser: httpx.AsyncClient, whose: str) -> str:
    """Makes one, and reads it from the page."""
    assert (await browser.post(f"/calendar/{whose}")).status_code == 303
    page = (await browser.get("/calendar")).text
    found = re.search(rf'id="address-{whose}"[^>]* value="http://[^/]+/scheduler([^"]+)"', page)
    assert found
    return found[1]


async def events(browser: httpx.AsyncClient, path: str) -> dict[str, Event]:
    """By their summaries; read by a program that is not signed in."""
    answer = await browser.get(path, headers={"Cookie": ""})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(answer.text)
    found = [one for one in calendar.walk("VEVENT") if isinstance(one, Event)]
    return {str(one["summary"]): one for one in found}


async def test_days_are_days_and_hours_are_instants(
    agency: Agency, jana: Member, browse: Browse
) -> None:
    browser = browse(identity_of(jana))
    path = await address(browser, "mine")
    assert await events(browser, path) == {}
    await agency.away(jana, date(2026, 12, 7), date(2026, 12, 11))
    [whole] = (await events(browser, path)).values()
    assert (whole["summary"], whole.start, whole.end) == (
        "Jana ist abwesend",
        date(2026, 12, 7),
        date(2026, 12, 12),
    )
    starts_at = datetime(2026, 12, 1, 14, tzinfo=BERLIN)
    ends_at = datetime(2026, 12, 1, 15, 30, tzinfo=BERLIN)
    hours, _ = await agency.away(jana, starts_at, ends_at)
    found = Calendar.from_ical((await browser.get(path)).text).walk("VEVENT")
    [of_hours] = [one for one in found if str(one["uid"]).startswith(hours.id)]
    assert (of_hours["dtstart"].dt, of_hours["dtend"].dt) == (starts_at, ends_at)


async def test_until_further_notice_goes_on_while_it_lasts(
    agency: Agency, jana: Member, browse: Browse, clock: TestClock
) -> None:
    browser = browse(identity_of(jana))
    path = await address(browser, "mine")
    await agency.away(jana)
    assert (await events(browser, path))["Jana ist abwesend"].end == date(2026, 12, 8)
    clock.advance(days=7)
    assert (await events(browser, path))["Jana ist abwesend"].end == date(2026, 12, 15)


async def test_it_never_says_why(agency: Agency, jana: Member, browse: Browse) -> None:
    browser = browse(identity_of(jana))
    paths = [await address(browser, whose) for whose in ("mine", "team")]
    call = Report(None, None, None, Reason(Kind.SICK, "canary-3f9a"))
    absence, _ = await agency.do(
        lambda tx: report_absence(tx, agency.desk, LENA, jana.id, call, agency.now)
    )
    for path in paths:
        text = (await browser.get(path)).text
        assert absence.id in text
        assert "canary" not in text
        assert "sick" not in text.lower()
    await agency.do(lambda tx: cancel_absence(tx, agency.desk, LENA, absence.id, agency.now))
    assert [await events(browser, path) for path in paths] == [{}, {}]


async def test_the_teams_has_whom_its_owner_may_see(
    agency: Agency, jana: Member, browse: Browse
) -> None:
    browser = browse(identity_of(jana))
    team, mine = await address(browser, "team"), await address(browser, "mine")
    for member in (
        await agency.member("Tom", clients=("roast",)),
        await agency.member("Uwe", clients=("works",)),
    ):
        await agency.away(member, date(2026, 12, 7), date(2026, 12, 11))
    assert list(await events(browser, team)) == ["Tom ist abwesend"]
    assert await events(browser, mine) == {}


async def test_an_address_leads_nowhere_after_another_is_made_or_its_owner_has_left(
    agency: Agency, jana: Member, browse: Browse
) -> None:
    browser = browse(identity_of(jana))
    first = await address(browser, "team")
    second = await address(browser, "team")
    assert first != second
    assert (await browser.get(first)).status_code == 404
    assert (await browser.get(second)).status_code == 200
    await browser.post("/calendar/team/remove")
    assert (await browser.get(second)).status_code == 404
    assert "Adresse anlegen" in (await browser.get("/calendar")).text

    third = await address(browser, "team")
    await agency.do(
        lambda tx: edit_member(
            tx, agency.desk, LENA, jana.id, jana.version, agency.now, active=False
        )
    )
    assert (await browser.get(third)).status_code == 404
    assert (await browser.get("/calendar/guessed.ics")).status_code == 404
