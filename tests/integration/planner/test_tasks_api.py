"""Tasks over the JSON API: who gets them, what their holder does, what is refused."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from shared.auth import Identity
from shared.service import Service
from tests.integration.planner.conftest import (
    JANA,
    LEAD,
    NOW,
    TOM,
    Agency,
    As,
    Json,
    Team,
    if_match,
    moved,
    problem,
)  # fmt: skip

TOMORROW = (NOW + timedelta(days=1)).isoformat()


async def step(client: httpx.AsyncClient, task: Json, name: str, **body: object) -> Json:
    response = await client.post(
        f"/api/v1/tasks/{task['id']}/{name}", json=body or None, headers=if_match(task)
    )
    assert response.status_code == 200, response.text
    after: Json = response.json()
    assert response.headers["etag"] == f'"{after["version"]}"'
    return after


async def stored(service: Service, task: Json) -> Json:
    found = await service.mongo.collection("tasks").find_one({"_id": task["id"]})
    assert found is not None
    return found


async def test_a_new_task_goes_to_whoever_acts(agency: Agency, team: Team) -> None:
    await team.acting(f"{agency.client}:copywriting", "tom")
    task = await agency.task(await agency.content())
    assert (task["holder"], task["home"], task["status"]) == ("tom", None, "todo")
    assert task["responsibility_id"] == f"{agency.client}:copywriting"


async def test_in_a_gap_nobody_has_it(agency: Agency, lead: httpx.AsyncClient, team: Team) -> None:
    await team.acting(f"{agency.client}:copywriting", None)
    task = await agency.task(await agency.content())
    assert task["holder"] is None
    found = await lead.get("/api/v1/tasks", params={"holder": "none"})
    assert [one["id"] for one in found.json()["items"]] == [task["id"]]


async def test_the_page_decides_if_all_variants_share_it(agency: Agency, team: Team) -> None:
    await team.acting(f"{agency.client}:copywriting", "tom")
    await team.acting(f"{agency.instagram}:copywriting", "jana")
    for_one = await agency.task(await agency.content(agency.instagram))
    for_both = await agency.task(await agency.content(agency.instagram, agency.facebook))
    assert (for_one["holder"], for_one["page_id"]) == ("jana", agency.instagram)
    assert (for_both["holder"], for_both["page_id"]) == ("tom", None)


async def test_publishing_is_per_page(agency: Agency, lead: httpx.AsyncClient, team: Team) -> None:
    await team.acting(f"{agency.facebook}:publishing", "tom")
    item = await agency.content(agency.instagram, agency.facebook)
    body = {"discipline": "publishing", "title": "Enter it", "due_at": TOMORROW}
    path = f"/api/v1/content/{item['id']}/tasks"
    problem(await lead.post(path, json=body), 422, "page_required")
    foreign = await lead.post(path, json=body | {"page_id": "another"})
    problem(foreign, 422, "unknown_reference")
    made = await lead.post(path, json=body | {"page_id": agency.facebook})
    assert made.json()["holder"] == "tom"
    assert made.json()["responsibility_id"] == f"{agency.facebook}:publishing"
    shared = body | {"discipline": "design", "page_id": agency.facebook}
    problem(await lead.post(path, json=shared), 422, "invalid_request")


async def test_a_task_of_the_client_needs_no_content(agency: Agency, team: Team) -> None:
    await team.acting(f"{agency.client}:reporting", "jana")
    task = await agency.make(
        "tasks", client_id=agency.client, discipline="reporting", title="November",
        due_at=TOMORROW,
    )  # fmt: skip
    assert (task["holder"], task["content_id"]) == ("jana", None)


async def test_start_finish_reopen(agency: Agency, team: Team, ask: As, service: Service) -> None:
    await team.acting(f"{agency.client}:copywriting", "tom")
    tom = ask(TOM)
    task = await step(tom, await agency.task(await agency.content()), "start")
    task = await step(tom, task, "finish")
    assert (task["status"], task["finished_by"]) == ("done", "tom")
    assert (await stored(service, task))["open"] is False
    wrong = await tom.post(f"/api/v1/tasks/{task['id']}/start", headers=if_match(task))
    problem(wrong, 409, "task_step_not_possible")
    task = await step(tom, task, "reopen")
    assert (task["status"], task["holder"], task["finished_at"]) == ("todo", "tom", None)
    assert (await stored(service, task))["open"] is True


async def test_reopening_looks_for_somebody_who_is_here(
    agency: Agency, team: Team, ask: As
) -> None:
    await team.acting(f"{agency.client}:copywriting", "tom")
    task = await step(ask(TOM), await agency.task(await agency.content()), "finish")
    await team.present("tom", False)
    await team.acting(f"{agency.client}:copywriting", "jana")
    task = await step(ask(LEAD), task, "reopen")
    assert (task["holder"], task["home"]) == ("jana", None)


@pytest.mark.parametrize(
    ("finished_by", "here", "holder", "home"),
    [
        (LEAD, {"tom", "jana"}, "jana", None),  # untouched: home
        (TOM, {"tom", "jana"}, "tom", "jana"),  # touched: stays
        (TOM, {"jana"}, "jana", None),
        (TOM, set(), "ruth", None),  # neither is here: to whoever acts
    ],
)
async def test_reopening_away_from_home_goes_by_the_rule(
    agency: Agency,
    team: Team,
    ask: As,
    service: Service,
    finished_by: Identity,
    here: set[str],
    holder: str,
    home: str | None,
) -> None:
    await team.acting(f"{agency.client}:copywriting", "ruth")
    task = await agency.task(await agency.content())
    await moved(service, task, to="tom", home="jana")
    task = await step(ask(finished_by), task, "finish")
    for member_id in ("tom", "jana"):
        await team.present(member_id, member_id in here)
    task = await step(ask(LEAD), task, "reopen")
    assert (task["holder"], task["home"]) == (holder, home)


async def test_the_clients_responsibility_stands_in_for_the_pages(
    agency: Agency, team: Team, ask: As
) -> None:
    """Nobody had been made responsible for either when the task was made."""
    task = await agency.task(await agency.content(), discipline="publishing")
    assert (task["holder"], task["responsibility_id"]) == (None, f"{agency.instagram}:publishing")
    await team.acting(f"{agency.client}:publishing", "jana")
    assert (await step(ask(LEAD), task, "assign", member_id=None))["holder"] == "jana"


async def test_a_move_leaves_the_version_and_the_deputy_touches(
    agency: Agency, team: Team, ask: As, service: Service
) -> None:
    """An edit decided before the move still counts; it does not undo the move."""
    await team.acting(f"{agency.client}:copywriting", "jana")
    task = await agency.task(await agency.content())
    await moved(service, task, to="tom", home="jana")
    change = {"title": "Final text, shorter"}
    response = await ask(LEAD).patch(
        f"/api/v1/tasks/{task['id']}", json=change, headers=if_match(task)
    )
    assert response.status_code == 200
    row = await stored(service, task)
    assert (row["holder"], row["home"], row["move_no"]) == ("tom", "jana", 1)
    assert row["touched"] is False
    started = await step(ask(TOM), response.json(), "start")
    row = await stored(service, task)
    assert (row["holder"], row["home"], row["touched"], row["move_no"]) == ("tom", "jana", True, 1)
    assert started["home"] == "jana"


async def test_a_new_text_touches_the_tasks_its_writer_holds(
    agency: Agency, ask: As, service: Service
) -> None:
    item = await agency.content()
    mine, at_home, janas, done = [await agency.task(item) for _ in range(4)]
    await moved(service, mine, to="tom", home="jana")
    await moved(service, at_home, to="tom", home=None)
    await moved(service, janas, to="jana", home="ruth")
    done = await step(ask(LEAD), done, "finish")
    await moved(service, done, to="tom", home="jana")

    async def edit(**fields: str) -> list[bool]:
        nonlocal item
        path = f"/api/v1/content/{item['id']}"
        item = (await ask(TOM).patch(path, json=fields, headers=if_match(item))).json()
        return [(await stored(service, one))["touched"] for one in (mine, at_home, janas, done)]

    assert await edit(title="Renamed") == [False, False, False, False]
    assert await edit(text="Guji, natural.") == [True, False, False, False]
    assert await edit(text="Guji, honey.") == [True, False, False, False]
    assert (await stored(service, mine))["version"] == 2


async def test_assigning_by_name(agency: Agency, team: Team, ask: As, service: Service) -> None:
    await team.acting(f"{agency.client}:copywriting", "tom")
    await team.member("mira", present=False)
    await team.member("paul", clients=("another",))
    await team.member("gone", active=False)
    lead = ask(LEAD)
    task = await agency.task(await agency.content())
    await moved(service, task, to="tom", home="jana")

    async def refused(member_id: str, status: int, code: str) -> None:
        path = f"/api/v1/tasks/{task['id']}/assign"
        body = {"member_id": member_id}
        problem(await lead.post(path, json=body, headers=if_match(task)), status, code)

    await refused("mira", 409, "member_absent")
    await refused("nobody", 422, "unknown_member")
    await refused("gone", 422, "unknown_member")
    await refused("paul", 409, "member_without_access")
    task = await step(lead, task, "assign", member_id="jana")
    assert (task["holder"], task["home"]) == ("jana", None)
    task = await step(lead, task, "assign", member_id=None)
    assert task["holder"] == "tom"
    assert (await stored(service, task))["move_no"] == 1


async def test_a_stale_version_is_refused(agency: Agency, team: Team, ask: As) -> None:
    task = await agency.task(await agency.content())
    await step(ask(TOM), task, "start")
    again = await ask(TOM).post(f"/api/v1/tasks/{task['id']}/finish", headers=if_match(task))
    problem(again, 412, "stale_version")


async def test_filters(agency: Agency, team: Team, ask: As) -> None:
    await team.acting(f"{agency.client}:copywriting", "tom")
    await team.acting(f"{agency.client}:design", "jana")
    item = await agency.content()
    late = await agency.task(item, due_at=(NOW + timedelta(days=3)).isoformat())
    soon = await agency.task(item)
    picture = await agency.task(item, discipline="design")
    await step(ask(JANA), picture, "finish")

    async def found(who: httpx.AsyncClient, **params: str) -> list[str]:
        response = await who.get("/api/v1/tasks", params=params)
        return [one["id"] for one in response.json()["items"]]

    lead = ask(LEAD)
    assert await found(lead, holder="tom") == [soon["id"], late["id"]]
    assert await found(ask(TOM), holder="me", due_to=TOMORROW) == [soon["id"]]
    assert await found(lead, status="done") == [picture["id"]]
    assert await found(lead, open="true", discipline="design") == []
    assert await found(lead, page=agency.facebook) == []
    assert await found(lead, client=agency.client, due_from=TOMORROW) == [late["id"]]


async def test_dropping(agency: Agency, lead: httpx.AsyncClient) -> None:
    task = await step(lead, await agency.task(await agency.content()), "drop")
    assert task["status"] == "dropped"


@pytest.mark.parametrize("name", ["start", "finish", "drop", "reopen", "assign"])
async def test_unknown_ids(lead: httpx.AsyncClient, name: str) -> None:
    body = {"member_id": "tom"} if name == "assign" else None
    response = await lead.post(f"/api/v1/tasks/none/{name}", json=body, headers=if_match(1))
    problem(response, 404, "not_found")
