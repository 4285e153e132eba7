"""The plan's pages without a browser: what they show, to whom, and what forms say."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest

from shared.auth import Identity, Role, Scope
from shared.service import Service
from tests.integration.planner.conftest import (
    LEAD,
    NOW,
    TOM,
    Agency,
    As,
    Json,
    Team,
    if_match,
    moved,
)

PAGE = {"Accept": "text/html"}
OTHER = Identity("otto", "Otto Fremd", Role.LEAD, Scope(frozenset({"another"})))
READER = Identity("olga", "Olga Ops", Role.OPS, Scope(None))


@pytest.fixture
def page(ask: As) -> httpx.AsyncClient:
    client = ask(LEAD)
    client.headers.update(PAGE)
    return client


def titles(html: str) -> list[str]:
    return re.findall(r'class="task-title">([^<]+)<', html)


async def test_a_new_agency_is_told_what_to_do_first(
    page: httpx.AsyncClient, agency: Agency, ask: As
) -> None:
    shown = (await page.get("/")).text
    assert "What to do first" in shown
    assert shown.count("first-step-done") == 2
    assert "/planner/content/new" in shown
    await agency.task(await agency.content())
    assert "What to do first" not in (await page.get("/")).text


async def test_groups_and_who_has_it(page: httpx.AsyncClient, agency: Agency, team: Team) -> None:
    await team.acting(f"{agency.client}:copywriting", "tom")
    item = await agency.content()
    await agency.task(item, title="Late", due_at=(NOW - timedelta(hours=1)).isoformat())
    await agency.task(item, title="Soon", due_at=(NOW + timedelta(hours=1)).isoformat())
    await agency.task(item, title="Gap", discipline="design", due_at="2026-12-24T09:00:00Z")
    shown = (await page.get("/")).text
    assert titles(shown) == ["Late", "Soon", "Gap"]
    headings = re.findall(r'class="plan-group-title[^>]*>([^<]+)<', shown)
    assert headings == ["Overdue", "Today", "Later"]
    assert "1 overdue" in shown
    assert "1 uncovered" in shown
    assert titles((await page.get("/?who=none")).text) == ["Gap"]
    assert titles((await page.get("/?who=tom&late=true")).text) == ["Late"]
    german = await page.get("/", headers={"Accept-Language": "de"})
    assert "Überfällig" in german.text
    assert "Unbesetzt" in german.text


async def test_the_list_goes_on_to_its_end_and_stays_small(
    page: httpx.AsyncClient, agency: Agency
) -> None:
    item = await agency.content()
    for number in range(105):
        due = (NOW + timedelta(minutes=number % 7)).isoformat()
        await agency.task(item, title=f"Task {number}", due_at=due)
    found: list[str] = []
    path: str | None = "/"
    while path is not None:
        response = await page.get(path)
        assert len(response.content) < 300 * 1024
        found += titles(response.text)
        following = re.search(r'rel="next" href="/planner([^"]+)"', response.text)
        path = following and following[1].replace("&amp;", "&")
    assert len(found) == len(set(found)) == 105


async def test_a_form_that_was_not_taken_keeps_what_was_typed(
    page: httpx.AsyncClient, agency: Agency
) -> None:
    typed = {
        "client_id": agency.client,
        "title": " ",
        "text": "Guji <b>",
        "pages": agency.instagram,
        f"at-{agency.instagram}": "2026-11-30T09:00",
    }
    response = await page.post("/content", data=typed, headers={"Accept-Language": "de"})
    assert response.status_code == 422
    assert "Guji &lt;b&gt;" in response.text
    assert 'value="2026-11-30T09:00"' in response.text
    assert re.search(r'value="[0-9a-f]{32}" checked', response.text)
    assert "Diese Angabe fehlt." in response.text


async def test_times_are_typed_in_the_readers_zone(page: httpx.AsyncClient, agency: Agency) -> None:
    typed = {
        "client_id": agency.client,
        "title": "Türchen 1",
        "pages": [agency.instagram],
        f"at-{agency.instagram}": "2027-07-01T09:00",
    }
    response = await page.post("/content", data=typed)
    assert response.status_code == 303
    path = response.headers["location"].removeprefix("/planner")
    item = (await page.get(f"/api/v1{path}")).json()
    assert item["variants"][0]["publish_at"] == "2027-07-01T07:00:00Z"
    assert 'value="2027-07-01T09:00"' in (await page.get(path)).text


async def test_times_left_as_shown_stay_as_they_are(
    page: httpx.AsyncClient, agency: Agency
) -> None:
    second_half_past_two = "2027-10-31T01:30:00Z"
    variants = [{"page_id": agency.instagram, "publish_at": second_half_past_two}]
    item = await agency.content(variants=variants)
    task = await agency.task(item, due_at="2027-10-31T01:30:12.345Z")
    shown = (await page.get(f"/content/{item['id']}")).text
    seen = _found(r'name="seen" value="([0-9a-f]{16})"', shown)
    typed = {"title": "Renamed", "pages": agency.instagram}
    typed |= {f"at-{agency.instagram}": "2027-10-31T02:30", "seen": seen}
    assert (await page.post(f"/content/{item['id']}/plan", data=typed)).status_code == 303
    item = (await page.get(f"/api/v1/content/{item['id']}")).json()
    assert item["title"] == "Renamed"
    assert item["variants"][0]["publish_at"] == second_half_past_two
    typed = {"title": "Renamed", "due_at": "2027-10-31T02:30", "version": "1"}
    assert (await page.post(f"/tasks/{task['id']}/change", data=typed)).status_code == 303
    changed = (await page.get(f"/api/v1/tasks/{task['id']}")).json()
    assert (changed["title"], changed["due_at"]) == ("Renamed", task["due_at"])


def _found(pattern: str, html: str) -> str:
    found = re.search(pattern, html)
    assert found is not None
    return found[1]


async def test_a_conflict_shows_both_texts(page: httpx.AsyncClient, agency: Agency) -> None:
    item = await agency.content()
    path = f"/content/{item['id']}"
    first = await page.post(f"{path}/text", data={"seen": "1", "text": "first\r\nline"})
    assert first.status_code == 303
    second = await page.post(f"{path}/text", data={"seen": "1", "text": "second"})
    assert second.status_code == 412
    assert "first\nline" in second.text
    assert ">second</textarea>" in second.text
    assert 'name="seen" value="2"' in second.text
    again = await page.post(f"{path}/text", data={"seen": "2", "text": "both"})
    assert again.status_code == 303
    assert (await page.get(f"/api/v1{path}")).json()["revision"]["number"] == 3


async def test_a_task_that_moved_on_is_no_conflict_for_the_text(
    page: httpx.AsyncClient, agency: Agency
) -> None:
    item = await agency.content()
    await agency.command(item, "submit")
    response = await page.post(f"/content/{item['id']}/text", data={"seen": "1", "text": "newer"})
    assert response.status_code == 303


async def test_commands_answer_htmx_with_the_part_and_a_way_back(
    page: httpx.AsyncClient, agency: Agency, team: Team
) -> None:
    await team.acting(f"{agency.client}:copywriting", "tom")
    task = await agency.task(await agency.content())
    path, htmx = f"/tasks/{task['id']}", {"HX-Request": "true"}
    response = await page.post(f"{path}/finish", data={"version": "1"}, headers=htmx)
    assert response.text.lstrip().startswith("<li")
    undo = re.search(r'action="/planner(/tasks/[^"]+reopen[^"]+)"', response.text)
    assert undo is not None
    await page.post(undo[1].replace("&amp;", "&"))
    assert (await page.get(f"/api/v1{path}")).json()["status"] == "todo"
    stale = await page.post(f"{path}/start", data={"version": "1"}, headers=htmx)
    assert stale.status_code == 412
    assert "Somebody else changed this" in stale.text


@pytest.mark.parametrize("home", [None, "jana"])
async def test_giving_away_what_was_away_from_home_offers_no_way_back(
    page: httpx.AsyncClient, agency: Agency, team: Team, service: Service, home: str | None
) -> None:
    """The way back would make the deputy its home."""
    await team.acting(f"{agency.client}:copywriting", "tom")
    task = await agency.task(await agency.content())
    await moved(service, task, to="tom", home=home)
    response = await page.post(
        f"/tasks/{task['id']}/assign",
        data={"version": "1", "member_id": "ruth"},
        headers={"HX-Request": "true"},
    )
    assert (f"/tasks/{task['id']}/assign?" in response.text) is (home is None)


async def test_a_plain_form_leads_back_to_the_page_it_was_on(
    page: httpx.AsyncClient, agency: Agency
) -> None:
    task = await agency.task(await agency.content())
    came_from = {"Referer": "http://understudy.test/planner/?who=me"}
    response = await page.post(
        f"/tasks/{task['id']}/start", data={"version": "1"}, headers=came_from
    )
    assert (response.status_code, response.headers["location"]) == (303, "/planner/?who=me")
    elsewhere = {"Referer": "http://evil.test/page"}
    response = await page.post(
        f"/tasks/{task['id']}/finish", data={"version": "2"}, headers=elsewhere
    )
    assert response.headers["location"] == f"/planner/tasks/{task['id']}"


async def test_who_may_only_read_finds_nothing_to_press(
    ask: As, agency: Agency, team: Team
) -> None:
    item = await agency.content()
    task = await agency.task(item)
    reader = ask(READER)
    for path in ("/", f"/content/{item['id']}", f"/tasks/{task['id']}", "/clients"):
        shown = (await reader.get(path, headers=PAGE)).text
        assert not re.search(r'<form[^>]+method="post"(?![^>]+/session/end)[^>]+planner/', shown)


@pytest.fixture
async def item(agency: Agency) -> Json:
    return await agency.content()


async def test_another_clients_pages_do_not_exist(
    ask: As, agency: Agency, item: Json, lead: httpx.AsyncClient
) -> None:
    task = await agency.task(item)
    other = ask(OTHER)
    other.headers.update(PAGE)
    for path in ("/", "/content", "/clients"):
        shown = await other.get(path)
        assert shown.status_code == 200
        for secret in ("Morgenrot", item["title"], task["title"]):
            assert secret not in shown.text
    content, work = f"/content/{item['id']}", f"/tasks/{task['id']}"
    for path in (
        content,
        f"{content}/live?revision=1",
        work,
        f"{work}/live",
        f"/clients/{agency.client}",
    ):
        assert (await other.get(path)).status_code == 404
    for path in (
        *(f"{content}/{form}" for form in ("text", "plan", "tasks", "submit", "withdraw")),
        *(f"{work}/{step}" for step in ("start", "finish", "drop", "assign", "change")),
        f"/clients/{agency.client}",
        f"/clients/{agency.client}/archive",
        f"/clients/{agency.client}/pages",
        f"/pages/{agency.instagram}",
        f"/pages/{agency.instagram}/archive",
    ):
        typed = {"version": "1", "seen": "1", "text": "mine", "title": "mine", "name": "mine"}
        assert (await other.post(path, data=typed)).status_code == 404, path
    assert (await lead.get(f"/api/v1{content}")).json()["version"] == 1
    assert (await lead.get(f"/api/v1{work}")).json()["version"] == 1


async def test_posts_ahead_and_past(page: httpx.AsyncClient, agency: Agency) -> None:
    def at(days: int) -> list[Json]:
        moment = (NOW + timedelta(days=days)).isoformat()
        return [{"page_id": agency.instagram, "publish_at": moment}]

    await agency.content(title="Ahead", variants=at(2))
    await agency.content(title="Past", variants=at(-2))
    await agency.content(title="Longer past", variants=at(-9))
    await agency.content(title="Undated", variants=[{"page_id": agency.instagram}])
    found = r'href="/planner/content/[0-9a-f]{32}">([^<]+)<'
    assert re.findall(found, (await page.get("/content")).text) == ["Ahead", "Undated"]
    past = (await page.get("/content?past=true")).text
    assert re.findall(found, past) == ["Past", "Longer past"]


async def test_clients_are_put_away_and_come_back(page: httpx.AsyncClient, agency: Agency) -> None:
    path = f"/clients/{agency.client}"
    await page.post(f"{path}/archive", data={"version": "1"})
    assert "Morgenrot" not in (await page.get("/clients")).text
    assert "Morgenrot" in (await page.get("/clients?archived=true")).text
    await page.post(f"{path}/restore", data={"version": "2"})
    assert "Morgenrot" in (await page.get("/clients")).text


async def test_members_find_no_setup(ask: As, agency: Agency) -> None:
    tom = ask(TOM)
    tom.headers.update(PAGE)
    assert (await tom.get("/clients/new")).status_code == 403
    assert (await tom.post("/clients", data={"name": "X"})).status_code == 403
    response = await tom.patch(
        f"/api/v1/clients/{agency.client}", json={"name": "X"}, headers=if_match(1)
    )
    assert response.status_code == 403
