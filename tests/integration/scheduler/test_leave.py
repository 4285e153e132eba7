"""Leave over the API and as pages: asked for with its what-if, decided once, private to the end."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import bson
import httpx
import pytest
from cryptography.fernet import Fernet

from services.scheduler.absences.domain import Kind, Reason
from services.scheduler.absences.keyring import KeyRing
from services.scheduler.absences.store import Absences
from services.scheduler.leave.store import LeaveRequests
from services.scheduler.members.domain import Member
from services.scheduler.members.usecases import identity_of
from shared.auth import Identity, Role
from shared.events.disciplines import Discipline
from shared.events.scheduler import AbsenceReported, LeaveChanged
from shared.mongo import Document
from tests.integration.scheduler.agency import LENA, Agency, As, Browse, TestClock, made

COPY = Discipline.COPYWRITING
WEEK = {"starts_at": "2026-12-07", "ends_at": "2026-12-11"}
CANARY = "canary-3f9a"
FOREIGN = Fernet.generate_key().decode()


@dataclass
class Office:
    """Jana writes for the roastery, and Tom would if she could not."""

    agency: Agency
    jana: Member
    tom: Member

    @property
    def as_jana(self) -> Identity:
        return reading_english(self.jana)


def reading_english(member: Member) -> Identity:
    return replace(identity_of(member), lang="en")


@pytest.fixture
async def office(agency: Agency) -> Office:
    await agency.client("roast")
    jana, tom = await agency.member("Jana", COPY), await agency.member("Tom", COPY)
    await agency.responsibility("roast", COPY, jana, tom)
    return Office(agency, jana, tom)


async def requested(http: httpx.AsyncClient, member: Member, **fields: Any) -> dict[str, Any]:
    when = {} if "times" in fields else WEEK
    body = {"member_id": member.id, "kind": "holiday", "note": CANARY, **when, **fields}
    leave: dict[str, Any] = await made(await http.post("/api/v1/leave-requests", json=body))
    return leave


def if_match(leave: dict[str, Any]) -> dict[str, str]:
    return {"If-Match": f'"{leave["version"]}"'}


async def decided(
    http: httpx.AsyncClient, leave: dict[str, Any], what: str, reason: str = ""
) -> httpx.Response:
    path = f"/api/v1/leave-requests/{leave['id']}/{what}"
    return await http.post(path, json={"reason": reason}, headers=if_match(leave))


async def test_asked_for_approved_and_then_an_absence(office: Office, ask: As) -> None:
    jana, lena = ask(office.as_jana), ask(LENA)
    leave = await requested(jana, office.jana)
    assert (leave["state"], leave["starts_at"], leave["ends_at"]) == (
        "requested",
        "2026-12-06T23:00:00Z",
        "2026-12-11T23:00:00Z",
    )
    assert (await made(await lena.get("/api/v1/absences")))["items"] == []
    waiting = await made(await lena.get("/api/v1/leave-requests"))
    assert [one["id"] for one in waiting["items"]] == [leave["id"]]

    answer = await made(await decided(lena, leave, "approve"))

    assert (answer["leave"]["state"], answer["handover_id"]) == ("approved", None)
    [absence] = (await made(await jana.get("/api/v1/absences")))["items"]
    assert (absence["id"], absence["state"]) == (answer["leave"]["absence_id"], "planned")
    [event] = await office.agency.told(AbsenceReported)
    assert (event.absence_id, event.member_id) == (absence["id"], office.jana.id)
    assert (await made(await lena.get("/api/v1/leave-requests")))["items"] == []
    of_jana = await made(await jana.get("/api/v1/leave-requests?decided=true"))
    assert [one["state"] for one in of_jana["items"]] == ["approved"]
    shown = await made(await jana.get(f"/api/v1/leave-requests/{leave['id']}"))
    assert shown["reason"] == {"kind": "holiday", "note": CANARY}
    assert [(one["did"], one["gaps"]) for one in shown["trail"]] == [
        ("requested", None),
        ("approved", 0),
    ]


async def test_gaps_are_approved_only_with_a_written_reason(office: Office, ask: As) -> None:
    lena = ask(LENA)
    leave = await requested(ask(office.as_jana), office.jana)
    path = f"/api/v1/leave-requests/{leave['id']}"
    assert (await made(await lena.get(f"{path}/what-if")))["covered"] is True
    await office.agency.away(office.tom)  # ill since, until further notice

    seen = await made(await lena.get(f"{path}/what-if"))
    [gap] = seen["gaps"]
    assert (gap["responsibility_id"], gap["missing"]) == (
        "roast:copywriting",
        {office.tom.id: "away"},
    )
    assert [one["day"] for one in seen["days"]] == [f"2026-12-{day:02}" for day in range(7, 12)]
    refused = await decided(lena, leave, "approve")
    assert (refused.status_code, refused.json()["code"]) == (409, "leave_needs_reason")
    assert (await made(await lena.get(path)))["state"] == "requested"

    approved = await made(await decided(lena, leave, "approve", "The client knows."))
    assert approved["leave"]["state"] == "approved"
    last = (await made(await lena.get(path)))["trail"][-1]
    assert (last["gaps"], last["said"], last["by"]) == (1, "The client knows.", LENA.member_id)


async def test_the_best_remedy_closes_the_gap(office: Office, ask: As, agency: Agency) -> None:
    lena = ask(LENA)
    mira = await agency.member("Mira", COPY)
    await agency.away(office.tom)
    leave = await requested(ask(office.as_jana), office.jana)
    path = f"/api/v1/leave-requests/{leave['id']}/what-if"
    [gap] = (await made(await lena.get(path)))["gaps"]
    assert gap["remedy"] == mira.id
    await agency.assign("roast", COPY, office.jana, office.tom, mira)
    seen = await made(await lena.get(path))
    assert (seen["covered"], seen["stand_ins"]) == (
        True,
        [{"member_id": mira.id, "responsibilities": ["roast:copywriting"]}],
    )


async def test_what_if_before_anything_is_asked_for(office: Office, ask: As) -> None:
    await office.agency.away(office.tom)
    query = {"member": office.jana.id, **WEEK}
    path = "/api/v1/what-if"
    seen = await made(await ask(office.as_jana).get(path, params=query))
    assert (seen["covered"], len(seen["gaps"])) == (False, 1)
    # Of colleagues only who may plan their leave asks.
    assert (await ask(identity_of(office.tom)).get(path, params=query)).status_code == 403
    backwards = query | {"starts_at": "2026-12-11", "ends_at": "2026-12-07"}
    refused = await ask(LENA).get(path, params=backwards)
    assert (refused.status_code, refused.json()["code"]) == (422, "absence_ends_before_start")


async def test_who_sees_what(office: Office, ask: As, agency: Agency) -> None:
    """Others' requests do not exist; gaps at clients one does not see are only counted."""
    await agency.client("works")
    ines = await agency.member("Ines", COPY, clients=("roast",), role=Role.LEAD)
    await agency.responsibility("works", COPY, office.jana)
    leave = await requested(ask(office.as_jana), office.jana)
    path = f"/api/v1/leave-requests/{leave['id']}"
    tom = ask(identity_of(office.tom))
    for answer in (
        await tom.get(path),
        await tom.get(f"{path}/what-if"),
        await tom.post(f"{path}/withdraw", headers=if_match(leave)),
        await tom.put(path, json=WEEK, headers=if_match(leave)),
    ):
        assert answer.status_code == 404
    assert (await decided(tom, leave, "approve")).status_code == 403
    assert (await made(await tom.get("/api/v1/leave-requests")))["items"] == []
    seen = await made(await ask(identity_of(ines)).get(f"{path}/what-if"))
    assert (seen["covered"], seen["gaps"], seen["hidden"]) == (False, [], 1)
    assert [one["member_id"] for one in seen["stand_ins"]] == [office.tom.id]
    assert (seen["overloads"], seen["trainings"], seen["days"]) == ([], [], [])


