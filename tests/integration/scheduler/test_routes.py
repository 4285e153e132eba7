"""The JSON API over ASGI; the database is real, Kafka is not needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.scheduler.app import create_scheduler
from services.scheduler.members.usecases import NewMember, NotEmpty
from services.scheduler.settings import SchedulerSettings
from services.scheduler.setup import set_up
from shared.auth import Identity, Role, Scope, Tokens
from shared.events.disciplines import Discipline
from shared.service import Service
from shared.web.access import accesses
from tests.integration.scheduler.agency import LENA, Agency, TestClock
from tests.support.engines import AUTH_SECRET

BASE = "http://understudy.test/scheduler"
JANA = Identity("jana", "Jana Hoffmann", Role.MEMBER, Scope(None))
SYSTEM = Identity("hr", "HR system", Role.SYSTEM, Scope(None))
OPS = Identity("ops", "Operator", Role.OPS, Scope(None))
CONTACT = Identity("k1", "Jo Client", Role.CONTACT, Scope(frozenset({"roast"})))
ELSEWHERE = Identity("paul", "Paul Krueger", Role.LEAD, Scope(frozenset({"works"})))

As = Callable[[Identity | None], httpx.AsyncClient]


@pytest.fixture
async def service(settings: SchedulerSettings, clock: TestClock) -> AsyncIterator[Service]:
    """Not started."""
    service = Service("scheduler", settings, clock)
    yield service
    await service.mongo.close()


@pytest.fixture
async def app(service: Service, settings: SchedulerSettings) -> FastAPI:
    app = create_scheduler(service, settings)
    await service._create_indexes()
    return app


@pytest.fixture
async def ask(app: FastAPI) -> AsyncIterator[As]:
    """`ask(identity)` is a program with that identity's bearer token."""
    clients: list[httpx.AsyncClient] = []

    def ask(identity: Identity | None) -> httpx.AsyncClient:
        headers = {}
        if identity is not None:
            token = Tokens(AUTH_SECRET).issue(identity, timedelta(hours=1))
            headers["Authorization"] = f"Bearer {token}"
        transport = httpx.ASGITransport(app)
        client = httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers)
        clients.append(client)
        return client

    yield ask
    for client in clients:
        await client.aclose()


@pytest.fixture
def agency(service: Service) -> Agency:
    return Agency.of(service)


async def made(response: httpx.Response) -> Any:
    assert response.status_code in (200, 201), response.text
    return response.json()


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


async def test_members_report_themselves_and_leads_and_systems_anybody(
    ask: As, agency: Agency
) -> None:
    jana, tom = await agency.member("Jana"), await agency.member("Tom")
    me = Identity(jana.id, jana.name, Role.MEMBER, Scope(None))

    async def status(who: Identity, member_id: str) -> int:
        body = {"member_id": member_id, "kind": "sick"}
        return (await ask(who).post("/api/v1/absences", json=body)).status_code

    assert await status(me, jana.id) == 201
    assert await status(me, tom.id) == 403
    assert await status(SYSTEM, tom.id) == 201
    assert await status(OPS, tom.id) == 403
    listed = await made(await ask(me).get("/api/v1/absences", params={"member": tom.id}))
    other = listed["items"][0]["id"]
    for action in ("end", "cancel"):
        response = await ask(me).post(f"/api/v1/absences/{other}/{action}", json={})
        assert response.status_code == 403


async def test_why_is_for_the_member_and_the_entitled(ask: As, agency: Agency) -> None:
    jana, tom = await agency.member("Jana"), await agency.member("Tom")
    me = Identity(jana.id, jana.name, Role.MEMBER, Scope(None))
    colleague = Identity(tom.id, tom.name, Role.MEMBER, Scope(None))
    body = {"member_id": jana.id, "kind": "sick", "note": "canary 4711", "starts_at": "2026-12-01"}
    created = await ask(me).post("/api/v1/absences", json=body)
    assert "canary" not in created.text
    assert "sick" not in created.text
    path = f"/api/v1/absences/{created.json()['absence']['id']}"
    for who, reason in [
        (me, {"kind": "sick", "note": "canary 4711"}),
        (LENA, {"kind": "sick", "note": "canary 4711"}),
        (colleague, None),
        (SYSTEM, None),
        (OPS, None),
    ]:
        assert (await made(await ask(who).get(path)))["reason"] == reason

    # Whoever may change when, but not see why, leaves why as it is.
    change = {"starts_at": "2026-12-02", "ends_at": None}
    changed = await ask(SYSTEM).put(path, json=change, headers={"If-Match": '"1"'})
    assert changed.status_code == 200
    assert (await made(await ask(me).get(path)))["reason"]["note"] == "canary 4711"


