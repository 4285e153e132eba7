"""The JSON API over ASGI; the database is real, Kafka is not needed."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from fastapi import FastAPI

from services.scheduler.absences.usecases import cancel_absence
from shared.auth import Tokens
from shared.events.disciplines import Discipline
from shared.events.planner import ClientChanged
from shared.outbox import Transaction
from shared.service import Service
from tests.integration.scheduler.agency import LENA, Agency, As, Browse, TestClock, made
from tests.support.engines import AUTH_SECRET


async def test_from_an_empty_agency_to_a_sick_call(ask: As, agency: Agency) -> None:
    lena = ask(LENA)
    await agency.client("roast", "insta")
    people = {}
    for name in ("Jana Hoffmann", "Tom Berger"):
        body = {"name": name, "email": f"{name.split()[0].lower()}@agency.example"}
        response = await lena.post("/api/v1/members", json=body)
        people[name] = await made(response)
        assert response.headers["etag"] == '"1"'
        assert response.headers["location"].endswith(people[name]["id"])
        skill = {"discipline": "copywriting", "level": 3, "valid_until": "2027-12-31"}
        added = await made(
            await lena.post(f"/api/v1/members/{people[name]['id']}/qualifications", json=skill)
        )
        assert added["qualification"]["valid_until"] == "2027-12-31T23:00:00Z"
    jana, tom = people.values()
    assert (jana["initials"], jana["colour"], tom["colour"]) == ("JH", 1, 2)

    responsibility = await made(
        await lena.post(
            "/api/v1/responsibilities",
            json={
                "client_id": "roast",
                "discipline": "copywriting",
                "owner": jana["id"],
                "deputies": [tom["id"]],
            },
        )
    )
    assert responsibility["responsibility"]["id"] == "roast:copywriting"
    assert responsibility["responsibility"]["acting"] == jana["id"]
    assert responsibility["handover_id"] is not None

    sick = await made(
        await lena.post("/api/v1/absences", json={"member_id": jana["id"], "kind": "sick"})
    )
    assert sick["absence"]["state"] == "active"
    handover = await made(await lena.get(f"/api/v1/handovers/{sick['handover_id']}"))
    assert handover["absent"]["initials"] == "JH"
    assert handover["legs"][0]["to"]["name"] == "Tom Berger"
    assert [one["total"] for one in handover["services"]] == [None, None, None]
    shown = await made(await lena.get("/api/v1/responsibilities/roast:copywriting"))
    assert (shown["acting"], shown["acts_as"]) == (tom["id"], "deputy")

    board = await made(await lena.get("/api/v1/coverage", params={"from": "2026-11-23"}))
    row = board["clients"][0]["rows"][0]
    assert [each["acts_as"] for each in row["stretches"]] == ["owner", "deputy"]
    assert row["stretches"][0]["ends_at"] == "2026-11-24T09:42:00Z"
    assert board["absences"][0]["member"]["name"] == "Jana Hoffmann"

    undone = await made(await lena.post(f"/api/v1/absences/{sick['absence']['id']}/cancel"))
    assert undone["absence"]["state"] == "cancelled"
    assert undone["handover_id"] != sick["handover_id"]


async def test_refusals_have_their_codes(ask: As, agency: Agency, clock: TestClock) -> None:
    lena = ask(LENA)
    await agency.client("roast", "insta")
    await agency.client("works", "linked")
    jana = await agency.member("Jana", *[])
    skilled = await agency.member("Tom", clients=("works",))

    async def code(method: str, path: str, **request: Any) -> tuple[int, str]:
        response = await lena.request(method, f"/api/v1{path}", **request)
        return response.status_code, response.json()["code"]

    new = {"client_id": "roast", "discipline": "design", "owner": jana.id}
    assert await code("POST", "/responsibilities", json=new) == (409, "unqualified")
    for field, value, expected in [
        ("client_id", "nowhere", "unknown_client"),
        ("page_id", "linked", "unknown_page"),
        ("owner", "nobody", "unknown_member"),
        ("deputies", [jana.id], "duplicate_member"),
        ("discipline", "juggling", "invalid_request"),
        ("colour", "red", "invalid_request"),
    ]:
        answer = await code("POST", "/responsibilities", json=new | {field: value})
        assert answer == (422, expected)
    new["owner"] = skilled.id
    assert await code("POST", "/responsibilities", json=new) == (409, "no_access")

    taken = {"name": "Other", "email": jana.email.upper()}
    assert await code("POST", "/members", json=taken) == (409, "email_taken")
    zone = {"name": "Other", "email": "o@agency.example", "time_zone": "Mars/Olympus"}
    assert await code("POST", "/members", json=zone) == (422, "invalid_request")
    path = f"/members/{jana.id}"
    assert await code("PATCH", path, json={"name": "J"}) == (428, "precondition_required")
    stale = {"json": {"name": "J"}, "headers": {"If-Match": '"7"'}}
    assert await code("PATCH", path, **stale) == (412, "stale_version")
    assert await code("PATCH", "/members/nobody", **stale) == (404, "not_found")

    absence: dict[str, Any] = {"member_id": jana.id, "kind": "holiday"}
    for starts_at, ends_at, expected in [
        ("2026-11-20", "2026-11-21", "absence_in_the_past"),
        ("2026-12-01T10:00", "2026-12-01T10:00", "absence_zero_length"),
        ("2026-12-01T10:00", "2026-12-01T09:00", "absence_ends_before_start"),
        ("tomorrow", None, "invalid_request"),
        (1, None, "invalid_request"),
        ("0001-01-01", None, "invalid_request"),
        ("0001-01-01T00:00:00+14:00", None, "invalid_request"),
        ("2026-12-01", "9999-12-31", "invalid_request"),
        ("2026-12-01", "9999-12-31T23:59:59-12:00", "invalid_request"),
    ]:
        body = absence | {"starts_at": starts_at, "ends_at": ends_at}
        assert await code("POST", "/absences", json=body) == (422, expected)
    planned = await made(
        await lena.post("/api/v1/absences", json=absence | {"starts_at": "2026-12-01"})
    )
    path = f"/absences/{planned['absence']['id']}"
    assert await code("POST", f"{path}/end", json={}) == (409, "absence_not_started")
    await made(await lena.post(f"/api/v1{path}/cancel"))
    assert await code("POST", f"{path}/cancel") == (409, "absence_over")
    assert await code("GET", "/coverage?days=1000") == (422, "invalid_request")
    for instant in ("0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-12:00"):
        assert await code("GET", f"/absences?from={instant}") == (422, "invalid_request")
    assert await code("GET", "/handovers/h/receipt") == (404, "not_found")


async def test_part_days_and_local_times_are_the_members(ask: As, agency: Agency) -> None:
    jana = await agency.member("Jana")

    async def reported(**period: str) -> tuple[str, str]:
        body = {"member_id": jana.id, "kind": "holiday", **period}
        absence = (await made(await ask(LENA).post("/api/v1/absences", json=body)))["absence"]
        return absence["starts_at"], absence["ends_at"]

    assert await reported(starts_at="2026-12-01T14:00", ends_at="2026-12-01T18:30") == (
        "2026-12-01T13:00:00Z",
        "2026-12-01T17:30:00Z",
    )
    assert await reported(
        starts_at="2026-12-01T14:00", ends_at="2026-12-02", time_zone="America/New_York"
    ) == ("2026-12-01T19:00:00Z", "2026-12-03T05:00:00Z")
    assert await reported(
        starts_at="2027-03-28T00:00",
        ends_at="2027-03-28",  # 23 hours long
    ) == ("2027-03-27T23:00:00Z", "2027-03-28T22:00:00Z")
    assert await reported(
        starts_at="2026-12-01T14:00:00+05:00", ends_at="2026-12-01T15:00:00Z"
    ) == ("2026-12-01T09:00:00Z", "2026-12-01T15:00:00Z")


async def test_creating_twice_with_one_key_is_creating_once(ask: As, agency: Agency) -> None:
    jana = await agency.member("Jana")
    body = {"member_id": jana.id, "kind": "sick"}
    key = {"Idempotency-Key": "call-1"}
    lena = ask(LENA)
    first = await made(await lena.post("/api/v1/absences", json=body, headers=key))
    again = await lena.post("/api/v1/absences", json=body, headers=key)
    assert again.json() == first
    other = await lena.post("/api/v1/absences", json=body | {"note": "x"}, headers=key)
    assert other.json()["code"] == "idempotency_key_reused"
    listed = await made(await lena.get("/api/v1/absences", params={"member": jana.id}))
    assert len(listed["items"]) == 1


async def test_candidates_are_the_remedy_for_a_gap(ask: As, agency: Agency) -> None:
    await agency.client("roast")
    jana = await agency.member("Jana", Discipline.DESIGN)
    felix = await agency.member("Felix", Discipline.DESIGN)
    away = await agency.member("Away", Discipline.DESIGN)
    await agency.member("Novice")
    await agency.away(away)
    await agency.responsibility("roast", Discipline.DESIGN, jana)
    await agency.away(jana)
    lena = ask(LENA)
    gaps = await made(await lena.get("/api/v1/coverage/gaps"))
    assert [one["responsibility_id"] for one in gaps] == ["roast:design"]
    found = await made(await lena.get("/api/v1/responsibilities/roast:design/candidates"))
    assert [one["member_id"] for one in found] == [felix.id]
    put = await made(
        await lena.put(
            "/api/v1/responsibilities/roast:design",
            json={"owner": jana.id, "deputies": [felix.id]},
            headers={"If-Match": '"1"'},
        )
    )
    assert put["responsibility"]["acting"] == felix.id
    assert put["handover_id"] is not None
    assert await made(await lena.get("/api/v1/coverage/gaps")) == []


async def test_whoever_owns_least_is_the_remedy_everywhere(
    ask: As, browse: Browse, agency: Agency
) -> None:
    await agency.client("roast")
    await agency.client("works")
    jana = await agency.member("Jana", Discipline.DESIGN)
    busy = await agency.member("Anton", Discipline.DESIGN)
    free = await agency.member("Zoe", Discipline.DESIGN)
    await agency.responsibility("roast", Discipline.DESIGN, jana)
    await agency.responsibility("works", Discipline.DESIGN, busy)
    await agency.away(jana)
    lena, pages = ask(LENA), browse(replace(LENA, lang="en"))
    found = await made(await lena.get("/api/v1/responsibilities/roast:design/candidates"))
    assert [one["member_id"] for one in found] == [free.id, busy.id]
    [gap] = (await made(await lena.get("/api/v1/risk/gaps")))["items"]
    assert gap["deputy"] == free.id
    assert "Put Zoe in" in (await pages.get("/")).text


async def test_leads_of_a_client(ask: As, agency: Agency) -> None:
    await agency.client("roast")
    nora = await agency.member("Nora")
    lena = ask(LENA)
    shown = await lena.get("/api/v1/clients/roast/leads")
    assert shown.headers["etag"] == '"0"'
    put = await lena.put(
        "/api/v1/clients/roast/leads",
        json={"members": [nora.id]},
        headers={"If-Match": '"0"'},
    )
    assert (await made(put))["leads"] == {
        "client_id": "roast",
        "members": [nora.id],
        "version": 1,
    }


async def test_lists_go_on_by_cursor(ask: As, agency: Agency) -> None:
    for name in ("Cem", "Ada", "Bo"):
        await agency.member(name)
    lena = ask(LENA)
    first = await made(await lena.get("/api/v1/members", params={"limit": 2}))
    second = await made(
        await lena.get("/api/v1/members", params={"limit": 2, "cursor": first["next_cursor"]})
    )
    names = [one["name"] for one in [*first["items"], *second["items"]]]
    assert names == ["Ada", "Bo", "Cem"]
    assert second["next_cursor"] is None


async def test_progress_is_followed_live(agency: Agency, app: FastAPI) -> None:
    jana = await agency.member("Jana")
    _, handover_id = await agency.away(jana)
    shown = await first_event(app, "/api/v1/live", f"handover={handover_id}")
    assert (shown["id"], shown["state"]) == (handover_id, "open")
    (newest,) = await first_event(app, "/api/v1/live", "")
    assert newest["number"] == "H-2026-0001"


async def first_event(app: FastAPI, path: str, query: str) -> Any:
    """What a stream says first. Asks the application itself: httpx would wait for the end."""
    token = Tokens(AUTH_SECRET).issue(LENA, timedelta(hours=1))
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(),
        "query_string": query.encode(), "root_path": "", "scheme": "http", "http_version": "1.1",
        "headers": [(b"authorization", f"Bearer {token}".encode()), (b"host", b"understudy.test")],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    said: asyncio.Queue[bytes] = asyncio.Queue()
    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        await said.put(message.get("body", b""))

    streaming = asyncio.create_task(app(scope, receive, send))
    while not (chunk := (await said.get()).decode()).strip().startswith(("id", "event", "data")):
        pass
    gone.set()
    streaming.cancel()
    await asyncio.gather(streaming, return_exceptions=True)
    (data,) = [line for line in chunk.splitlines() if line.startswith("data:")]
    return json.loads(data.removeprefix("data:"))


async def test_metrics_tell_gaps_and_open_handovers_without_names(
    ask: As, agency: Agency, service: Service
) -> None:
    await agency.client("roast")
    jana = await agency.member("Jana", Discipline.DESIGN)
    await agency.responsibility("roast", Discipline.DESIGN, jana)
    await agency.away(jana)
    for measure in service._measures:
        await measure()
    metrics = (await ask(None).get("/metrics")).text
    assert "understudy_coverage_gaps 1.0" in metrics
    assert "understudy_open_handovers 2.0" in metrics
    assert jana.id not in metrics


async def test_the_api_describes_itself(ask: As) -> None:
    described = (await ask(None).get("/api/openapi.json")).json()
    assert "/api/v1/absences/{absence_id}/cancel" in described["paths"]
    schema = described["components"]["schemas"]["AbsenceBody"]
    assert "2026-11-24T10:42" in str(schema["properties"]["starts_at"])


async def test_nobody_misses_what_is_archived(ask: As, agency: Agency) -> None:
    desk, lena = agency.desk, ask(LENA)
    await agency.client("roast")
    jana = await agency.member("Jana", Discipline.DESIGN)
    await agency.responsibility("roast", Discipline.DESIGN, jana)
    await agency.away(jana)
    assert await desk.coverage.count_gaps(await desk.directory.archived()) == 1
    assert len((await made(await lena.get("/api/v1/coverage")))["clients"]) == 1

    gone = ClientChanged(client_id="roast", name="Roast", time_zone="UTC", archived=True)
    await agency.do(lambda tx: desk.directory.put_client(tx, gone))

    assert await desk.coverage.count_gaps(await desk.directory.archived()) == 0
    assert await made(await lena.get("/api/v1/coverage/gaps")) == []
    assert (await made(await lena.get("/api/v1/coverage")))["clients"] == []


async def test_a_board_of_another_age_is_refused(ask: As) -> None:
    for first in ("9999-12-20", "0001-01-01"):
        answer = await ask(LENA).get("/api/v1/coverage", params={"from": first, "days": 190})
        assert answer.status_code == 422


async def test_what_was_cancelled_hides_no_absence_on_a_later_page(
    browse: Browse, agency: Agency
) -> None:
    jana = await agency.member("Jana")
    for day in range(1, 52):
        start = agency.now + timedelta(days=day)
        absence, _ = await agency.away(jana, start, start + timedelta(hours=8))
        await agency.do(partial(_cancel, agency, absence.id))
    start = agency.now + timedelta(days=60)
    await agency.away(jana, start, start + timedelta(days=1))

    page = await browse(LENA).get("/absences")

    assert "Nobody is away" not in page.text
    assert jana.name in page.text


async def _cancel(agency: Agency, absence_id: str, tx: Transaction) -> None:
    await cancel_absence(tx, agency.desk, LENA, absence_id, agency.now)
