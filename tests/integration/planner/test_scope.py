"""Nobody without an identity gets anything, and nobody sees or changes another client's things."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from shared.auth import Identity, Role, Scope
from shared.web.access import accesses
from tests.integration.planner.conftest import Agency, As, Json, Team, if_match, problem

OTHER = Identity("otto", "Otto Fremd", Role.LEAD, Scope(frozenset({"another"})))
CONTACT = Identity("kim", "Kim Kundin", Role.CONTACT, Scope(None))


async def test_every_route_asks_who_calls(app: FastAPI, ask: As) -> None:
    for access in accesses(app):
        if access.public:
            continue
        assert access.permissions, f"{access.path} names no permission"
        for method in access.methods:
            path = access.path.replace("{", "").replace("}", "")
            response = await ask(None).request(method, path)
            problem(response, 401, "not_signed_in")
            assert (await ask(CONTACT).request(method, path)).status_code == 403


@pytest.fixture
async def things(agency: Agency, team: Team) -> dict[str, Json]:
    item = await agency.content()
    campaign = await agency.make(
        "campaigns", client_id=agency.client, name="Advent", starts_on="2026-11-29",
        ends_on="2026-12-24",
    )  # fmt: skip
    return {
        "clients": {"id": agency.client, "version": 1},
        "pages": {"id": agency.instagram, "version": 1},
        "campaigns": campaign,
        "content": item,
        "tasks": await agency.task(item),
    }


async def test_another_clients_things_do_not_exist(
    ask: As, lead: httpx.AsyncClient, things: dict[str, Json]
) -> None:
    other = ask(OTHER)
    for kind, thing in things.items():
        path = f"/api/v1/{kind}/{thing['id']}"
        assert (await other.get(f"/api/v1/{kind}", params={"limit": 200})).json()["items"] == []
        problem(await other.get(path), 404, "not_found")
        for body in ({"name": "Mine"}, {"title": "Mine"}):
            response = await other.patch(path, json=body, headers=if_match(thing))
            assert response.status_code in (404, 422)
        assert (await lead.get(path)).json()["version"] == thing["version"]


async def test_commands_on_another_clients_things(
    ask: As, lead: httpx.AsyncClient, things: dict[str, Json]
) -> None:
    other = ask(OTHER)
    content, task = things["content"], things["tasks"]
    paths = [
        *(f"/api/v1/content/{content['id']}/{command}" for command in (
            "submit", "schedule", "unschedule", "mark-published", "withdraw", "reopen",
        )),
        *(f"/api/v1/tasks/{task['id']}/{step}" for step in ("start", "finish", "drop", "reopen")),
    ]  # fmt: skip
    for path in paths:
        problem(await other.post(path, headers=if_match(1)), 404, "not_found")
    decide = {"revision": 1}
    for command in ("approve", "request-changes"):
        path = f"/api/v1/content/{content['id']}/{command}"
        problem(await other.post(path, json=decide, headers=if_match(1)), 404, "not_found")
    path = f"/api/v1/tasks/{task['id']}/assign"
    refused = await other.post(path, json={"member_id": "tom"}, headers=if_match(1))
    problem(refused, 404, "not_found")
    problem(await other.get(f"/api/v1/content/{content['id']}/revisions"), 404, "not_found")
    new = {"discipline": "design", "title": "X", "due_at": "2026-11-25T09:00:00Z"}
    problem(await other.post(f"/api/v1/content/{content['id']}/tasks", json=new), 404, "not_found")


async def test_nothing_is_made_for_or_from_another_client(
    ask: As, agency: Agency, lead: httpx.AsyncClient, things: dict[str, Json]
) -> None:
    mine = (await lead.post("/api/v1/clients", json={"name": "Radwerk"})).json()["id"]
    own = ask(Identity("rita", "Rita", Role.LEAD, Scope(frozenset({mine}))))
    task = {"discipline": "publishing", "title": "X", "due_at": "2026-11-25T09:00:00Z"}
    theirs: list[tuple[str, Json]] = [
        ("pages", {"client_id": agency.client, "name": "X", "platform": "mastodon"}),
        ("content", {"client_id": agency.client, "title": "X"}),
        ("content", {"client_id": mine, "title": "X", "variants": [{"page_id": agency.instagram}]}),
        ("content", {"client_id": mine, "title": "X", "campaign_id": things["campaigns"]["id"]}),
        ("tasks", {"client_id": agency.client, **task}),
        ("tasks", {"client_id": mine, "page_id": agency.instagram, **task}),
    ]
    for path, body in theirs:
        problem(await own.post(f"/api/v1/{path}", json=body), 422, "unknown_reference")
