"""Who has a shift: taken when it falls open, swapped, and what leave would leave open."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, datetime

import pytest

from services.scheduler.absences.usecases import end_absence
from services.scheduler.rota.domain import Group, ShiftKind, shift_of
from services.scheduler.rota.reading import count_open
from tests.integration.scheduler.agency import LENA, Agency, As, Browse, TestClock, made
from tests.integration.scheduler.rota_office import (
    HARBOUR_LEAD,
    LATE,
    SHIFTS,
    Office,
    as_,
    if_match,
    opened,
    problem,
)


@pytest.fixture
async def office(agency: Agency, ask: As, clock: TestClock) -> Office:
    return await opened(agency, ask, clock)


async def test_whoever_falls_ill_leaves_an_open_shift_that_others_take(
    office: Office, ask: As, clock: TestClock
) -> None:
    group = await office.group()
    shifts = await office.planned(group)
    mine = [one for one in shifts if one["member_id"] == office.mira.id]
    clock.now = datetime.fromisoformat("2026-12-05T09:00:00+00:00")
    assert await count_open(office.agency.desk, clock.now) == 0
    absence, _ = await office.agency.away(office.mira, date(2026, 12, 5), date(2026, 12, 20))
    assert await count_open(office.agency.desk, clock.now) > 0
    path = f"{SHIFTS}/{mine[0]['id']}"
    detail = await made(await office.lena.get(path))
    assert (detail["member_id"], detail["open"], detail["why"]) == (office.mira.id, True, "away")
    able = [one["member_id"] for one in detail["candidates"]]
    assert able
    assert office.jana.id not in able
    minutes = [one["minutes"] for one in detail["candidates"]]
    assert minutes == sorted(minutes)
    # Who may not is told by which rule; who may has it from then on.
    refused = await ask(as_(office.jana)).post(f"{path}/take", headers=if_match(detail))
    assert (await problem(refused, 409, "rota_rule_broken"))["rule"] == "unqualified"
    by_id = {one.id: one for one in (office.tom, office.ada)}
    taker = ask(as_(by_id[able[0]]))
    taken = await made(await taker.post(f"{path}/take", headers=if_match(detail)))
    assert (taken["member_id"], taken["open"], taken["locked"]) == (able[0], False, True)
    late = await ask(as_(office.tom)).post(f"{path}/take", headers=if_match(taken))
    await problem(late, 409, "rota_shift_taken")
    # Back again: what nobody took is hers as before.
    clock.now = datetime.fromisoformat("2026-12-06T09:00:00+00:00")
    await office.agency.do(
        lambda tx: end_absence(tx, office.agency.desk, LENA, absence.id, None, clock.now)
    )
    now = {one["id"]: one for one in await office.shifts()}
    assert now[mine[0]["id"]]["member_id"] == able[0]
    assert not any(one["open"] for one in now.values())


@pytest.mark.parametrize(("language", "words"), [("en", "and 6 more"), ("de", "und 6 weitere")])
async def test_when_everybody_falls_ill_the_page_still_shows_it(
    office: Office, browse: Browse, clock: TestClock, language: str, words: str
) -> None:
    early = {**LATE, "name": "Early", "starts": "06:00", "ends": "11:00"}
    await office.planned(await office.group(kinds=[early, LATE]))
    clock.now = datetime.fromisoformat("2026-12-05T09:00:00+00:00")
    for one in (office.mira, office.tom, office.ada):
        await office.agency.away(one, date(2026, 12, 5), date(2026, 12, 20))
    page = await browse(replace(LENA, lang=language)).get("/rota")
    assert page.status_code == 200
    assert words in page.text


async def test_leave_says_which_shifts_it_would_leave_open(office: Office, ask: As) -> None:
    await office.planned(await office.group())
    week = {"member": office.mira.id, "starts_at": "2026-12-07", "ends_at": "2026-12-13"}
    mine = [one for one in await office.shifts() if one["member_id"] == office.mira.id]
    assert mine
    seen = await made(await office.lena.get("/api/v1/what-if", params=week))
    assert [one["shift_id"] for one in seen["shifts"]] == [one["id"] for one in mine]
    assert (seen["hidden_shifts"], seen["covered"]) == (0, True)
    assert all(one["able"] + sum(one["hindered"].values()) == 2 for one in seen["shifts"])
    elsewhere = await made(await ask(HARBOUR_LEAD).get("/api/v1/what-if", params=week))
    assert (elsewhere["shifts"], elsewhere["hidden_shifts"]) == ([], len(mine))
    after = {**week, "starts_at": "2026-12-14", "ends_at": "2026-12-15"}
    assert (await made(await office.lena.get("/api/v1/what-if", params=after)))["shifts"] == []


async def test_leave_says_whom_their_rest_keeps_from_its_shifts(
    office: Office, ask: As, browse: Browse
) -> None:
    late = ShiftKind("late", "Late", (0, 1, 2, 3, 4), "17:00", "22:00")
    early = ShiftKind("early", "Early", (0, 1, 2, 3, 4), "06:00", "12:00")
    group = Group("g1", "Day", ("roast-insta",), ("roast",), "Europe/Berlin", (late, early))
    lost = shift_of(group, late, date(2026, 12, 8))
    next_morning = shift_of(group, early, date(2026, 12, 9))
    rota = office.agency.desk.rota
    given = [
        replace(lost, member_id=office.mira.id, version=1),
        replace(next_morning, member_id=office.tom.id, version=1),
    ]
    await office.agency.do(lambda tx: rota.put_group(tx, group))
    await office.agency.do(lambda tx: rota.put_shifts(tx, given))
    day = {"member": office.mira.id, "starts_at": "2026-12-08", "ends_at": "2026-12-08"}
    [shift] = (await made(await office.lena.get("/api/v1/what-if", params=day)))["shifts"]
    assert (shift["shift_id"], shift["able"], shift["hindered"]) == (lost.id, 1, {"rest": 1})
    form = {"member_id": office.mira.id, "starts_day": "2026-12-08", "ends_day": "2026-12-08"}
    page = await browse(replace(LENA, lang="en")).post("/leave/what-if", data=form)
    assert "Of 2 people: 1 would not have enough rest. 1 could have it." in page.text


async def test_two_who_take_at_the_same_instant_never_both_have_it(office: Office, ask: As) -> None:
    group = await office.group(members=[office.mira.id, office.tom.id, office.ada.id])
    first, *_ = await office.planned(group)
    body = {"member_id": None, "locked": False}
    shift = await made(
        await office.lena.put(f"{SHIFTS}/{first['id']}", json=body, headers=if_match(first))
    )
    assert shift["open"]
    path = f"{SHIFTS}/{first['id']}/take"
    answers = await asyncio.gather(
        *(ask(as_(one)).post(path, headers=if_match(shift)) for one in (office.mira, office.tom))
    )
    assert sorted(one.status_code for one in answers) == [200, 412]