async def test_refused_requests_do_not_repeat_what_was_sent(ask: As, agency: Agency) -> None:
    jana = await agency.member("Jana")
    for body in (
        {"member_id": jana.id, "kind": "canary-kind"},
        {"member_id": jana.id, "kind": "sick", "note": "canary" * 1_000},
        {"member_id": "nobody", "kind": "other", "note": "canary"},
        {"member_id": jana.id, "kind": "sick", "canary": "canary"},
    ):
        response = await ask(LENA).post("/api/v1/absences", json=body)
        assert response.status_code == 422
        assert "canary" not in response.text.replace("/canary", "")


async def test_a_lead_of_one_client_sees_and_manages_only_that(ask: As, agency: Agency) -> None:
    await agency.client("roast")
    await agency.client("works")
    jana = await agency.member("Jana", Discipline.DESIGN, clients=("roast",))
    tom = await agency.member("Tom", Discipline.DESIGN, clients=("roast", "works"))
    await agency.responsibility("roast", Discipline.DESIGN, jana, tom)
    await agency.responsibility("works", Discipline.DESIGN, tom)
    absence, handover_id = await agency.away(jana)
    paul = ask(ELSEWHERE)

    members = await made(await paul.get("/api/v1/members"))
    assert [one["name"] for one in members["items"]] == ["Tom"]
    responsibilities = await made(await paul.get("/api/v1/responsibilities"))
    assert [one["id"] for one in responsibilities["items"]] == ["works:design"]
    board = await made(await paul.get("/api/v1/coverage"))
    assert [one["id"] for one in board["clients"]] == ["works"]
    assert board["absences"] == []
    for path in (
        f"/members/{jana.id}",
        f"/members/{jana.id}/qualifications",
        "/responsibilities/roast:design",
        "/responsibilities/roast:design/candidates",
        "/clients/roast/leads",
        f"/absences/{absence.id}",
        f"/handovers/{handover_id}",
        f"/handovers/{handover_id}/receipt",
        f"/handovers/{handover_id}/receipt.csv",
        f"/handovers/{handover_id}/receipt.json",
    ):
        assert (await paul.get(f"/api/v1{path}")).status_code == 404, path
    handovers = (await made(await paul.get("/api/v1/handovers")))["items"]
    assert [one["totals"] for one in handovers] == [None], "of the new responsibility for works"
    assert handovers[0]["id"] != handover_id

    beyond = {"name": "Spy", "email": "spy@agency.example", "clients": None}
    response = await paul.post("/api/v1/members", json=beyond)
    assert response.json()["code"] == "beyond_own_access"
    response = await paul.patch(
        f"/api/v1/members/{tom.id}", json={"name": "T"}, headers={"If-Match": '"1"'}
    )
    assert response.json()["code"] == "beyond_own_access"


async def test_every_route_wants_an_identity_with_the_permission(app: FastAPI, ask: As) -> None:
    nobody, contact, member = ask(None), ask(CONTACT), ask(JANA)
    walked = 0
    for route in accesses(app):
        assert route.public or route.permissions, route.path
        if route.public:
            continue
        path = route.path.replace("{discipline}", "design").replace("{", "").replace("}", "")
        for method in route.methods - {"HEAD"}:
            assert (await nobody.request(method, path)).status_code == 401, path
            assert (await contact.request(method, path)).status_code == 403, path
            if "team.write" in route.permissions:
                assert (await member.request(method, path)).status_code == 403, path
            walked += 1
    assert walked > 25


async def test_the_first_member_signs_in_by_a_link(ask: As, settings: SchedulerSettings) -> None:
    new = NewMember("Lena Vogt", "lena@agency.example", "de", "Europe/Berlin", Role.LEAD, None)
    lena = await set_up(settings, new)
    with pytest.raises(NotEmpty):
        await set_up(settings, new)
    who = Identity(lena.id, lena.name, Role.LEAD, Scope(None))
    link = await made(await ask(who).post(f"/api/v1/members/{lena.id}/sign-in-link"))
    browser = ask(None)
    path = link["url"].removeprefix(f"{settings.public_url}/scheduler")
    assert (await browser.get(path)).status_code == 303
    assert (await browser.get("/api/v1/members")).status_code == 200
    last = await ask(who).patch(
        f"/api/v1/members/{lena.id}", json={"role": "member"}, headers={"If-Match": '"1"'}
    )
    assert last.json()["code"] == "last_lead"
    assert (await ask(SYSTEM).post(f"/api/v1/members/{lena.id}/sign-in-link")).status_code == 403


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