async def test_nobody_approves_their_own_while_there_is_another_lead(
    agency: Agency, ask: As
) -> None:
    ruth = await agency.member("Ruth", role=Role.LEAD)
    http = ask(identity_of(ruth))
    leave = await requested(http, ruth)
    assert (await made(await decided(http, leave, "approve")))["leave"]["state"] == "approved"
    await agency.client("works")
    ines = await agency.member("Ines", role=Role.LEAD, clients=("works",))
    other = ask(identity_of(ines))
    leave = await requested(other, ines)
    assert (await decided(other, leave, "approve")).json()["code"] == "leave_own"
    await agency.member("Paula", role=Role.LEAD)
    leave = await requested(http, ruth, starts_at="2027-01-04", ends_at="2027-01-05")
    refused = await decided(http, leave, "approve")
    assert (refused.status_code, refused.json()["code"]) == (409, "leave_own")


async def test_no_day_is_asked_for_twice(office: Office, ask: As) -> None:
    jana = ask(office.as_jana)
    leave = await requested(jana, office.jana)
    body = {"member_id": office.jana.id, "kind": "holiday"}
    some = body | {"starts_at": "2026-12-11", "ends_at": "2026-12-14"}
    refused = await jana.post("/api/v1/leave-requests", json=some)
    assert (refused.status_code, refused.json()["code"]) == (409, "leave_asked_for")
    later = await requested(jana, office.jana, starts_at="2026-12-14", ends_at="2026-12-14")
    path = f"/api/v1/leave-requests/{later['id']}"
    moved = await jana.put(path, json=WEEK, headers=if_match(later))
    assert moved.json()["code"] == "leave_asked_for"
    await made(await decided(ask(LENA), leave, "decline"))
    assert (await jana.put(path, json=WEEK, headers=if_match(later))).status_code == 200
    long = body | {"starts_at": "2027-01-01", "ends_at": "2028-12-31"}
    refused = await jana.post("/api/v1/leave-requests", json=long)
    assert (refused.status_code, refused.json()["code"]) == (422, "leave_too_long")


