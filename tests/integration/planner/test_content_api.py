"""Content items over the JSON API: their way, their conditions, their events."""

from __future__ import annotations

import asyncio
import itertools
import json
from datetime import timedelta

import httpx
import pytest

from shared.service import Service
from tests.integration.planner.conftest import (
    LEAD,
    NOW,
    TOM,
    Agency,
    As,
    Clock,
    Json,
    Team,
    emitted,
    if_match,
    problem,
)

TOMORROW = (NOW + timedelta(days=1)).isoformat()


async def statuses(service: Service, content_id: str) -> list[tuple[str | None, str]]:
    events = await emitted(service, "content.status", content_id)
    return [(event["previous"], event["status"]) for event in events]


async def open_tasks(lead: httpx.AsyncClient, content: Json) -> list[Json]:
    found = await lead.get("/api/v1/tasks", params={"content": content["id"], "open": "true"})
    items: list[Json] = found.json()["items"]
    return items


async def test_from_draft_to_published(agency: Agency, service: Service) -> None:
    item = await agency.content(agency.instagram, agency.facebook)
    assert item["status"] == "draft"
    assert item["revision"]["by"] == LEAD.member_id
    item = await agency.command(item, "submit")
    item = await agency.command(item, "approve", revision=1)
    assert item["approval"]["revision"] == 1
    item = await agency.command(item, "schedule")
    assert item["legal"] == ["unschedule", "mark_published", "withdraw"]
    item = await agency.command(item, "mark-published")
    assert (item["status"], item["legal"], item["version"]) == ("published", [], 5)
    assert await statuses(service, item["id"]) == [
        (None, "draft"),
        ("draft", "in_review"),
        ("in_review", "approved"),
        ("approved", "scheduled"),
        ("scheduled", "published"),
    ]
    told = (await emitted(service, "content.status", item["id"]))[-1]
    assert {variant["page_id"] for variant in told["variants"]} == {
        agency.instagram,
        agency.facebook,
    }
    assert told["client_id"] == agency.client


