"""Clients, pages and campaigns over the JSON API, and what they tell the other services."""

from __future__ import annotations

import httpx

from shared.auth import Identity, Role, Scope
from shared.service import Service
from tests.integration.planner.conftest import TOM, Agency, As, emitted, if_match, problem


async def test_a_client_is_told_in_full_at_each_change(
    lead: httpx.AsyncClient, service: Service, agency: Agency
) -> None:
    made = await agency.make("clients", name=" Radwerk Elbtal ", time_zone="Europe/Vienna")
    assert made["name"] == "Radwerk Elbtal"
    path = f"/api/v1/clients/{made['id']}"
    response = await lead.patch(path, json={"archived": True}, headers=if_match(made))
    assert response.json()["archived"] is True
    assert await emitted(service, "planner.directory", made["id"]) == [
        {
            "client_id": made["id"],
            "name": "Radwerk Elbtal",
            "time_zone": "Europe/Vienna",
            "archived": archived,
        }
        for archived in (False, True)
    ]
    shown = (await lead.get("/api/v1/clients")).json()["items"]
    assert made["id"] not in [client["id"] for client in shown]
    shown = (await lead.get("/api/v1/clients", params={"archived": "true"})).json()["items"]
    assert made["id"] in [client["id"] for client in shown]


async def test_a_page_is_told_in_full_at_each_change(
    lead: httpx.AsyncClient, service: Service, agency: Agency
) -> None:
    path = f"/api/v1/pages/{agency.instagram}"
    page = (await lead.get(path)).json()
    await lead.patch(path, json={"handle": "@morgenrot"}, headers=if_match(page))
    told = await emitted(service, "planner.directory", agency.instagram)
    assert [event["handle"] for event in told] == ["", "@morgenrot"]
    assert told[-1]["platform"] == "instagram"
    stale = await lead.patch(path, json={"handle": "@other"}, headers=if_match(page))
    problem(stale, 412, "stale_version")


async def test_what_cannot_be_used_is_named(lead: httpx.AsyncClient, agency: Agency) -> None:
    response = await lead.post("/api/v1/clients", json={"name": "X", "time_zone": "Mars/Base"})
    document = problem(response, 422, "invalid_request")
    assert document["errors"] == [
        {
            "pointer": "/time_zone",
            "message": "This must be an IANA time zone, like Europe/Berlin.",
        }
    ]
    page = {"client_id": agency.client, "name": "X", "platform": "myspace"}
    problem(await lead.post("/api/v1/pages", json=page), 422, "invalid_request")
    page = {"client_id": "none", "name": "X", "platform": "mastodon"}
    problem(await lead.post("/api/v1/pages", json=page), 422, "unknown_reference")
    days = {"starts_on": "2026-12-24", "ends_on": "2026-11-29"}
    campaign = {"client_id": agency.client, "name": "Advent"} | days
    problem(await lead.post("/api/v1/campaigns", json=campaign), 422, "invalid_request")


async def test_campaigns(lead: httpx.AsyncClient, agency: Agency) -> None:
    made = await agency.make(
        "campaigns", client_id=agency.client, name="Advent", starts_on="2026-11-29",
        ends_on="2026-12-24",
    )  # fmt: skip
    path = f"/api/v1/campaigns/{made['id']}"
    changed = await lead.patch(path, json={"ends_on": "2026-12-26"}, headers=if_match(made))
    assert changed.json()["ends_on"] == "2026-12-26"
    found = (await lead.get("/api/v1/campaigns", params={"client": agency.client})).json()
    assert [one["version"] for one in found["items"]] == [2]


async def test_members_do_not_set_up_clients(ask: As) -> None:
    problem(await ask(TOM).post("/api/v1/clients", json={"name": "X"}), 403, "forbidden")
    some = Identity("lena", "Lena Vogt", Role.LEAD, Scope(frozenset({"one"})))
    response = await ask(some).post("/api/v1/clients", json={"name": "X"})
    problem(response, 403, "not_for_one_client")