async def test_who_is_away_anyway_need_not_ask(office: Office, ask: As) -> None:
    jana, lena = ask(office.as_jana), ask(LENA)
    leave = await requested(jana, office.jana)
    await made(await decided(lena, leave, "approve"))
    body = {"member_id": office.jana.id, "kind": "holiday"}
    within = body | {"starts_at": "2026-12-08", "ends_at": "2026-12-11"}
    refused = await jana.post("/api/v1/leave-requests", json=within)
    assert (refused.status_code, refused.json()["code"]) == (409, "leave_away_anyway")
    assert (await requested(jana, office.jana, ends_at="2026-12-12"))["state"] == "requested"


async def test_a_missing_key_hides_the_reason_and_nothing_else(
    office: Office, ask: As, browse: Browse, lena: httpx.AsyncClient
) -> None:
    """It is neither lost nor overwritten: with the key it can be read again."""
    jana, service = ask(office.as_jana), office.agency.service
    leave = await requested(jana, office.jana)
    foreign = LeaveRequests(service.mongo, KeyRing([FOREIGN]))
    await service.outbox.transaction(
        lambda tx: foreign.reasons.put(tx, leave["id"], Reason(Kind.HOLIDAY, CANARY))
    )
    path = f"/leave/{leave['id']}"
    page = await lena.get(path)
    assert "Why somebody is away cannot be read" in text(page)
    assert 'name="kind"' not in page.text
    form = {"version": "1", "starts_day": "2026-12-08", "ends_day": "2026-12-11"}
    assert (await browse(office.as_jana).post(path, data=form)).status_code == 303
    done = await lena.post(f"{path}/approve", data={"version": "2", "reason": ""})
    assert done.status_code == 303
    absences = Absences(service.mongo, KeyRing([FOREIGN]))
    assert await absences.reasons.get(leave["id"]) == Reason(Kind.HOLIDAY, CANARY)