async def test_asking_for_approval_makes_a_task_for_whoever_acts(
    agency: Agency, team: Team, lead: httpx.AsyncClient
) -> None:
    await team.acting(f"{agency.client}:editorial_plan", "tom")
    item = await agency.command(await agency.content(), "submit")
    (approval,) = await open_tasks(lead, item)
    assert (approval["kind"], approval["revision"]) == ("approval", 1)
    assert approval["holder"] == "tom"
    assert approval["due_at"] == (NOW + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    refused = await lead.post(f"/api/v1/tasks/{approval['id']}/finish", headers=if_match(approval))
    problem(refused, 409, "decided_on_content")
    await agency.command(item, "approve", revision=1)
    done = (await lead.get(f"/api/v1/tasks/{approval['id']}")).json()
    assert (done["status"], done["finished_by"]) == ("done", LEAD.member_id)


async def test_a_new_text_drops_the_approval_and_its_task(
    agency: Agency, lead: httpx.AsyncClient, ask: As, service: Service
) -> None:
    item = await agency.command(await agency.content(), "submit")
    response = await ask(TOM).patch(
        f"/api/v1/content/{item['id']}", json={"text": "Guji, natural."}, headers=if_match(item)
    )
    revised = response.json()
    assert (revised["status"], revised["revision"]["number"]) == ("draft", 2)
    assert response.headers["etag"] == f'"{revised["version"]}"'
    assert await open_tasks(lead, item) == []
    found = await lead.get(f"/api/v1/content/{item['id']}/revisions")
    assert [(one["number"], one["text"], one["by"]) for one in found.json()["items"]] == [
        (2, "Guji, natural.", "tom"),
        (1, "Guji, washed.", "ruth"),
    ]
    assert (await statuses(service, item["id"]))[-1] == ("in_review", "draft")


async def test_deciding_on_an_old_text_is_refused(agency: Agency, lead: httpx.AsyncClient) -> None:
    item = await agency.command(await agency.content(), "submit")
    response = await lead.post(
        f"/api/v1/content/{item['id']}/approve", json={"revision": 7}, headers=if_match(item)
    )
    problem(response, 409, "revision_outdated")


async def test_changes_are_asked_for_with_a_remark(agency: Agency) -> None:
    item = await agency.command(await agency.content(), "submit")
    item = await agency.command(item, "request-changes", revision=1, remark="Shorter, please.")
    assert (item["status"], item["remark"]) == ("changes_requested", "Shorter, please.")
    assert (await agency.command(item, "submit"))["remark"] == ""


async def test_withdrawing_drops_the_open_tasks(agency: Agency, lead: httpx.AsyncClient) -> None:
    item = await agency.content()
    task = await agency.task(item)
    item = await agency.command(item, "withdraw")
    assert await open_tasks(lead, item) == []
    refused = await lead.post(
        f"/api/v1/content/{item['id']}/tasks",
        json={"discipline": "design", "title": "Picture", "due_at": TOMORROW},
    )
    problem(refused, 409, "content_closed")
    assert (await agency.command(item, "reopen"))["status"] == "draft"
    dropped = (await lead.get(f"/api/v1/tasks/{task['id']}")).json()
    assert dropped["status"] == "dropped"


async def test_what_the_status_does_not_allow_is_named(
    agency: Agency, lead: httpx.AsyncClient
) -> None:
    item = await agency.content()
    response = await lead.post(f"/api/v1/content/{item['id']}/schedule", headers=if_match(item))
    document = problem(response, 409, "illegal_transition")
    assert document["legal"] == ["submit", "withdraw"]


async def test_a_past_publish_time_is_not_scheduled(
    agency: Agency, lead: httpx.AsyncClient, clock: Clock
) -> None:
    item = await agency.command(await agency.content(), "submit")
    item = await agency.command(item, "approve", revision=1)
    clock.now += timedelta(days=2)
    response = await lead.post(f"/api/v1/content/{item['id']}/schedule", headers=if_match(item))
    problem(response, 409, "content_not_ready")


async def test_concurrent_writers_leave_no_hole(
    agency: Agency, lead: httpx.AsyncClient, service: Service
) -> None:
    """Ten people save at once, twenty times in all: versions and sequences count on without gap."""
    item = await agency.command(await agency.content(), "submit")
    item = await agency.command(item, "approve", revision=1)
    path = f"/api/v1/content/{item['id']}"

    async def toggle() -> int:
        present = (await lead.get(path)).json()
        command = "schedule" if present["status"] == "approved" else "unschedule"
        response = await lead.post(f"{path}/{command}", headers=if_match(present))
        assert response.status_code in (200, 409, 412), response.text
        return int(response.status_code == 200)

    saved = 0
    while saved < 20:
        saved += sum(await asyncio.gather(*(toggle() for _ in range(10))))
    after = (await lead.get(path)).json()
    assert after["version"] == item["version"] + saved
    told = await statuses(service, item["id"])
    assert len(told) == 3 + saved
    assert all(left == right for (_, left), (right, _) in itertools.pairwise(told))


async def test_a_stale_version_is_refused_and_nothing_is_lost(
    agency: Agency, lead: httpx.AsyncClient
) -> None:
    item = await agency.content()
    path = f"/api/v1/content/{item['id']}"
    first = await lead.patch(path, json={"text": "one"}, headers=if_match(1))
    assert first.status_code == 200
    second = await lead.patch(path, json={"text": "two"}, headers=if_match(1))
    problem(second, 412, "stale_version")
    problem(await lead.patch(path, json={"text": "two"}), 428, "precondition_required")
    assert (await lead.get(path)).json()["revision"]["text"] == "one"


async def test_a_campaign_takes_the_tasks_along(agency: Agency, lead: httpx.AsyncClient) -> None:
    advent = await agency.make(
        "campaigns", client_id=agency.client, name="Advent", starts_on="2026-11-29",
        ends_on="2026-12-24",
    )  # fmt: skip
    item = await agency.content()
    task = await agency.task(item)
    await lead.patch(
        f"/api/v1/content/{item['id']}",
        json={"campaign_id": advent["id"]},
        headers=if_match(item),
    )
    found = await lead.get("/api/v1/tasks", params={"campaign": advent["id"]})
    assert [one["id"] for one in found.json()["items"]] == [task["id"]]
    found = await lead.get("/api/v1/content", params={"campaign": advent["id"]})
    assert [one["id"] for one in found.json()["items"]] == [item["id"]]


async def test_filters_combine_and_pages_go_to_the_end(
    agency: Agency, lead: httpx.AsyncClient
) -> None:
    made = []
    for hours in (5, 3, 1, 4, 2):
        at = (NOW + timedelta(hours=hours)).isoformat()
        variants = [{"page_id": agency.instagram, "publish_at": at}]
        made.append((hours, (await agency.content(variants=variants))["id"]))
    undated = await agency.content(variants=[{"page_id": agency.instagram}])
    await agency.content(agency.facebook)
    params: dict[str, str] = {"page": agency.instagram, "status": "draft", "limit": "2"}
    found: list[str] = []
    while True:
        page = (await lead.get("/api/v1/content", params=params)).json()
        found += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert found == [*(id_ for _, id_ in sorted(made)), undated["id"]]
    dated = await lead.get(
        "/api/v1/content",
        params={
            "due_from": (NOW + timedelta(hours=2)).isoformat(),
            "due_to": (NOW + timedelta(hours=4)).isoformat(),
        },
    )
    assert [item["id"] for item in dated.json()["items"]] == [id_ for _, id_ in sorted(made)[1:3]]


async def test_the_latest_first_come_sorted_from_an_index(started: Service) -> None:
    content = started.mongo.collection("content")
    found = content.find({"due_at": {"$lt": NOW}}).sort([("due_at", -1), ("_id", -1)])
    plan = json.dumps((await found.explain())["queryPlanner"]["winningPlan"], default=str)
    assert "IXSCAN" in plan
    assert '"SORT"' not in plan


@pytest.mark.parametrize(
    "params",
    [{"cursor": "x"}, {"colour": "red"}, {"limit": "0"}, {"due_from": "0001-01-01T00:00:00+14:00"}],
)
async def test_a_query_that_makes_no_sense(
    agency: Agency, lead: httpx.AsyncClient, params: dict[str, str]
) -> None:
    problem(await lead.get("/api/v1/content", params=params), 422, "invalid_request")


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"title": ""}, "/title", "invalid_request"),
        ({"colour": "red"}, "/colour", "invalid_request"),
        ({"client_id": "nobody"}, "/client_id", "unknown_reference"),
        ({"campaign_id": "none"}, "/campaign_id", "unknown_reference"),
        ({"variants": [{"page_id": "none"}]}, "/variants/0/page_id", "unknown_reference"),
        (
            {"variants": [{"page_id": "p", "publish_at": "2026-11-24T10:00"}]},
            "/variants/0/publish_at",
            "invalid_request",
        ),
    ],
)
async def test_a_body_that_does_not_fit_names_the_field(
    agency: Agency, lead: httpx.AsyncClient, body: Json, pointer: str, code: str
) -> None:
    sent = {"client_id": agency.client, "title": "Türchen 2"} | body
    document = problem(await lead.post("/api/v1/content", json=sent), 422, code)
    assert [error["pointer"] for error in document["errors"]] == [pointer]


