"""Leave from a calendar file: seen, chosen, asked for; and nothing of the file is kept."""

from __future__ import annotations

import re

import bson
import httpx
import pytest

from services.scheduler.members.domain import Member
from services.scheduler.members.usecases import identity_of
from shared.events.disciplines import Discipline
from tests.integration.scheduler.agency import LENA, Agency, As, Browse, made
from tests.integration.scheduler.test_leave import Office, if_match, reading_english, text

CANARY = "canary-in-a-calendar"
PREVIEW = "/api/v1/leave-requests/calendar-preview"


def ics(*events: str) -> bytes:
    parts = "".join(
        f"BEGIN:VEVENT\r\nUID:{n}\r\n{one}END:VEVENT\r\n" for n, one in enumerate(events)
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t\r\n{parts}END:VCALENDAR\r\n".encode()


def day(number: int, more: str = "") -> str:
    return f"DTSTART;VALUE=DATE:202612{number:02}\r\nSUMMARY:{CANARY} {number}\r\n{more}"


FILE = ics(
    "DTSTART:20261124T070000Z\r\nDURATION:PT1H\r\n",
    "DTSTART;TZID=Europe/Berlin:20261204T130000\r\nDURATION:PT4H\r\n"
    f"RRULE:FREQ=WEEKLY;COUNT=3\r\nSUMMARY:{CANARY} course\r\n",
    day(8),
    day(15),
    day(16, "TRANSP:TRANSPARENT\r\n"),
)
"""Today's is over; of Fridays there are the 4th, 11th and 18th."""


@pytest.fixture
async def office(agency: Agency) -> Office:
    await agency.client("roast")
    jana, tom = [await agency.member(name, Discipline.COPYWRITING) for name in ("Jana", "Tom")]
    await agency.responsibility("roast", Discipline.COPYWRITING, jana, tom)
    return Office(agency, jana, tom)


async def asked_for(http: httpx.AsyncClient, member: Member, starts: str, ends: str) -> str:
    body = {"member_id": member.id, "kind": "holiday", "starts_at": starts, "ends_at": ends}
    leave = await made(await http.post("/api/v1/leave-requests", json=body))
    return str(leave["id"])


def choices(page: httpx.Response) -> list[tuple[str, bool, bool]]:
    """Of each time on offer: when it begins, and whether it is chosen and can be."""
    boxes = re.findall(r'<input type="checkbox" name="time" value="([^"]+)"([^>]*)>', page.text)
    return [(value, "checked" in rest, "disabled" not in rest) for value, rest in boxes]


async def test_what_can_be_asked_for_is_chosen_then_asked_for_and_nothing_else_is_kept(
    office: Office, browse: Browse, ask: As, caplog: pytest.LogCaptureFixture
) -> None:
    jana, api = browse(office.as_jana), ask(office.as_jana)
    await asked_for(api, office.jana, "2026-12-15", "2026-12-15")
    await office.agency.away(office.jana)  # ill, until further notice …
    [ill] = (await made(await api.get("/api/v1/absences")))["items"]
    back = {"starts_at": ill["starts_at"], "ends_at": "2026-12-09"}
    path = f"/api/v1/absences/{ill['id']}"
    await made(await ask(LENA).put(path, json=back, headers=if_match(ill)))  # … or 9 December

    form = {"member_id": office.jana.id}
    page = await jana.post("/leave/import", data=form, files={"file": ("me.ics", FILE)})

    assert page.status_code == 200
    assert f"{CANARY} course" in text(page)
    offered = choices(page)
    assert [(value[:16], *rest) for value, *rest in offered] == [
        ("2026-11-24T07:00", False, False),
        ("2026-12-04T12:00", False, False),
        ("2026-12-07T23:00", False, False),
        ("2026-12-11T12:00", True, True),
        ("2026-12-14T23:00", False, False),
        ("2026-12-18T12:00", True, True),
    ]
    for said in ("Over already", "Away already", "Asked for already", "1 event that is shown as"):
        assert said in text(page)
    assert "Everything is covered" in text(page)

    chosen = [value for value, is_chosen, _ in offered if is_chosen]
    typed = form | {"kind": "training", "offer": [one for one, *_ in offered], "time": chosen}
    seen = await jana.post("/leave/what-if", data=typed | {"time": chosen[:1]})
    assert [one for _, one, _ in choices(seen)].count(True) == 1
    done = await jana.post("/leave", data=typed)
    assert done.status_code == 303
    leave = await jana.get(done.headers["location"].removeprefix("/scheduler"))
    assert "2 times, Fri 11 Dec" in text(leave)
    assert CANARY not in leave.text + done.headers["location"] + caplog.text
    mongo = office.agency.service.mongo
    for name in ("leave", "outbox", "idempotency", "absences"):
        rows = [bson.encode(row) async for row in mongo.collection(name).find()]
        assert CANARY.encode() not in b"".join(rows)


async def test_the_same_as_json(office: Office, ask: As) -> None:
    jana, tom = ask(office.as_jana), ask(identity_of(office.tom))
    query, kind = {"member": office.jana.id}, {"Content-Type": "text/calendar"}
    seen = await made(await jana.post(PREVIEW, params=query, content=FILE, headers=kind))
    assert [one["obstacle"] for one in seen["times"]] == ["past", *[None] * 5]
    assert seen["times"][1]["summary"] == f"{CANARY} course"
    assert (seen["more"], seen["left_out"]) == (0, {"free": 1})
    times = [{name: one[name] for name in ("starts_at", "ends_at")} for one in seen["times"][1:]]
    body = {"member_id": office.jana.id, "kind": "holiday", "times": times}
    leave = await made(await jana.post("/api/v1/leave-requests", json=body))
    assert len(leave["times"]) == 5
    again = await made(await jana.post(PREVIEW, params=query, content=FILE, headers=kind))
    assert [one["obstacle"] for one in again["times"]] == ["past", *["asked_for"] * 5]

    assert (await tom.post(PREVIEW, params=query, content=FILE)).status_code == 403
    bad = await jana.post(PREVIEW, params=query, content=FILE.replace(b"20261208", b"2026128"))
    assert (bad.status_code, bad.json()["code"]) == (422, "calendar_unreadable")
    [error] = bad.json()["errors"]
    assert error == {
        "pointer": "/file",
        "message": "The event in line 16 has times that cannot be read.",
    }
    assert CANARY not in bad.text
    empty = await jana.post(PREVIEW, params=query)
    assert empty.json()["code"] == "calendar_unreadable"
    huge = await jana.post(PREVIEW, params=query, content=b"x" * 5_000_000)
    assert (huge.status_code, huge.json()["code"]) == (413, "too_large")


async def test_a_file_that_says_nothing_or_nonsense(office: Office, browse: Browse) -> None:
    jana, tom = browse(office.as_jana), browse(reading_english(office.tom))
    form = {"member_id": office.jana.id}
    assert "From a calendar file" in text(await jana.get("/leave/new"))
    assert "Calendar file (.ics)" in text(await jana.get("/leave/import"))
    files = {"file": ("me.ics", ics(day(16, "STATUS:CANCELLED\r\n")))}
    free = await jana.post("/leave/import", data=form, files=files)
    assert "No event of the file takes time within the next year" in text(free)
    assert "1 cancelled event" in text(free)
    files = {"file": ("me.ics", b"PK\x03\x04")}
    bad = await jana.post("/leave/import", data=form, files=files)
    assert bad.status_code == 422
    assert "Line 1: this is no calendar (iCalendar, .ics)." in text(bad)
    assert "The file is empty." in text(await jana.post("/leave/import", data=form))
    files = {"file": ("me.ics", FILE)}
    refused = await tom.post("/leave/import", data=form, files=files)
    assert refused.status_code == 403
    assert CANARY not in refused.text