async def test_of_requests_at_the_same_time_one_is_taken(office: Office, ask: As) -> None:
    jana = ask(office.as_jana)
    body = {"member_id": office.jana.id, "kind": "holiday", **WEEK}
    answers = await asyncio.gather(
        *(jana.post("/api/v1/leave-requests", json=body) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_approved_by_several_at_the_same_time_it_is_one_absence(
    office: Office, ask: As
) -> None:
    jana, lena = ask(office.as_jana), ask(LENA)
    leave = await requested(jana, office.jana)
    answers = await asyncio.gather(*(decided(lena, leave, "approve") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    assert len((await made(await jana.get("/api/v1/absences")))["items"]) == 1
    assert len(await office.agency.told(AbsenceReported)) == 1


async def test_changed_withdrawn_declined_and_stale(office: Office, ask: As) -> None:
    jana, lena = ask(office.as_jana), ask(LENA)
    leave = await requested(jana, office.jana)
    path = f"/api/v1/leave-requests/{leave['id']}"
    moved = {"starts_at": "2026-12-14", "ends_at": "2026-12-15"}
    changed = await made(await jana.put(path, json=moved, headers=if_match(leave)))
    assert changed["starts_at"] == "2026-12-13T23:00:00Z"
    assert (await decided(lena, leave, "approve")).json()["code"] == "stale_version"
    assert (await made(await jana.get(path)))["reason"]["note"] == CANARY
    withdrawn = await made(await jana.post(f"{path}/withdraw", headers=if_match(changed)))
    assert withdrawn["state"] == "withdrawn"
    assert (await decided(lena, withdrawn, "approve")).json()["code"] == "leave_decided"

    another = await requested(jana, office.jana)
    declined = await made(await decided(lena, another, "decline", "Campaign week"))
    assert declined["state"] == "declined"
    trail = (await made(await jana.get(f"/api/v1/leave-requests/{another['id']}")))["trail"]
    assert trail[-1]["said"] == "Campaign week"


async def test_only_illness_and_some_hours_need_nobodys_leave(
    office: Office, ask: As, clock: TestClock
) -> None:
    jana, lena = ask(office.as_jana), ask(LENA)

    async def code(http: httpx.AsyncClient, kind: str, **period: str) -> str | None:
        body = {"member_id": office.jana.id, "kind": kind, **period}
        answer = await http.post("/api/v1/absences", json=body)
        found: str | None = answer.json().get("code")
        return found

    assert await code(jana, "holiday", **WEEK) == "leave_needs_approval"
    assert await code(jana, "other", starts_at="2026-11-24") == "leave_needs_approval"
    assert await code(jana, "other", ends_at="2026-12-24") == "leave_needs_approval"
    assert await code(jana, "other", ends_at="2026-11-24T12:00") is None
    assert await code(jana, "sick", **WEEK) is None
    assert await code(lena, "holiday", **WEEK) is None

    [holiday] = [
        one
        for one in (await made(await jana.get("/api/v1/absences")))["items"]
        if one["reported_by"] == LENA.member_id
    ]
    path = f"/api/v1/absences/{holiday['id']}"
    longer = WEEK | {"ends_at": "2026-12-18"}
    refused = await jana.put(path, json=longer, headers=if_match(holiday))
    assert refused.json()["code"] == "leave_needs_approval"
    [ill] = [
        one
        for one in (await made(await jana.get("/api/v1/absences")))["items"]
        if one["starts_at"] == holiday["starts_at"] and one["id"] != holiday["id"]
    ]
    disguised = WEEK | {"kind": "holiday"}
    path_of_illness = f"/api/v1/absences/{ill['id']}"
    refused = await jana.put(path_of_illness, json=disguised, headers=if_match(ill))
    assert refused.json()["code"] == "leave_needs_approval"
    shorter = WEEK | {"ends_at": "2026-12-09"}
    assert (await jana.put(path, json=shorter, headers=if_match(holiday))).status_code == 200


async def test_the_database_tells_neither_kind_nor_note(office: Office, ask: As) -> None:
    leave = await requested(ask(office.as_jana), office.jana)
    mongo = office.agency.service.mongo

    async def stored(collection: str, id: str) -> Document:
        row = await mongo.collection(collection).find_one({"_id": id})
        assert row is not None
        return row

    raw = bson.encode(await stored("leave", leave["id"]))
    assert b"reason" in raw
    assert b"canary" not in raw
    assert b"holiday" not in raw
    answer = await made(await decided(ask(LENA), leave, "approve"))
    assert "reason" not in await stored("leave", leave["id"])
    absence = bson.encode(await stored("absences", answer["leave"]["absence_id"]))
    assert b"canary" not in absence


async def test_leave_that_has_begun_is_handed_over_when_it_is_approved(
    office: Office, ask: As, clock: TestClock
) -> None:
    lena = ask(LENA)
    leave = await requested(ask(office.as_jana), office.jana)
    clock.now = clock.now.replace(month=12, day=8)
    answer = await made(await decided(lena, leave, "approve"))
    assert answer["handover_id"] is not None
    [coverage] = (await office.agency.desk.coverage.load(["roast:copywriting"])).values()
    assert coverage.acting == office.tom.id

    late = await requested(
        ask(office.as_jana), office.jana, starts_at="2026-12-14", ends_at="2026-12-14"
    )
    clock.advance(days=9)
    assert (await decided(lena, late, "approve")).json()["code"] == "leave_over"


async def test_gaps_that_are_over_need_no_reason(
    office: Office, ask: As, browse: Browse, clock: TestClock
) -> None:
    lena = ask(LENA)
    tuesday = date(2026, 12, 8)
    await office.agency.away(office.tom, tuesday, tuesday)
    leave = await requested(ask(office.as_jana), office.jana)
    path = f"/api/v1/leave-requests/{leave['id']}"
    assert len((await made(await lena.get(f"{path}/what-if")))["gaps"]) == 1
    clock.now = clock.now.replace(month=12, day=10)  # a Thursday
    seen = await made(await lena.get(f"{path}/what-if"))
    assert (seen["covered"], seen["working_days"], len(seen["times"])) == (True, 5, 1)
    assert (await made(await decided(lena, leave, "approve")))["leave"]["state"] == "approved"
    late = await requested(
        ask(office.as_jana), office.jana, starts_at="2026-12-14", ends_at="2026-12-14"
    )
    clock.advance(days=9)
    assert (await browse(LENA).get(f"/leave/{late['id']}")).status_code == 200


# At several times


WEEKLY = {
    "starts_at": "2026-12-04T13:00",
    "ends_at": "2026-12-04T17:00",
    "repeats": {"every": "week", "until": "2026-12-18"},
}
FRIDAYS = [f"2026-12-{day:02}T12:00:00Z" for day in (4, 11, 18)]
"""When they begin, in UTC."""


async def test_what_repeats_is_one_request_and_an_absence_for_each_time(
    office: Office, ask: As
) -> None:
    jana, lena = ask(office.as_jana), ask(LENA)
    leave = await requested(jana, office.jana, **WEEKLY)
    assert [one["starts_at"] for one in leave["times"]] == FRIDAYS
    assert (leave["starts_at"], leave["ends_at"]) == (FRIDAYS[0], "2026-12-18T16:00:00Z")
    seen = await made(await lena.get(f"/api/v1/leave-requests/{leave['id']}/what-if"))
    assert len(seen["times"]) == 3

    answer = await made(await decided(lena, leave, "approve"))

    ids = [leave["id"], f"{leave['id']}-2", f"{leave['id']}-3"]
    assert (answer["leave"]["absence_ids"], answer["leave"]["absence_id"]) == (ids, ids[0])
    absences = (await made(await jana.get("/api/v1/absences")))["items"]
    assert [(one["id"], one["starts_at"]) for one in absences] == list(
        zip(ids, FRIDAYS, strict=True)
    )
    for id in ids:
        shown = await made(await jana.get(f"/api/v1/absences/{id}"))
        assert shown["reason"] == {"kind": "holiday", "note": CANARY}
    assert [one.absence_id for one in await office.agency.told(AbsenceReported)] == ids
    assert [one.count for one in await office.agency.told(LeaveChanged)] == [3, 3]
    for id in ids:
        row = await office.agency.service.mongo.collection("absences").find_one({"_id": id})
        assert row is not None
        assert b"canary" not in bson.encode(row)
    shown = await made(await lena.get(f"/api/v1/leave-requests/{leave['id']}"))
    assert shown["reason"] == {"kind": "holiday", "note": CANARY}
    assert [len(one["times"]) for one in shown["trail"]] == [3, 3]


async def test_what_cannot_be_read_is_not_approved_at_several_times_and_not_lost(
    office: Office, ask: As
) -> None:
    jana, lena, service = ask(office.as_jana), ask(LENA), office.agency.service
    leave = await requested(jana, office.jana, **WEEKLY)
    foreign = LeaveRequests(service.mongo, KeyRing([FOREIGN]))
    await service.outbox.transaction(
        lambda tx: foreign.reasons.put(tx, leave["id"], Reason(Kind.HOLIDAY, CANARY))
    )
    refused = await decided(lena, leave, "approve")
    assert (refused.status_code, refused.json()["code"]) == (503, "reason_unreadable")
    assert (await made(await lena.get("/api/v1/absences")))["items"] == []
    assert (await made(await lena.get("/api/v1/leave-requests")))["items"][0]["version"] == 1
    assert await foreign.reasons.get(leave["id"]) == Reason(Kind.HOLIDAY, CANARY)


async def test_what_repeats_leaves_out_what_is_taken_and_times_of_a_list_are_refused(
    office: Office, ask: As, clock: TestClock
) -> None:
    jana, lena = ask(office.as_jana), ask(LENA)
    holiday = await requested(jana, office.jana)  # 7 to 11 December
    leave = await requested(jana, office.jana, **WEEKLY)
    assert [one["starts_at"] for one in leave["times"]] == [FRIDAYS[0], FRIDAYS[2]]
    # A day in between is free, though the request spans it; the last one is not.
    between = {"starts_at": "2026-12-15", "ends_at": "2026-12-15"}
    await requested(jana, office.jana, **between)
    body = {"member_id": office.jana.id, "kind": "holiday"}
    several = [{"starts_at": day, "ends_at": day} for day in ("2026-12-14", "2026-12-18")]
    refused = await jana.post("/api/v1/leave-requests", json=body | {"times": several})
    assert (refused.status_code, refused.json()["code"]) == (409, "leave_asked_for")
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/times/1"]
    await made(await decided(lena, holiday, "approve"))
    several[1] = {"starts_at": "2026-12-08", "ends_at": "2026-12-08"}
    ordered = sorted(several, key=lambda one: one["starts_at"])
    refused = await jana.post("/api/v1/leave-requests", json=body | {"times": ordered})
    assert refused.json()["code"] == "leave_away_anyway"
    path = f"/api/v1/leave-requests/{leave['id']}"
    both = {"times": [{"starts_at": "2026-12-21", "ends_at": "2026-12-21"}], **WEEK}
    refused = await jana.put(path, json=both, headers=if_match(leave))
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/times"]
    changed = await made(
        await jana.put(path, json={"times": both["times"]}, headers=if_match(leave))
    )
    assert len(changed["times"]) == 1

    late = await requested(jana, office.jana, times=several_days(23, 29))
    clock.now = clock.now.replace(month=12, day=25)
    answer = await made(await decided(lena, late, "approve"))
    assert answer["leave"]["absence_ids"] == [f"{late['id']}-2"]
    shown = await made(await jana.get(f"/api/v1/absences/{late['id']}-2"))
    assert shown["reason"]["note"] == CANARY


def several_days(*days: int) -> list[dict[str, str]]:
    return [{"starts_at": f"2026-12-{day}", "ends_at": f"2026-12-{day}"} for day in days]


async def test_what_repeats_is_seen_while_it_is_typed_and_changed_by_leaving_out(
    office: Office, browse: Browse, agency: Agency
) -> None:
    jana, form = browse(office.as_jana), {"member_id": office.jana.id, "kind": "holiday"}
    form |= {"starts_day": "2026-12-04", "starts_time": "13:00", "ends_time": "17:00"}
    form |= {"ends_day": "", "repeats": "week", "until": "2026-12-18"}
    await agency.away(office.jana, date(2026, 12, 11), date(2026, 12, 11))
    await agency.away(office.tom, date(2026, 12, 18), date(2026, 12, 18))
    seen = text(await jana.post("/leave/what-if", data=form))
    assert "2 times" in seen
    assert "1 time is left out" in seen
    assert "Away already" in seen
    assert "1 responsibility would have nobody" in seen
    refused = await jana.post("/leave", data=form | {"until": ""})
    assert "Choose until when it repeats." in text(refused)
    asked = await jana.post("/leave", data=form)
    path = asked.headers["location"].removeprefix("/scheduler")
    page = await jana.get(path)
    assert "2 times, Fri 4 Dec" in text(page)
    # First come those of "Take these dates": a day earlier, when Tom is there.
    *earlier, first, second = re.findall(r'name="offer" value="([^"]+)"', page.text)
    assert [one[:10] for one in (*earlier, first, second)] == [
        f"2026-12-{day:02}" for day in (3, 17, 4, 18)
    ]
    offers = [first, second]
    fewer = {"version": "1", "offer": offers, "time": offers[:1], "kind": "training"}
    assert (await jana.post(path, data=fewer)).status_code == 303
    assert "2 times" not in text(await jana.get(path)).split("What happened")[0]
    none = await jana.post(path, data={"version": "2", "offer": offers})
    assert "Choose at least one time." in text(none)


# As pages


def text(page: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


FORM = {
    "kind": "holiday",
    "note": CANARY,
    "starts_day": "2026-12-07",
    "ends_day": "2026-12-11",
}


async def test_what_it_would_do_is_shown_while_it_is_typed(
    office: Office, browse: Browse, agency: Agency
) -> None:
    jana = browse(office.as_jana)
    assert "As soon as the days are chosen" in text(await jana.get("/leave/new"))
    typed = {**FORM, "note": ""}
    covered = text(await jana.post("/leave/what-if", data=typed))
    assert "Everything is covered" in covered
    assert "Tom" in covered
    await agency.away(office.tom)
    seen = text(await jana.post("/leave/what-if", data=typed))
    assert "1 responsibility would have nobody" in seen
    assert "Tom is away." in seen
    half_typed = await jana.post("/leave/what-if", data=typed | {"ends_day": "2026-12-01"})
    assert half_typed.status_code == 200


async def test_a_lead_decides_on_the_page(
    office: Office, browse: Browse, lena: httpx.AsyncClient, agency: Agency
) -> None:
    jana = browse(office.as_jana)
    mira = await agency.member("Mira Aydin", COPY)
    await agency.away(office.tom)
    asked = await jana.post("/leave", data={"member_id": office.jana.id, **FORM})
    assert asked.status_code == 303
    path = asked.headers["location"].removeprefix("/scheduler")
    own = await jana.get(path)
    assert "A lead decides on it." in text(own)
    assert "/approve" not in own.text

    assert "Jana" in text(await lena.get("/leave"))
    page = await lena.get(path)
    assert "1 responsibility would have nobody" in text(page)
    assert "Make Mira deputy" in text(page)
    refused = await lena.post(f"{path}/approve", data={"version": "1", "reason": ""})
    assert refused.status_code == 409
    assert "Gaps would stay open" in text(refused)

    deputy = {"responsibility_id": "roast:copywriting", "member_id": mira.id, "version": "1"}
    half_typed = deputy | {"reason": "Nothing is due then."}
    put_in = await lena.post(f"{path}/deputy", data=half_typed, headers={"HX-Request": "true"})
    assert "Everything is covered" in text(put_in)
    assert ">Nothing is due then.</textarea>" in put_in.text
    assert "Everything is covered" in text(await lena.get(path))
    done = await lena.post(f"{path}/approve", data={"version": "1", "reason": ""})
    assert done.status_code == 303
    after = text(await jana.get(path))
    assert "Approved" in after
    assert f"{LENA.member_id} approved it" in after
    assert "Make Mira deputy" not in after


async def test_nobody_elses_page_tells_of_it(office: Office, browse: Browse) -> None:
    jana, tom = browse(office.as_jana), browse(reading_english(office.tom))
    asked = await jana.post("/leave", data={"member_id": office.jana.id, **FORM})
    path = asked.headers["location"].removeprefix("/scheduler")
    assert CANARY in (await jana.get(path)).text
    assert (await tom.get(path)).status_code == 404
    assert "Jana" not in text(await tom.get("/leave"))
    preview = {**FORM, "member_id": office.jana.id}
    assert "As soon as the days are chosen" in text(await tom.post("/leave/what-if", data=preview))


async def test_two_clicks_ask_once(office: Office, browse: Browse) -> None:
    jana = browse(office.as_jana)
    key = re.search(r'name="key" value="([^"]+)"', (await jana.get("/leave/new")).text)
    assert key
    form = {"member_id": office.jana.id, "key": key[1], **FORM}
    first, second = [await jana.post("/leave", data=form) for _ in range(2)]
    assert (first.status_code, second.headers["location"]) == (303, first.headers["location"])


async def test_a_note_taken_out_stays_out_when_something_else_is_wrong(
    office: Office, browse: Browse
) -> None:
    jana = browse(office.as_jana)
    asked = await jana.post("/leave", data={"member_id": office.jana.id, **FORM})
    path = asked.headers["location"].removeprefix("/scheduler")
    wrong = FORM | {"version": "1", "note": "", "ends_day": "2026-12-01"}
    refused = await jana.post(path, data=wrong)
    assert refused.status_code == 422
    assert re.search(r'<textarea id="note"[^>]*></textarea>', refused.text)


async def test_a_day_alone_is_typed_once(office: Office, browse: Browse) -> None:
    jana = browse(office.as_jana)
    form = {"member_id": office.jana.id, **FORM, "ends_day": ""}
    asked = await jana.post("/leave", data=form)
    path = asked.headers["location"].removeprefix("/scheduler")
    assert "Mon 7 Dec" in text(await jana.get(path))


async def test_a_refused_form_keeps_what_was_typed(office: Office, browse: Browse) -> None:
    jana = browse(office.as_jana)
    form = {"member_id": office.jana.id, **FORM, "ends_day": "2026-12-01"}
    refused = await jana.post("/leave", data=form)
    assert refused.status_code == 422
    assert CANARY in refused.text
    assert 'value="2026-12-07"' in refused.text


async def test_the_clients_leads_are_asked_and_each_step_is_told_without_the_reason(
    office: Office, ask: As
) -> None:
    """Otto is on the client's list too, but his role decides nothing."""
    ruth = await office.agency.member("Ruth", role=Role.LEAD)
    otto = await office.agency.member("Otto")
    await office.agency.member("Paula", role=Role.LEAD)
    await office.agency.leads("roast", otto, ruth)
    jana, lead = ask(office.as_jana), ask(reading_english(ruth))
    first = await requested(jana, office.jana)
    await made(await decided(lead, first, "decline", CANARY))
    second = await requested(jana, office.jana)
    await made(await decided(lead, second, "approve", CANARY))
    of_tom = {"starts_at": "2026-12-21", "ends_at": "2026-12-22"}
    third = await requested(lead, office.tom, **of_tom)
    await made(await decided(ask(reading_english(office.tom)), third, "withdraw"))

    told = await office.agency.told(LeaveChanged)
    seen = [(one.leave_id, one.step.value, one.by, one.version, one.leads) for one in told]
    assert sorted(seen) == sorted(
        [
            (first["id"], "requested", office.jana.id, 1, (ruth.id,)),
            (first["id"], "declined", ruth.id, 2, ()),
            (second["id"], "requested", office.jana.id, 1, (ruth.id,)),
            (second["id"], "approved", ruth.id, 2, ()),
            (third["id"], "requested", ruth.id, 1, ()),
            (third["id"], "withdrawn", office.tom.id, 2, ()),
        ]
    )
    assert CANARY not in " ".join(one.model_dump_json() for one in told)


async def test_every_page_says_how_many_wait_for_the_readers_decision(
    office: Office, browse: Browse, clock: TestClock, ask: As
) -> None:
    await requested(ask(office.as_jana), office.jana)
    assert "1 waits for a decision" in (await browse(LENA).get("/members")).text
    assert "for a decision" not in (await browse(office.as_jana).get("/members")).text
    await office.agency.client("works")
    elsewhere = await office.agency.member("Ines", role=Role.LEAD, clients=("works",))
    own_only = await office.agency.member("Ida", clients=("roast",))
    await requested(ask(reading_english(own_only)), own_only)
    assert "1 waits for a decision" not in (await browse(LENA).get("/members")).text
    page = (await browse(reading_english(elsewhere)).get("/members")).text
    assert "1 waits for a decision" in page  # Jana sees every client, Ida another one only
    clock.advance(days=60)
    assert "for a decision" not in (await browse(LENA).get("/members")).text