@pytest.mark.parametrize("day", ["1999-12-31", "2101-01-01", "9999-12-31"])
async def test_a_campaign_out_of_this_world_is_refused(
    agency: Agency, lead: httpx.AsyncClient, day: str
) -> None:
    days = {"starts_on": day, "ends_on": day}
    body = {"client_id": agency.client, "name": "Advent", **days}
    document = problem(await lead.post("/api/v1/campaigns", json=body), 422, "invalid_request")
    assert [error["pointer"] for error in document["errors"]] == ["/starts_on", "/ends_on"]


async def test_malformed_json(lead: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    response = await lead.post("/api/v1/content", content=b'{"title": ', headers=headers)
    problem(response, 400, "malformed_json")


async def test_the_same_key_makes_one_item(agency: Agency, lead: httpx.AsyncClient) -> None:
    body = {"client_id": agency.client, "title": "Türchen 3"}
    key = {"Idempotency-Key": "k-1"}
    first = await lead.post("/api/v1/content", json=body, headers=key)
    again = await lead.post("/api/v1/content", json=body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.headers["location"] == f"/planner/api/v1/content/{first.json()['id']}"
    other = await lead.post("/api/v1/content", json=body | {"title": "else"}, headers=key)
    problem(other, 422, "idempotency_key_reused")
    found = await lead.get("/api/v1/content")
    assert len(found.json()["items"]) == 1
