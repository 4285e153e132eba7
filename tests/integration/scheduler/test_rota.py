"""The rota over the API and as pages: planned by the solver in its own process, applied whole,
taken, swapped, and seen by nobody who may not."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import httpx
import psutil
import pytest

from services.scheduler.absences.usecases import end_absence
from services.scheduler.members.domain import Member
from services.scheduler.members.usecases import identity_of
from services.scheduler.rota.domain import Group, ShiftKind, shift_of
from services.scheduler.rota.problem import Found, Problem
from services.scheduler.rota.reading import count_open
from services.scheduler.rota.solver import solve
from services.scheduler.rota.solving import solve_in_child
from services.scheduler.rota.working import RotaWork
from shared.auth import Identity, Role, Scope
from shared.events.disciplines import Discipline
from tests.integration.scheduler.agency import LENA, Agency, As, Browse, TestClock, made
from tests.support.waiting import eventually

COMMUNITY = Discipline.COMMUNITY
GROUPS, SHIFTS, RUNS, SWAPS = (
    f"/api/v1/rota/{each}" for each in ("groups", "shifts", "runs", "swaps")
)
LATE = {"name": "Late", "weekdays": [0, 1, 2, 3, 4, 5, 6], "starts": "17:00", "ends": "22:00"}
WEEK = {"first_day": "2026-12-07", "weeks": 1}
WHEN = {"starts_at": "2026-12-06T00:00:00Z", "ends_at": "2026-12-22T00:00:00Z"}
HARBOUR_LEAD = Identity("other", "Other", Role.LEAD, Scope(frozenset({"harbour"})), lang="en")


@dataclass
class Office:
    """Mira, Tom and Ada can watch the roastery's pages; Jana cannot."""

    agency: Agency
    lena: httpx.AsyncClient
    work: RotaWork
    mira: Member
    tom: Member
    ada: Member
    jana: Member

    async def group(self, **fields: Any) -> dict[str, Any]:
        body = {
            "name": "Evenings",
            "pages": ["roast-insta"],
            "time_zone": "Europe/Berlin",
            "kinds": [LATE],
            **fields,
        }
        group: dict[str, Any] = await made(await self.lena.post(GROUPS, json=body))
        return group

    async def proposal(self, group: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """Made by the solver, in a process of its own."""
        run = await self.asked(group, **fields)
        assert await self.work.work()
        detail: dict[str, Any] = await made(await self.lena.get(f"{RUNS}/{run['id']}"))
        assert detail["state"] == "proposed"
        return detail

    async def asked(self, group: dict[str, Any], **fields: Any) -> dict[str, Any]:
        answer = await self.lena.post(RUNS, json={"groups": [group["id"]], **WEEK, **fields})
        assert answer.status_code == 202, answer.text
        run: dict[str, Any] = answer.json()
        return run

    async def applied(self, run: dict[str, Any]) -> dict[str, Any]:
        path = f"{RUNS}/{run['id']}/apply"
        applied: dict[str, Any] = await made(await self.lena.post(path, headers=if_match(run)))
        return applied

    async def planned(self, group: dict[str, Any]) -> list[dict[str, Any]]:
        await self.applied(await self.proposal(group))
        return await self.shifts()

    async def shifts(self) -> list[dict[str, Any]]:
        shifts: list[dict[str, Any]] = (await made(await self.lena.get(SHIFTS, params=WHEN)))[
            "items"
        ]
        return shifts


def if_match(thing: dict[str, Any]) -> dict[str, str]:
    return {"If-Match": f'"{thing["version"]}"'}


def as_(member: Member) -> Identity:
    return replace(identity_of(member), lang="en")


async def solve_here(problem: Problem) -> AsyncGenerator[Found, None]:
    """The solver, loaded once for all tests and not by a process for each."""
    task = replace(problem, patience=0.3)
    yield Found(await asyncio.to_thread(solve, task), last=True)


@pytest.fixture
async def office(agency: Agency, ask: As, clock: TestClock) -> Office:
    await agency.client("roast", "roast-insta", "roast-blue")
    await agency.client("harbour", "harbour-insta")
    return Office(
        agency,
        ask(LENA),
        RotaWork(agency.desk, clock, seconds=2, solve=solve_here),
        mira=await agency.member("Mira", COMMUNITY),
        tom=await agency.member("Tom", COMMUNITY),
        ada=await agency.member("Ada", COMMUNITY, clients=("roast",)),
        jana=await agency.member("Jana", Discipline.COPYWRITING),
    )


async def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    told: dict[str, Any] = answer.json()
    assert told["code"] == code, told
    return told


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
        body = {"member_id": office.mira.id, "locked": True}
        await made(
            await office.lena.put(f"{SHIFTS}/{shift['id']}", json=body, headers=if_match(shift))
        )
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

    async def put(shift: dict[str, Any], member_id: str | None, *, locked: bool) -> None:
        path = f"{SHIFTS}/{shift['id']}"
        present = await made(await office.lena.get(path))
        body = {"member_id": member_id, "locked": locked}
        await made(await office.lena.put(path, json=body, headers=if_match(present)))

    await put(same_time, None, locked=False)
    await put(late, office.mira.id, locked=True)
    run = await office.proposal(group)
    theirs = run["given"][same_time["id"]]
    assert theirs not in (None, office.mira.id)
    await put(late, theirs, locked=False)

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


# Who has it


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


async def test_a_swap_needs_both_and_the_rules(office: Office, ask: As) -> None:
    group = await office.group(members=[office.mira.id, office.tom.id])
    shifts = await office.planned(group)
    mine = next(one for one in shifts if one["member_id"] == office.mira.id)
    theirs = next(one for one in shifts if one["member_id"] == office.tom.id)
    mira, tom, ada = (ask(as_(one)) for one in (office.mira, office.tom, office.ada))
    body = {"shift_id": mine["id"], "to": office.tom.id, "in_return": theirs["id"]}
    await problem(await tom.post(SWAPS, json=body), 409, "rota_not_your_shift")
    swap = await made(await mira.post(SWAPS, json=body))
    assert [one["id"] for one in await made(await tom.get(SWAPS))] == [swap["id"]]
    await problem(
        await mira.post(f"{SWAPS}/{swap['id']}/accept", headers=if_match(swap)), 403, "forbidden"
    )
    await problem(
        await ada.post(f"{SWAPS}/{swap['id']}/accept", headers=if_match(swap)), 404, "not_found"
    )
    accepted = await made(await tom.post(f"{SWAPS}/{swap['id']}/accept", headers=if_match(swap)))
    assert accepted["state"] == "accepted"
    after = {one["id"]: one for one in await office.shifts()}
    assert after[mine["id"]]["member_id"] == office.tom.id
    assert after[theirs["id"]]["member_id"] == office.mira.id
    assert after[mine["id"]]["locked"]
    # A rule that comes meanwhile is named, and nothing changes.
    back = await made(await tom.post(SWAPS, json={"shift_id": mine["id"], "to": office.mira.id}))
    await office.agency.away(office.mira, date(2026, 12, 7), date(2026, 12, 13))
    refused = await mira.post(f"{SWAPS}/{back['id']}/accept", headers=if_match(back))
    assert (await problem(refused, 409, "rota_rule_broken"))["rule"] == "away"
    declined = await mira.post(f"{SWAPS}/{back['id']}/refuse", headers=if_match(back))
    assert (await made(declined))["state"] == "refused"


# Who sees it


async def test_whoever_does_not_see_all_clients_of_a_group_does_not_see_it(
    office: Office, ask: As
) -> None:
    group = await office.group(name="Canary evenings", pages=["roast-insta", "harbour-insta"])
    await office.planned(group)
    [shift, *_] = await office.shifts()
    other = ask(HARBOUR_LEAD)
    assert await made(await other.get(GROUPS)) == []
    assert (await made(await other.get(SHIFTS, params=WHEN)))["items"] == []
    assert (await made(await other.get(RUNS)))["items"] == []
    run_id = (await made(await office.lena.get(RUNS)))["items"][0]["id"]
    for path in (f"{GROUPS}/{group['id']}", f"{SHIFTS}/{shift['id']}", f"{RUNS}/{run_id}"):
        await problem(await other.get(path), 404, "not_found")
    body = {"member_id": None, "locked": False}
    put = await other.put(f"{SHIFTS}/{shift['id']}", json=body, headers=if_match(shift))
    await problem(put, 404, "not_found")
    # The page is theirs to see, and with it who is on duty for it; not the group.
    asked = {"page": "harbour-insta", "at": shift["starts_at"]}
    [duty] = await made(await other.get("/api/v1/rota/on-duty", params=asked))
    assert duty["member_id"] == shift["member_id"]
    assert "Canary" not in str(duty)
    unseen = {"page": "roast-insta", "at": shift["starts_at"]}
    await problem(await other.get("/api/v1/rota/on-duty", params=unseen), 404, "not_found")
    rules = {"most_hours_day": 8, "most_hours_week": 40, "rest_hours": 11}
    headers = {"If-Match": '"0"'}
    refused = await other.put("/api/v1/rota/rules", json=rules, headers=headers)
    await problem(refused, 403, "forbidden")
    unknown = {"name": "x", "time_zone": "UTC", "kinds": [LATE], "pages": ["roast-insta"]}
    await problem(await other.post(GROUPS, json=unknown), 422, "unknown_page")


async def test_rules_and_wishes(office: Office, ask: As) -> None:
    rules = {"most_hours_day": 4, "most_hours_week": 40, "rest_hours": 11}
    first = await office.lena.get("/api/v1/rota/rules")
    headers = {"If-Match": first.headers["etag"]}
    put = await office.lena.put("/api/v1/rota/rules", json=rules, headers=headers)
    assert (await made(put))["version"] == 1
    await problem(
        await office.lena.put("/api/v1/rota/rules", json=rules, headers=headers),
        412,
        "stale_version",
    )
    run = await office.proposal(await office.group())
    assert {tuple(one["reasons"].items()) for one in run["open_shifts"]} == {(("day_hours", 3),)}
    mira, tom = ask(as_(office.mira)), ask(as_(office.tom))
    wish = await made(await mira.post("/api/v1/rota/wishes", json={"rather": False, "weekday": 5}))
    assert await made(await tom.get("/api/v1/rota/wishes")) == []
    gone = await tom.delete(f"/api/v1/rota/wishes/{wish['id']}")
    assert gone.status_code == 404
    assert (await mira.delete(f"/api/v1/rota/wishes/{wish['id']}")).status_code == 204
    both = {"rather": True, "weekday": 5, "day": "2026-12-12"}
    await problem(await mira.post("/api/v1/rota/wishes", json=both), 422, "rota_wish_needs_day")


async def test_a_group_that_ends_takes_its_shifts_along(office: Office) -> None:
    group = await office.group()
    await office.planned(group)
    path = f"{GROUPS}/{group['id']}"
    assert (await office.lena.delete(path, headers=if_match(group))).status_code == 204
    assert await office.shifts() == []
    assert await made(await office.lena.get(GROUPS)) == []


# Pages


async def test_planned_and_changed_as_pages(office: Office, browse: Browse) -> None:
    lena, mira = browse(replace(LENA, lang="en")), browse(as_(office.mira))
    assert "No page group yet" in (await lena.get("/rota")).text
    form = {
        "name": "Evenings",
        "pages": ["roast-insta", "roast-blue"],
        "time_zone": "Europe/Berlin",
        "kinds": ["0", "1"],
        "kind_0_name": "Late",
        "kind_0_starts": "17:00",
        "kind_0_ends": "22:00",
        "kind_0_weekdays": ["0", "1", "2", "3", "4"],
        "kind_1_name": "",
    }
    bad = await lena.post("/rota/groups", data={**form, "kind_0_weekdays": []})
    assert bad.status_code == 422
    assert "Choose at least one weekday." in bad.text
    bad = await lena.post("/rota/groups", data={**form, "kind_0_ends": ""})
    assert bad.status_code == 422
    assert 'id="/kinds/0/ends">This is needed.' in bad.text
    assert (await lena.post("/rota/groups", data=form)).status_code == 303
    assert (await mira.post("/rota/groups", data=form)).status_code == 403
    [group] = await made(await office.lena.get(GROUPS))
    begun = await lena.post(
        "/rota/runs", data={"groups": group["id"], "first_day": "2026-12-07", "weeks": "2"}
    )
    where = begun.headers["location"].removeprefix("/scheduler")
    assert "Waiting" in (await lena.get(where)).text
    await office.work.work()
    proposal = (await lena.get(where)).text
    assert "All 10 shifts are covered." in proposal
    [version] = re.findall(r'name="version" value="(\d+)"', proposal)
    assert (await lena.post(f"{where}/apply", data={"version": version})).status_code == 303
    assert "The proposal is the rota now." in (await lena.get(where)).text
    shifts = await office.shifts()
    mine = next(one for one in shifts if one["member_id"] == office.mira.id)
    rota = (await mira.get("/rota", params={"from": "2026-12-07", "weeks": 4})).text
    assert "rota-mine" in rota
    shift_page = f"/rota/shifts/{mine['id']}"
    assert "Offer it to" in (await mira.get(shift_page)).text
    offered = await mira.post(f"{shift_page}/offer", data={"to": office.tom.id})
    assert offered.status_code == 303, offered.text
    tom = browse(as_(office.tom))
    assert "Mira offers you a shift" in (await tom.get("/rota")).text
    [swap] = await office.agency.desk.rota.swaps_of(office.tom.id)
    accepted = await tom.post(f"/rota/swaps/{swap.id}/accept", data={"version": swap.version})
    assert accepted.status_code == 303
    again = await tom.post(f"/rota/swaps/{swap.id}/accept", data={"version": "2"})
    assert again.status_code == 409
    assert "This swap is decided already" in again.text
    late = await tom.get(shift_page)
    refused = await mira.post(f"{shift_page}/take", data={"version": "2"})
    assert (late.status_code, refused.status_code) == (200, 409)
    assert "Somebody has this shift" in refused.text
    for path in ("/rota/wishes", "/rota/rules", "/rota/runs", f"/rota/groups/{group['id']}"):
        assert (await mira.get(path)).status_code == 200, path


async def test_ones_shifts_are_in_ones_own_calendar(
    office: Office, browse: Browse, ask: As
) -> None:
    group = await office.group(members=[office.mira.id])
    await office.planned(group)
    browser = browse(as_(office.mira))
    assert (await browser.post("/calendar/mine")).status_code == 303
    page = (await browser.get("/calendar")).text
    found = re.search(r'id="address-mine"[^>]* value="http://[^/]+/scheduler([^"]+)"', page)
    assert found
    calendar = (await browser.get(found[1], headers={"Cookie": ""})).text
    assert calendar.count("SUMMARY:Dienst: Evenings\\, Late") == 7
    assert "DTSTART:20261207T160000Z" in calendar
    week = office.mira, date(2026, 12, 7), date(2026, 12, 13)
    await office.agency.away(*week)
    calendar = (await browser.get(found[1], headers={"Cookie": ""})).text
    assert "Evenings" not in calendar  # she is not there, so it is not her duty
