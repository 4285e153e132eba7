"""Working time and leave balances over the API and as pages: agreed by leads, read by few."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from services.scheduler.absences.domain import Kind, Reason
from services.scheduler.absences.usecases import Report, report_absence
from services.scheduler.members.domain import Member
from services.scheduler.members.usecases import identity_of
from shared.auth import SYSTEM_SCOPE, Identity, Role
from shared.events.disciplines import Discipline
from tests.integration.scheduler.agency import LENA, Agency, As, Browse, TestClock, made

COPY = Discipline.COPYWRITING
OFFICE_DAY = {"starts": "09:00", "ends": "17:00"}
THREE_DAYS = {"monday": OFFICE_DAY, "tuesday": OFFICE_DAY, "wednesday": OFFICE_DAY}
TERMS: dict[str, Any] = {
    "patterns": [{"since": None, "week": THREE_DAYS}],
    "region": {"country": "DE", "subdivision": "BY"},
    "allowance": 18,
    "carried": {"2026": 1.5},
}
UNSET = {"If-Match": '"0"'}


@pytest.fixture
async def jana(agency: Agency) -> Member:
    await agency.client("roast")
    return await agency.member("Jana", COPY)


def of(member: Member, what: str) -> str:
    return f"/api/v1/members/{member.id}/{what}"


async def agree(http: httpx.AsyncClient, member: Member, **fields: Any) -> dict[str, Any]:
    answer = await http.put(of(member, "working-time"), json=TERMS | fields, headers=UNSET)
    agreed: dict[str, Any] = await made(answer)
    return agreed


async def on_leave(agency: Agency, member: Member, kind: Kind, first: str, last: str) -> None:
    days = [agency.now.fromisoformat(day).date() for day in (first, last)]
    call = Report(days[0], days[1], None, Reason(kind))
    await agency.do(lambda tx: report_absence(tx, agency.desk, LENA, member.id, call, agency.now))


async def test_leave_is_counted_by_what_is_agreed(agency: Agency, ask: As, jana: Member) -> None:
    http = ask(LENA)
    usual = await made(await http.get(of(jana, "working-time")))
    assert (usual["version"], usual["allowance"], usual["region"]) == (0, None, None)
    assert (await http.get(of(jana, "leave-balance"))).status_code == 404

    agreed = await agree(http, jana)
    assert (agreed["version"], agreed["allowance"]) == (1, 18)
    await on_leave(agency, jana, Kind.HOLIDAY, "2026-12-07", "2026-12-13")
    await on_leave(agency, jana, Kind.TRAINING, "2026-12-14", "2026-12-16")
    asked = {"starts_at": "2026-12-21", "ends_at": "2027-01-06", "kind": "holiday"}
    await made(await http.post("/api/v1/leave-requests", json={"member_id": jana.id, **asked}))

    balance = await made(await ask(identity_of(jana)).get(of(jana, "leave-balance")))
    counted = {name: balance[name] for name in ("taken", "planned", "requested", "left")}
    assert counted == {"taken": 0, "planned": 3, "requested": 6, "left": 16.5}
    following = await made(await http.get(of(jana, "leave-balance?year=2027")))
    assert (following["requested"], following["left"]) == (2, 18)  # the 6th is Epiphany
    [epiphany] = [
        one["name"]
        for one in await made(await http.get(of(jana, "public-holidays")))
        if one["day"] == "2026-01-06"
    ]
    assert epiphany == "Epiphany"


async def test_the_what_if_says_who_would_stand_in_on_a_day_off(
    agency: Agency, ask: As, browse: Browse, jana: Member
) -> None:
    tom = await agency.member("Tom", COPY)
    await agency.responsibility("roast", COPY, jana, tom)
    await agree(ask(LENA), tom)
    asked = {"member_id": jana.id, "starts_at": "2026-12-07", "ends_at": "2026-12-11"}
    leave = await made(
        await ask(LENA).post("/api/v1/leave-requests", json={**asked, "kind": "holiday"})
    )
    seen = await made(await ask(LENA).get(f"/api/v1/leave-requests/{leave['id']}/what-if"))
    assert seen["working_days"] == 5
    assert seen["days_off"] == [{"member_id": tom.id, "days": ["2026-12-10", "2026-12-11"]}]
    own = ask(identity_of(jana))
    seen = await made(await own.get(f"/api/v1/leave-requests/{leave['id']}/what-if"))
    assert (seen["stand_ins"][0]["member_id"], seen["days_off"]) == (tom.id, [])
    # What is agreed with somebody is no other system's business.
    payroll = ask(Identity("hr", "HR system", Role.SYSTEM, SYSTEM_SCOPE))
    week = {"member": jana.id, "starts_at": "2026-12-07", "ends_at": "2026-12-11"}
    assert (await made(await payroll.get("/api/v1/what-if", params=week)))["working_days"] is None
    page = (await browse(LENA).get(f"/leave/{leave['id']}")).text
    assert "Tom would stand in on days off" in page or "Tom müsste an freien Tagen" in page


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"region": {"country": "DE", "subdivision": "XX"}}, "unknown_region"),
        (
            {"patterns": [{"week": {"monday": {"starts": "17:00", "ends": "09:00"}}}]},
            "hours_of_no_length",
        ),
        ({"patterns": []}, "invalid_request"),
        ({"allowance": 30.25}, "invalid_request"),
        ({"carried": {"1999": 1}}, "invalid_request"),
    ],
    ids=["region", "hours", "no-week", "quarter", "year"],
)
async def test_what_makes_no_sense_is_refused(
    ask: As, jana: Member, change: dict[str, Any], code: str
) -> None:
    answer = await ask(LENA).put(of(jana, "working-time"), json=TERMS | change, headers=UNSET)
    assert (answer.status_code // 100, answer.json()["code"]) == (4, code)
    assert (await made(await ask(LENA).get(of(jana, "working-time"))))["version"] == 0


async def test_only_the_member_and_who_decides_may_read_it(
    agency: Agency, ask: As, browse: Browse, jana: Member
) -> None:
    await agency.client("works")
    tom = await agency.member("Tom", clients=("roast",))
    ines = await agency.member("Ines", clients=("works",), role=Role.LEAD)
    for reader, member, status in (
        (identity_of(tom), jana, 404),
        (identity_of(ines), tom, 404),
        (identity_of(jana), jana, 200),
        (LENA, tom, 200),
    ):
        for what in ("working-time", "public-holidays"):
            assert (await ask(reader).get(of(member, what))).status_code == status
        page = f"/members/{member.id}/working-time"
        assert (await browse(reader).get(page)).status_code == status
    own = await ask(identity_of(jana)).put(of(jana, "working-time"), json=TERMS, headers=UNSET)
    assert own.status_code == 403
    stale = await ask(LENA).put(of(jana, "working-time"), json=TERMS, headers={"If-Match": '"3"'})
    assert stale.status_code == 412
    foreign = await ask(identity_of(ines)).put(of(tom, "working-time"), json=TERMS, headers=UNSET)
    assert foreign.status_code == 404


async def test_the_form_adds_a_week_and_keeps_the_one_before(
    ask: As, browse: Browse, jana: Member
) -> None:
    page, here = browse(LENA), f"/members/{jana.id}/working-time"
    form = {"version": "0", "year": "2026", "allowance": "27,5", "carried": "-1", "country": "DE"}
    monday = {"monday_starts": "08:00", "monday_ends": "12:00"}
    refused = await page.post(here, data=form | monday | {"monday_ends": "07:00"})
    assert refused.status_code == 422
    assert 'value="27,5"' in refused.text
    assert 'aria-describedby="monday-hint"' in refused.text
    assert 'aria-describedby="tuesday-hint"' not in refused.text
    assert (await page.post(here, data=form | monday)).status_code == 303
    later = form | monday | {"version": "1", "since": "2027-01-04", "subdivision": "SN"}
    assert (await page.post(here, data=later)).status_code == 303
    stored = await made(await ask(LENA).get(of(jana, "working-time")))
    assert [one["since"] for one in stored["patterns"]] == [None, "2027-01-04"]
    assert (stored["allowance"], stored["carried"]) == (27.5, {"2026": -1})
    assert stored["region"] == {"country": "DE", "subdivision": "SN"}
    removed = later | {"version": "2", "remove": "always"}
    assert (await page.post(here, data=removed)).status_code == 303
    stored = await made(await ask(LENA).get(of(jana, "working-time")))
    assert [one["since"] for one in stored["patterns"]] == ["2027-01-04"]
    regions = await page.get(f"{here}?country=AT")
    assert "Tirol" in regions.text


async def test_days_carried_over_stay_with_the_year_they_were_typed_for(
    ask: As, browse: Browse, jana: Member
) -> None:
    page, here = browse(LENA), f"/members/{jana.id}/working-time"
    form = {"version": "0", "year": "2027", "allowance": "many", "carried": "5"}
    refused = await page.post(here, data=form)
    assert refused.status_code == 422
    assert '<input type="hidden" name="year" value="2027">' in refused.text
    saved = await page.post(here, data=form | {"allowance": "30"})
    assert saved.status_code == 303
    assert saved.headers["location"].endswith(f"{here}?year=2027")
    stored = await made(await ask(LENA).get(of(jana, "working-time")))
    assert stored["carried"] == {"2027": 5}
    for nonsense in ("1066", "soon", "²", "9" * 5000):
        again = await page.post(here, data=form | {"year": nonsense})
        assert again.status_code == 422


async def test_what_was_not_decided_in_time_is_not_asked_for_any_more(
    agency: Agency, ask: As, clock: TestClock, jana: Member
) -> None:
    await agree(ask(LENA), jana)
    times = [{"starts_at": day, "ends_at": day} for day in ("2026-12-07", "2026-12-14")]
    body = {"member_id": jana.id, "kind": "holiday", "times": times}
    await made(await ask(LENA).post("/api/v1/leave-requests", json=body))
    for day, left in ((7, 2), (10, 1), (16, 0)):
        clock.now = clock.now.replace(month=12, day=day)
        balance = await made(await ask(identity_of(jana)).get(of(jana, "leave-balance")))
        assert balance["requested"] == left


async def test_a_week_to_come_is_not_shown_as_the_present_one(
    ask: As, browse: Browse, jana: Member
) -> None:
    later = {"since": "2027-01-04", "week": {"monday": {"starts": "07:15", "ends": "11:00"}}}
    await agree(ask(LENA), jana, patterns=[*TERMS["patterns"], later])
    reader = replace(identity_of(jana), lang="en")
    page = (await browse(reader).get(f"/members/{jana.id}/working-time")).text
    now, then = page.index("09:00"), page.index("07:15")
    assert now < page.index("<h3>from ", now) < then


async def test_the_agencys_public_holidays_have_no_regions_to_choose(
    ask: As, browse: Browse, jana: Member
) -> None:
    await agree(ask(LENA), jana)
    page, here = browse(LENA), f"/members/{jana.id}/working-time"
    assert 'name="subdivision"' in (await page.get(here)).text
    assert 'name="subdivision"' not in (await page.get(f"{here}?country=")).text


async def test_the_what_if_tells_balances_only_to_whoever_may_read_them(
    ask: As, browse: Browse, jana: Member
) -> None:
    await agree(ask(LENA), jana)
    days = {"starts_day": "2026-12-07", "ends_day": "2026-12-08"}
    form = {"member_id": jana.id, "kind": "holiday", **days}
    payroll = Identity("hr", "HR system", Role.SYSTEM, SYSTEM_SCOPE)
    for reader, told in ((LENA, True), (identity_of(jana), True), (payroll, False)):
        page = await browse(replace(reader, lang="en")).post("/leave/what-if", data=form)
        assert page.status_code == 200
        assert ("2 working days" in page.text) is told
        assert ("of 19.5 left in 2026" in page.text) is told
