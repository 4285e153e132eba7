"""The calendar without a browser: what it shows and counts, to whom, and how posts are planned."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from pymongo import MongoClient
from pymongo.database import Database

from shared.auth import Identity, Role, Scope
from shared.service import Service
from tests.integration.planner.conftest import (
    LEAD,
    NOW,
    Agency,
    As,
    Clock,
    Json,
    Team,
    if_match,
    moved,
    problem,
)

HTML = {"Accept": "text/html"}
HTMX = {**HTML, "HX-Request": "true"}
OTHER = Identity("otto", "Otto Fremd", Role.LEAD, Scope(frozenset({"another"})))
READER = Identity("olga", "Olga Ops", Role.OPS, Scope(None))
BERLIN = ZoneInfo("Europe/Berlin")
LARGEST = 300 * 1024


@pytest.fixture
def page(ask: As) -> httpx.AsyncClient:
    client = ask(LEAD)
    client.headers.update(HTML)
    return client


def at(text: str) -> str:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).isoformat()


async def post(agency: Agency, title: str, when: str | None, *pages: str, **fields: Any) -> Json:
    publish_at = None if when is None else at(when)
    variants = [
        {"page_id": page, "publish_at": publish_at} for page in pages or (agency.instagram,)
    ]
    return await agency.content(title=title, variants=variants, **fields)


def titles(html: str) -> list[str]:
    return [unescape(title) for title in re.findall(r'class="post-title">([^<]+)<', html)]


def by_day(html: str) -> dict[str, list[str]]:
    """The titles shown on each day that has any."""
    parts = re.split(r'<li class="day [^>]*id="day-([0-9-]+)"', html.partition("<aside")[0])
    found = {day: titles(part) for day, part in zip(parts[1::2], parts[2::2], strict=True)}
    return {day: shown for day, shown in found.items() if shown}


def undated(html: str) -> list[str]:
    return re.findall(r'class="undated-title">([^<]+)<', html)


def counts(html: str) -> dict[str, int]:
    """What the legend says."""
    found = re.findall(r'id="state-(\w+)".*?<b>([\d,.]+)</b>', html)
    return {state: int(re.sub(r"\D", "", count)) for state, count in found}


async def test_a_month_in_the_readers_days(page: httpx.AsyncClient, agency: Agency) -> None:
    for when in ("2026-10-25T23:59", "2026-10-26T00:00", "2026-11-24T23:30", "2026-11-25T00:10"):
        await post(agency, when, when)
    await post(agency, "The last", "2026-12-06T23:59")
    await post(agency, "Too late", "2026-12-07T00:00")
    shown = (await page.get("/calendar")).text
    assert by_day(shown) == {
        "2026-10-26": ["2026-10-26T00:00"],
        "2026-11-24": ["2026-11-24T23:30"],
        "2026-11-25": ["2026-11-25T00:10"],
        "2026-12-06": ["The last"],
    }
    assert re.findall(r'class="week-number"[^>]*>(\d+)<', shown) == [
        *("44", "45", "46", "47", "48", "49")
    ]
    assert "Europe/Berlin (CET)" in shown
    german = (await page.get("/calendar", headers={"Accept-Language": "de"})).text
    assert "Montag" in german
    assert "Kalender" in german


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
async def test_days_when_the_clocks_change(
    page: httpx.AsyncClient, agency: Agency, day: str, hours: int
) -> None:
    midnight = datetime.combine(date.fromisoformat(day), datetime.min.time(), BERLIN)
    first = midnight.astimezone(UTC)
    for title, after in (
        ("before", timedelta(minutes=-1)),
        ("first", timedelta()),
        ("last", timedelta(hours=hours, minutes=-1)),
        ("after", timedelta(hours=hours)),
    ):
        variant = {"page_id": agency.instagram, "publish_at": (first + after).isoformat()}
        await agency.content(title=title, variants=[variant])
    for view in ("month", "week"):
        shown = by_day((await page.get(f"/calendar?view={view}&date={day}")).text)
        assert shown[day] == ["first", "last"]
    assert titles((await page.get(f"/calendar?view=day&date={day}")).text) == ["first", "last"]


async def test_somebody_elsewhere_sees_their_own_days(ask: As, agency: Agency) -> None:
    await post(agency, "Early", "2026-11-25T00:30")
    away = ask(Identity("ana", "Ana", Role.MEMBER, Scope(None), tz="America/New_York"))
    shown = (await away.get("/calendar", headers=HTML)).text
    assert by_day(shown) == {"2026-11-24": ["Early"]}
    assert "America/New_York (EST)" in shown


async def test_finished_weeks_shrink_and_the_rest_is_a_day_away(
    page: httpx.AsyncClient, agency: Agency
) -> None:
    for number in range(7):
        await post(agency, f"Past {number}", f"2026-11-10T0{number}:00")
        await post(agency, f"Ahead {number}", f"2026-11-26T0{number}:00")
    shown = (await page.get("/calendar")).text
    assert by_day(shown) == {
        "2026-11-10": ["Past 0", "Past 1"],
        "2026-11-26": ["Ahead 0", "Ahead 1", "Ahead 2", "Ahead 3"],
    }
    assert "+5</a>" in shown
    more = re.search(r'id="more-2026-11-26" href="/planner([^"]+)">\+3 more<', shown)
    assert more is not None
    day = (await page.get(unescape(more[1]))).text
    assert titles(day) == [f"Ahead {number}" for number in range(7)]
    week = (await page.get("/calendar?view=week&date=2026-11-12")).text
    assert len(by_day(week)["2026-11-10"]) == 7


async def test_the_legend_counts_and_filters(
    page: httpx.AsyncClient, agency: Agency, clock: Clock
) -> None:
    clock.now = NOW - timedelta(days=10)
    for title, when in (("Late", "2026-11-20T09:00"), ("Ahead", "2026-11-27T09:00")):
        await post(agency, title, when)
    approved = await post(agency, "Approved", "2026-11-28T09:00")
    approved = await agency.command(approved, "submit")
    approved = await agency.command(approved, "approve", revision=1)
    out = await post(agency, "Out", "2026-11-19T09:00")
    for command, body in (("submit", {}), ("approve", {"revision": 1}), ("mark-published", {})):
        out = await agency.command(out, command, **body)
    await agency.command(await post(agency, "Withdrawn", "2026-11-27T09:00"), "withdraw")
    await post(agency, "Someday", None)
    clock.now = NOW

    shown = (await page.get("/calendar")).text
    assert counts(shown) == {
        "draft": 1,
        "in_review": 0,
        "changes_requested": 0,
        "approved": 1,
        "scheduled": 0,
        "published": 1,
        "overdue": 1,
        "withdrawn": 1,
    }
    assert sorted(titles(shown)) == ["Ahead", "Approved", "Late", "Out"]
    assert undated(shown) == ["Someday"]
    for states, expected in (
        (["overdue"], ["Late"]),
        (["draft"], ["Ahead"]),
        (["withdrawn", "published"], ["Out", "Withdrawn"]),
        (["draft", "overdue"], ["Ahead", "Late"]),
    ):
        filtered = (await page.get("/calendar", params={"status": states})).text
        assert sorted(titles(filtered)) == expected
        assert counts(filtered) == counts(shown)
    assert undated((await page.get("/calendar?status=overdue")).text) == []
    assert undated((await page.get("/calendar?status=draft")).text) == ["Someday"]
    link = re.search(r'id="state-draft" href="/planner([^"]+)"', filtered)
    assert link is not None
    assert titles((await page.get(unescape(link[1]))).text) == ["Late"]


async def test_the_filters_combine(page: httpx.AsyncClient, agency: Agency, team: Team) -> None:
    await team.acting(f"{agency.client}:copywriting", "tom")
    campaign = await agency.make(
        "campaigns", client_id=agency.client, name="Advent", starts_on="2026-11-29",
        ends_on="2026-12-24",
    )  # fmt: skip
    advent = {"campaign_id": campaign["id"]}
    toms = await post(agency, "Tom's", "2026-11-26T09:00", **advent)
    await agency.task(toms)
    open_one = await post(agency, "Nobody's", "2026-11-26T10:00", agency.facebook, **advent)
    await agency.task(open_one, discipline="design")
    done = await post(agency, "Done", "2026-11-26T11:00", agency.facebook)
    task = await agency.task(done)
    await page.post(f"/api/v1/tasks/{task['id']}/finish", headers=if_match(1))

    async def shown(**query: str) -> list[str]:
        return titles((await page.get("/calendar", params=query)).text)

    assert await shown(who="tom") == ["Tom's"]
    assert await shown(who="none") == ["Nobody's"]
    assert await shown(who="me") == []
    assert await shown(page=agency.facebook) == ["Nobody's", "Done"]
    assert await shown(campaign=campaign["id"]) == ["Tom's", "Nobody's"]
    assert await shown(campaign=campaign["id"], page=agency.facebook) == ["Nobody's"]
    assert await shown(client="another") == []
    assert await shown(client=agency.client, page="", who="") == ["Tom's", "Nobody's", "Done"]
    empty = (await page.get("/calendar?who=me")).text
    assert "Nothing goes out here that matches these filters." in empty


async def test_who_has_it_by_the_grammar(
    page: httpx.AsyncClient, agency: Agency, team: Team, service: Service
) -> None:
    await team.acting(f"{agency.client}:copywriting", "tom")
    for number, title in enumerate(("Owner", "Deputy", "Gap")):
        task = await agency.task(await post(agency, title, f"2026-11-26T0{number}:00"))
        if title == "Deputy":
            await moved(service, task, to="jana", home="tom")
        if title == "Gap":
            await moved(service, task, to=None, home="tom")
    shown = (await page.get("/calendar")).text
    owner, deputy, gap = re.findall(r'<a class="post-card.*?</a>', shown, re.DOTALL)
    assert "avatar-owner" in owner
    assert "Tom Berger" in owner
    assert "avatar-deputy" in deputy
    assert "Jana Hoffmann" in deputy
    assert "post-gap" in gap
    assert "avatar" not in gap


async def test_no_client_yet_and_nothing_in_a_month(
    page: httpx.AsyncClient, lead: httpx.AsyncClient
) -> None:
    assert "What to do first" in (await page.get("/calendar")).text
    agency = Agency(lead)
    await agency.setup()
    shown = (await page.get("/calendar?date=2027-05-01")).text
    assert "What to do first" not in shown
    assert "Nothing goes out in this time yet." in shown
    assert "May 2027" in shown


@pytest.mark.parametrize("query", ["date=1999-12-31", "date=soon", "view=year", "status=lost"])
async def test_addresses_that_mean_nothing(page: httpx.AsyncClient, query: str) -> None:
    assert (await page.get(f"/calendar?{query}")).status_code == 422


# --- 5,000 posts in a month: shape, not time


async def fill(service: Service, agency: Agency) -> None:
    """5,000 posts as the store keeps them, spread over November, with texts worth their name, and
    100 without a day."""
    content = service.mongo.collection("content")
    first = datetime(2026, 11, 1, tzinfo=UTC)
    made = await agency.content()
    pattern = await content.find_one({"_id": made["id"]})
    assert pattern is not None
    await content.delete_one({"_id": made["id"]})
    pattern["revision"] = {**pattern["revision"], "text": "Guji, washed. " * 80}
    dated = [
        {
            **pattern,
            "_id": f"{number:032x}",
            "title": f"Post {number} <in a month of many>",
            "variants": [{"page_id": agency.instagram, "publish_at": due_at}],
            "due_at": due_at,
        }
        for number in range(5_000)
        for due_at in [first + timedelta(minutes=number * 8.6)]
    ]
    undated = [
        {
            **pattern,
            "_id": f"f{number:031x}",
            "title": f"Idea {number}",
            "variants": [{"page_id": agency.instagram, "publish_at": None}],
            "due_at": None,
            "undated": True,
        }
        for number in range(100)
    ]
    await content.insert_many([*dated, *undated])


@pytest.fixture
async def full(service: Service, agency: Agency) -> Agency:
    await service._create_indexes()
    await fill(service, agency)
    return agency


async def test_a_month_of_5000_posts_stays_small(
    page: httpx.AsyncClient, full: Agency, service: Service, mongodb_client: MongoClient[Json]
) -> None:
    assert full.client
    commands = await profiled(mongodb_client[service.mongo.name], page, "/calendar")
    for view in ("month", "week", "day"):
        response = await page.get(f"/calendar?view={view}&date=2026-11-26")
        assert len(response.content) < LARGEST, view
        assert len(undated(response.text)) == 12
    shown = (await page.get("/calendar")).text
    assert sum(counts(shown).values()) == 5_000
    shown_by_day = by_day(shown)
    assert all(len(found) == 2 for day, found in shown_by_day.items() if day < "2026-11-23")
    assert {len(found) for day, found in shown_by_day.items() if day >= "2026-11-23"} == {4}
    assert commands, "the profiler saw nothing"
    for command in commands:
        assert "COLLSCAN" not in command["planSummary"], command["command"]
        assert command.get("nreturned", 0) < 100, command["command"]
        assert command.get("responseLength", 0) < LARGEST


async def profiled(database: Database[Json], page: httpx.AsyncClient, path: str) -> list[Json]:
    """What MongoDB did for a page in the collections that grow."""
    database.command("profile", 2)
    try:
        await page.get(path)
    finally:
        database.command("profile", 0)
    watched = [f"{database.name}.{name}" for name in ("content", "tasks")]
    return [
        *database["system.profile"].find({"ns": {"$in": watched}, "planSummary": {"$ne": None}})
    ]


async def test_a_day_and_the_undated_page_to_their_ends(
    page: httpx.AsyncClient, full: Agency
) -> None:
    assert full.client
    day = await every(page, "/calendar?view=day&date=2026-11-26", "main", titles)
    assert len(day) == len(set(day)) == 167
    ideas = await every(page, "/calendar?date=2030-01-01", "aside", undated)
    assert ideas == [f"Idea {number}" for number in range(100)]


async def every(
    page: httpx.AsyncClient, start: str, part: str, read: Callable[[str], list[str]]
) -> list[str]:
    """What `read` finds on all pages of one of the two lists."""
    found: list[str] = []
    path: str | None = start
    while path is not None:
        days, _, aside = (await page.get(path)).text.partition("<aside")
        html = aside if part == "aside" else days
        found += read(html)
        following = re.search(r'class="button" rel="next" href="/planner([^"]+)"', html)
        path = following and unescape(following[1])
    return found


# --- planning


def undo(html: str) -> str:
    found = re.search(r'action="/planner(/calendar/posts/[^"]+/restore[^"]+)"', html)
    assert found is not None
    return unescape(found[1])


async def due(page: httpx.AsyncClient, item: Json) -> list[str | None]:
    saved = (await page.get(f"/api/v1/content/{item['id']}")).json()
    return [variant["publish_at"] for variant in saved["variants"]]


async def test_dropped_on_a_day_and_taken_back(page: httpx.AsyncClient, agency: Agency) -> None:
    item = await post(agency, "Someday", None, agency.instagram, agency.facebook)
    path = f"/calendar/posts/{item['id']}"
    answer = await page.post(path, data={"version": "1", "day": "2026-11-27"}, headers=HTMX)
    assert answer.status_code == 200
    assert by_day(answer.text) == {"2026-11-27": ["Someday"]}
    assert "Goes out Fri 27 Nov, 09:00: Someday" in answer.text
    assert await due(page, item) == ["2026-11-27T08:00:00Z"] * 2
    moved_on = await page.post(path, data={"version": "2", "day": "2026-12-01"}, headers=HTMX)
    assert await due(page, item) == ["2026-12-01T08:00:00Z"] * 2
    assert (await page.post(undo(moved_on.text))).status_code == 303
    assert await due(page, item) == ["2026-11-27T08:00:00Z"] * 2
    assert (await page.post(undo(moved_on.text))).status_code == 412
    await page.post(undo(answer.text).replace("version=2", "version=4"))
    assert await due(page, item) == [None, None]


async def test_the_form_without_scripts(page: httpx.AsyncClient, agency: Agency) -> None:
    item = await post(agency, "Türchen", "2026-11-27T09:30")
    path = f"/calendar/posts/{item['id']}?view=week&client={agency.client}"
    shown = (await page.get(path)).text
    assert 'value="2026-11-27"' in shown
    assert 'value="09:30"' in shown
    typed = {"version": "1", "day": "2026-12-24", "time": "18:00"}
    taken = await page.post(path, data=typed)
    assert taken.status_code == 303
    assert taken.headers["location"] == (
        f"/planner/calendar?view=week&client={agency.client}&date=2026-12-24"
    )
    assert await due(page, item) == ["2026-12-24T17:00:00Z"]
    late = await page.post(path, data={**typed, "day": "2026-12-25"})
    assert late.status_code == 412
    assert "Somebody else changed this" in late.text
    assert 'value="2026-12-25"' in late.text
    assert 'name="version" value="2"' in late.text
    wrong = await page.post(path, data={"version": "2", "day": "soon", "time": "25:00"})
    assert wrong.status_code == 422


async def test_a_conflict_is_told_and_nothing_moves(
    page: httpx.AsyncClient, agency: Agency
) -> None:
    item = await agency.command(await post(agency, "Türchen", "2026-11-27T09:00"), "submit")
    path = f"/calendar/posts/{item['id']}"
    answer = await page.post(path, data={"version": "1", "day": "2026-12-01"}, headers=HTMX)
    assert answer.status_code == 412
    assert "Somebody else changed this in the meantime" in answer.text
    assert await due(page, item) == ["2026-11-27T08:00:00Z"]


async def test_what_cannot_be_planned(page: httpx.AsyncClient, agency: Agency) -> None:
    nowhere = await agency.content(title="Nowhere", variants=[])
    shown = (await page.get("/calendar")).text
    assert undated(shown) == ["Nowhere"]
    assert "no page yet" in shown
    path = f"/calendar/posts/{nowhere['id']}"
    assert "Open the post" in (await page.get(path)).text
    answer = await page.post(
        path, data={"version": "1", "day": "2026-12-01"}, headers={"Accept": "application/json"}
    )
    assert answer.status_code == 409
    withdrawn = await agency.command(await post(agency, "Away", "2026-12-01T09:00"), "withdraw")
    path = f"/calendar/posts/{withdrawn['id']}"
    typed = {"version": str(withdrawn["version"]), "day": "2026-12-02"}
    assert (await page.post(path, data=typed, headers=HTMX)).status_code == 409
    assert (await page.get(path)).status_code == 409


async def test_a_day_leads_to_a_new_post_on_it(page: httpx.AsyncClient, agency: Agency) -> None:
    shown = (await page.get("/calendar")).text
    assert f"/planner/content/new?date={date(2026, 11, 27)}" in shown
    assert "/planner/content/new?date=2026-11-23" not in shown
    form = (await page.get("/content/new?date=2026-11-27")).text
    assert form.count('value="2026-11-27T09:00"') == 2
    await agency.make("clients", name="Radwerk")
    choice = (await page.get("/content/new?date=2026-11-27")).text
    assert f"/planner/content/new?date=2026-11-27&amp;client={agency.client}" in choice


# --- who may


async def test_readers_find_nothing_to_press(ask: As, agency: Agency) -> None:
    item = await post(agency, "Someday", None)
    shown = (await ask(READER).get("/calendar", headers=HTML)).text
    for control in ("/content/new", "data-plan=", "undated-plan", "data-day="):
        assert control not in shown
    refused = await ask(READER).post(f"/calendar/posts/{item['id']}", data={"version": "1"})
    problem(refused, 403, "forbidden")


async def test_another_client_sees_nothing_of_it(
    ask: As, page: httpx.AsyncClient, agency: Agency, team: Team
) -> None:
    item = await post(agency, "Secret", "2026-11-27T09:00")
    await agency.task(item)
    await post(agency, "Secret idea", None)
    other = ask(OTHER)
    other.headers.update(HTML)
    for query in ("", f"?client={agency.client}", "?view=week", "?view=day&date=2026-11-27",
                  "?who=none", f"?page={agency.instagram}"):  # fmt: skip
        shown = await other.get(f"/calendar{query}")
        assert shown.status_code == 200
        for secret in ("Secret", "Morgenrot", "Morgenrot instagram"):
            assert secret not in shown.text
        assert sum(counts(shown.text).values()) == 0
    path = f"/calendar/posts/{item['id']}"
    typed = {"version": "1", "day": "2026-12-01", "time": "09:00"}
    assert (await other.get(path)).status_code == 404
    assert (await other.post(path, data=typed)).status_code == 404
    assert (await other.post(f"{path}/restore", data=typed)).status_code == 404
    assert await due(page, item) == ["2026-11-27T08:00:00Z"]
    mine = ask(Identity("tom", "Tom", Role.MEMBER, Scope(frozenset({agency.client}))))
    assert titles((await mine.get("/calendar", headers=HTML)).text) == ["Secret"]
