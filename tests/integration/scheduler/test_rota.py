"""The rota planned by the solver in its own process, applied whole; a worker that dies."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import psutil
import pytest

from services.scheduler.members.usecases import edit_member
from services.scheduler.rota.solving import solve_in_child
from tests.integration.scheduler.agency import LENA, Agency, As, Browse, TestClock, made
from tests.integration.scheduler.rota_office import (
    GROUPS,
    LATE,
    RUNS,
    SHIFTS,
    WEEK,
    Office,
    if_match,
    opened,
    problem,
)
from tests.support.waiting import eventually


@pytest.fixture
async def office(agency: Agency, ask: As, clock: TestClock) -> Office:
    return await opened(agency, ask, clock)


# Planning


async def test_planned_by_the_solver_and_applied_whole(office: Office, clock: TestClock) -> None:
    group = await office.group()
    await office.agency.away(office.tom, date(2026, 12, 7), date(2026, 12, 13))
    run = await office.proposal(group)
    given = run["given"]
    assert len(given) == 7
    assert set(given.values()) == {office.mira.id, office.ada.id}
    assert (run["open"], run["open_shifts"], run["proved"]) == (0, [], True)
    assert await office.shifts() == []  # a proposal changes nothing
    applied = await office.applied(run)
    assert (applied["state"], applied["dropped"]) == ("applied", 0)
    shifts = await office.shifts()
    assert {one["id"]: one["member_id"] for one in shifts} == given
    assert (shifts[0]["starts_at"], shifts[0]["ends_at"]) == (
        "2026-12-07T16:00:00Z",
        "2026-12-07T21:00:00Z",
    )
    again = await office.lena.post(f"{RUNS}/{run['id']}/apply", headers=if_match(applied))
    await problem(again, 409, "rota_run_not_proposed")


async def test_fairness_remembers_what_was(office: Office, clock: TestClock) -> None:
    group = await office.group(members=[office.mira.id, office.tom.id])
    shifts = await office.planned(group)
    for shift in shifts:  # all of that week goes to Mira
        await office.put(shift, office.mira.id, locked=True)
    clock.now = datetime.fromisoformat("2026-12-13T23:30:00+00:00")
    run = await office.proposal(group, first_day="2026-12-14")
    tom = sum(member == office.tom.id for member in run["given"].values())
    assert tom >= 5


async def test_why_a_shift_stays_open_is_named_and_what_comes_meanwhile_counts(
    office: Office, browse: Browse
) -> None:
    group = await office.group()
    saturday = date(2026, 12, 12)
    await office.agency.away(office.mira, saturday, saturday)
    await office.agency.away(office.tom, saturday, saturday)
    night = {"name": "Night", "weekdays": [5], "starts": "22:00", "ends": "06:00"}
    kinds = [*group["kinds"], night]
    body = {**{name: group[name] for name in ("name", "pages", "time_zone")}, "kinds": kinds}
    path = f"{GROUPS}/{group['id']}"
    changed = await made(await office.lena.put(path, json=body, headers=if_match(group)))
    assert changed["kinds"][0] == group["kinds"][0]
    run = await office.proposal(changed)
    [open_] = run["open_shifts"]
    assert open_["taking_part"] == 3
    assert open_["reasons"] == {"away": 2, "rest": 1}  # Ada has the other one
    page = await browse(replace(LENA, lang="en")).get(f"/rota/runs/{run['id']}")
    assert "Of 3 people: 2 are away, 1 would not have enough rest." in page.text
    assert "No rota within the rules covers more." in page.text
    # Who falls ill before it is applied does not get their shifts.
    ill = office.ada
    theirs = [id for id, member in run["given"].items() if member == ill.id]
    await office.agency.away(ill, date(2026, 12, 7), date(2026, 12, 13))
    detail = await made(await office.lena.get(f"{RUNS}/{run['id']}"))
    assert sorted(detail["dropped_shifts"]) == sorted(theirs)
    page = await browse(replace(LENA, lang="en")).get(f"/rota/runs/{run['id']}")
    assert "No rota within the rules covers more." not in page.text
    assert "things have changed since it was worked out" in page.text
    assert (await office.applied(run))["dropped"] == len(theirs)
    shifts = await office.shifts()
    assert not [one for one in shifts if one["member_id"] == ill.id]
    assert sum(one["open"] for one in shifts) == len(theirs) + 1


async def test_locked_and_taken_shifts_stay_when_planned_again(office: Office, ask: As) -> None:
    group = await office.group()
    first, *_ = await office.planned(group)
    body = {"member_id": office.tom.id, "locked": True}
    await made(await office.lena.put(f"{SHIFTS}/{first['id']}", json=body, headers=if_match(first)))
    run = await office.proposal(group)
    assert first["id"] not in run["given"]
    await office.applied(run)
    assert (await office.shifts())[0]["member_id"] == office.tom.id


async def test_what_was_unlocked_meanwhile_counts_when_a_proposal_is_applied(
    office: Office,
) -> None:
    """Else whoever has it would get another shift at the same time."""
    over = {**LATE, "name": "Over", "starts": "18:00", "ends": "23:00"}
    group = await office.group(kinds=[LATE, over])
    late, same_time, *_ = await office.planned(group)

    await office.put(same_time, None, locked=False)
    await office.put(late, office.mira.id, locked=True)
    run = await office.proposal(group)
    theirs = run["given"][same_time["id"]]
    assert theirs not in (None, office.mira.id)
    await office.put(late, theirs, locked=False)

    await office.applied(run)

    holders = [one["member_id"] for one in (await office.shifts())[:2]]
    assert holders == [theirs, None]


async def test_what_cannot_be_planned_is_said(office: Office) -> None:
    group = await office.group()
    past = {"groups": [group["id"]], "first_day": "2026-11-02", "weeks": 1}
    await problem(await office.lena.post(RUNS, json=past), 422, "rota_nothing_to_plan")
    every_hour = [
        {**LATE, "name": str(hour), "starts": f"{hour:02}:00", "ends": f"{hour:02}:50"}
        for hour in range(12)
    ]
    many = await office.group(kinds=every_hour)
    too_much = {"groups": [many["id"]], "first_day": "2026-12-07", "weeks": 8}
    told = await problem(await office.lena.post(RUNS, json=too_much), 422, "rota_too_much")
    assert "672" in told["detail"]
    await office.asked(group)
    twice = {"groups": [group["id"]], **WEEK}
    await problem(await office.lena.post(RUNS, json=twice), 409, "rota_already_planning")


async def test_what_was_done_for_a_group_that_has_ended_counts_for_fairness(
    office: Office, clock: TestClock
) -> None:
    two = [office.mira.id, office.tom.id]
    before = await office.group(members=two)
    for shift in await office.planned(before):
        await office.put(shift, office.mira.id, locked=True)
    clock.now = datetime.fromisoformat("2026-12-13T23:30:00+00:00")
    path = f"{GROUPS}/{before['id']}"
    present = await made(await office.lena.get(path))
    assert (await office.lena.delete(path, headers=if_match(present))).status_code == 204

    run = await office.proposal(await office.group(members=two), first_day="2026-12-14")

    assert Counter(run["given"].values())[office.tom.id] >= 5


async def test_a_locked_shift_whose_holder_is_away_is_shown_as_open(
    office: Office, browse: Browse
) -> None:
    group = await office.group()
    [first, *_] = await office.planned(group)
    await office.put(first, office.mira.id, locked=True)
    await office.agency.away(office.mira, date(2026, 12, 7), date(2026, 12, 7))
    run = await office.proposal(group)
    assert first["id"] not in run["given"]
    assert run["open_besides"] == [first["id"]]
    page = (await browse(replace(LENA, lang="en")).get(f"/rota/runs/{run['id']}")).text
    assert "1 shift is open and not planned anew" in page
    assert "Mira: away" in page


async def test_what_somebody_missed_is_none_of_their_hours(
    office: Office, clock: TestClock
) -> None:
    """And what is over was theirs, though they have left since."""
    group = await office.group(kinds=[{**LATE, "starts": "12:00", "ends": "22:00"}])
    first, second, *_ = await office.planned(group)
    await office.put(first, office.mira.id, locked=True)
    await office.put(second, office.tom.id, locked=True)
    await office.agency.away(office.mira, date(2026, 12, 7), date(2026, 12, 7))
    clock.now = datetime.fromisoformat("2026-12-08T22:30:00+00:00")

    async def minutes(member_id: str) -> int:
        third = await made(await office.lena.get(f"{SHIFTS}/{(await office.shifts())[2]['id']}"))
        other = office.ada.id if third["member_id"] != office.ada.id else None
        await office.put(third, other, locked=True)
        detail = await made(await office.lena.get(f"{SHIFTS}/{third['id']}"))
        found: int = next(
            one["minutes"] for one in detail["candidates"] if one["member_id"] == member_id
        )
        return found

    shifts = await office.shifts()
    of_mira = sum(one["member_id"] == office.mira.id for one in shifts[3:])
    assert await minutes(office.mira.id) == of_mira * 600
    assert shifts[0]["open"]  # she was away
    await office.agency.do(
        lambda tx: edit_member(
            tx, office.agency.desk, LENA, office.tom.id, office.tom.version, clock.now, active=False
        )
    )
    after = {one["id"]: one for one in await office.shifts()}
    assert not after[second["id"]]["open"]


# The worker


async def test_a_replica_that_stops_leaves_it_to_the_next(office: Office) -> None:
    kinds = [
        {**LATE, "name": str(hour), "starts": f"{hour:02}:00", "ends": f"{hour + 6:02}:00"}
        for hour in (0, 6, 12)
    ]
    group = await office.group(kinds=kinds)
    run = await office.asked(group, weeks=8)
    before = set(psutil.Process().children())
    in_child = replace(office.work, seconds=6, solve=solve_in_child)
    first = asyncio.create_task(in_child.work())

    async def state() -> dict[str, Any]:
        detail: dict[str, Any] = await made(await office.lena.get(f"{RUNS}/{run['id']}"))
        return detail

    async def found_one() -> bool:
        return bool((await state())["better"])

    await eventually(found_one, 60, what="a first rota is found")
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert set(psutil.Process().children()) == before  # the solver is gone with it
    assert (await state())["state"] == "solving"
    assert await in_child.work()
    after = await state()
    assert (after["state"], after["attempt"]) == ("proposed", 2)
    assert not await office.work.work()


async def test_cancelled_or_taken_as_it_is_while_it_is_worked_on(office: Office) -> None:
    kinds = [
        {**LATE, "name": str(hour), "starts": f"{hour:02}:00", "ends": f"{hour + 6:02}:00"}
        for hour in (0, 6, 12)
    ]
    group = await office.group(kinds=kinds)
    patient = replace(office.work, seconds=60, solve=solve_in_child)
    for command, state in (("cancel", "cancelled"), ("finish", "proposed")):
        run = await office.asked(group, weeks=8)
        path = f"{RUNS}/{run['id']}"
        await problem(await office.lena.post(f"{path}/finish"), 409, "rota_nothing_found_yet")
        working = asyncio.create_task(patient.work())

        async def found_one(path: str = path) -> bool:
            return bool((await made(await office.lena.get(path)))["better"])

        await eventually(found_one, 60, what="a first rota is found")
        ended = await made(await office.lena.post(f"{path}/{command}"))
        assert ended["state"] == state
        assert await asyncio.wait_for(working, 10)
        after = await made(await office.lena.get(path))
        assert after["state"] == state
        await problem(await office.lena.post(f"{path}/cancel"), 409, "rota_run_decided")
    assert len(after["given"]) == 8 * 7 * 3
    discarded = await office.lena.post(f"{path}/discard", headers=if_match(after))
    assert (await made(discarded))["state"] == "discarded"
    assert await office.shifts() == []


async def test_a_solver_that_dies_is_told(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    group = await office.group()
    run = await office.asked(group)
    monkeypatch.setattr("services.scheduler.rota.solving._MODULE", "services.scheduler.nowhere")
    assert await replace(office.work, solve=solve_in_child).work()
    assert (await made(await office.lena.get(f"{RUNS}/{run['id']}")))["state"] == "failed"
