"""Risk over the API, as pages and as metrics: who sees it, what it says, what one press mends."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from prometheus_client import generate_latest

from services.scheduler.leave.domain import Dates
from services.scheduler.members.domain import Member
from services.scheduler.metrics import tell_risk
from services.scheduler.risk.keeping import kept_up
from services.scheduler.risk.load import read_load
from services.scheduler.risk.reading import gaps_ahead, read_sight
from shared.auth import SYSTEM_SCOPE, Identity, Role, Scope
from shared.events.disciplines import Discipline
from shared.events.envelope import Event
from tests.integration.scheduler.agency import LENA, Agency, As, Browse, TestClock, made

COPY, DESIGN, COMMUNITY = Discipline.COPYWRITING, Discipline.DESIGN, Discipline.COMMUNITY
BY_HTMX = {"HX-Request": "true"}
ROAST_ONLY = Identity("nora", "Nora", Role.LEAD, Scope(frozenset({"roast"})))


@dataclass
class Office:
    """Jana writes for the roastery, and Tom would; only she designs. Tom writes for the works, with
    nobody else."""

    jana: Member
    tom: Member


@pytest.fixture
async def office(agency: Agency) -> Office:
    await agency.client("roast")
    await agency.client("works")
    jana, tom = await agency.member("Jana Hof", COPY, DESIGN), await agency.member("Tom Berg", COPY)
    await agency.responsibility("roast", COPY, jana, tom)
    await agency.responsibility("roast", DESIGN, jana)
    await agency.responsibility("works", COPY, tom)
    return Office(jana, tom)


async def test_bus_factors_the_worst_first(
    office: Office, agency: Agency, ask: As, clock: TestClock
) -> None:
    lena = ask(LENA)
    places = (await made(await lena.get("/api/v1/risk/places")))["items"]
    assert [(one["responsibility_id"], one["bus_factor"]) for one in places] == [
        ("roast:design", 1),
        ("works:copywriting", 1),
        ("roast:copywriting", 2),
    ]
    assert places[2]["able"] == [office.jana.id, office.tom.id]
    assert (places[2]["fewest"], places[2]["gap_seconds"]) == (2, 0)
    day = clock.now.date() + timedelta(days=10)
    await agency.away(office.jana, day, day)
    [first, *_] = (await made(await lena.get("/api/v1/risk/places")))["items"]
    assert (first["responsibility_id"], first["bus_factor"]) == ("roast:design", 1)
    assert (first["fewest"], first["gap_seconds"]) == (0, 24 * 3600)
    figures = await made(await lena.get("/api/v1/risk"))
    assert (figures["gaps"], figures["gap_seconds"]) == (1, 24 * 3600)
    assert (figures["single_points_of_failure"], figures["responsibilities"]) == (2, 3)

    # The list goes on by cursor, and knows its own.
    first = await made(await lena.get("/api/v1/risk/places?limit=2"))
    rest = await made(
        await lena.get("/api/v1/risk/places", params={"cursor": first["next_cursor"]})
    )
    assert [one["responsibility_id"] for one in (*first["items"], *rest["items"])] == [
        "roast:design",
        "works:copywriting",
        "roast:copywriting",
    ]
    assert rest["next_cursor"] is None
    foreign = await lena.get("/api/v1/risk/gaps", params={"cursor": first["next_cursor"]})
    assert foreign.status_code == 422


async def test_on_whom_it_hangs_always_and_only_for_a_while(
    office: Office, agency: Agency, ask: As, clock: TestClock
) -> None:
    first = clock.now.date() + timedelta(days=7)
    await agency.away(office.jana, first, first + timedelta(days=1))
    points = await made(await ask(LENA).get("/api/v1/risk/single-points"))
    by_member = {one["member_id"]: one for one in points}
    assert by_member[office.jana.id] == {
        "member_id": office.jana.id,
        "lasting": ["roast:design"],
        "passing": [],
    }
    tom = by_member[office.tom.id]
    assert tom["lasting"] == ["works:copywriting"]
    [passing] = tom["passing"]
    assert passing["responsibility_id"] == "roast:copywriting"
    assert passing["starts_at"] == f"{first - timedelta(days=1)}T23:00:00Z"


async def test_the_gaps_ahead_say_why_and_what_would_help(
    office: Office, agency: Agency, ask: As, clock: TestClock
) -> None:
    first = clock.now.date() + timedelta(days=7)
    await agency.away(office.jana, first, first)
    lena = ask(LENA)
    [gap] = (await made(await lena.get("/api/v1/risk/gaps")))["items"]
    assert gap["responsibility_id"] == "roast:design"
    assert gap["missing"] == {office.jana.id: "away"}
    assert (gap["deputy"], gap["training"]) == (None, office.tom.id)
    mira = await agency.member("Mira Koch", DESIGN)
    [gap] = (await made(await lena.get("/api/v1/risk/gaps")))["items"]
    assert (gap["deputy"], gap["training"]) == (mira.id, None)


async def test_load_as_it_is_and_if_some_were_away(
    office: Office, ask: As, agency: Agency, clock: TestClock
) -> None:
    lena = ask(LENA)
    before = await agency.told(Event)
    present = await made(await lena.get("/api/v1/risk/load"))
    by_member = {one["member_id"]: one for one in present["members"]}
    jana, tom = by_member[office.jana.id], by_member[office.tom.id]
    assert (jana["now"], jana["owns"], jana["deputises"], jana["most"]) == (2, 2, 0, 2)
    assert (tom["now"], tom["owns"], tom["deputises"], tom["most"]) == (1, 1, 1, 1)
    assert (present["gaps"], present["away"]) == ([], [])

    day = clock.now.date() + timedelta(days=3)
    query = {"away": [office.jana.id], "from": day.isoformat(), "to": day.isoformat()}
    supposed = await made(await lena.get("/api/v1/risk/load", params=query))
    by_member = {one["member_id"]: one for one in supposed["members"]}
    assert by_member[office.jana.id]["away"] is True
    assert (by_member[office.jana.id]["most"], by_member[office.jana.id]["most_before"]) == (0, 2)
    assert (by_member[office.tom.id]["most"], by_member[office.tom.id]["most_before"]) == (2, 1)
    [gap] = supposed["gaps"]
    assert gap["responsibility_id"] == "roast:design"
    assert gap["starts_at"] == supposed["starts_at"] == f"{day - timedelta(days=1)}T23:00:00Z"

    query["away"] = [office.jana.id, office.tom.id]
    both = await made(await lena.get("/api/v1/risk/load", params=query))
    assert {one["responsibility_id"] for one in both["gaps"]} == {
        "roast:copywriting",
        "roast:design",
        "works:copywriting",
    }
    assert before
    assert await agency.told(Event) == before, "it was a question, and nobody was told"


@pytest.mark.parametrize(
    "days",
    [
        {"from": "2026-12-10", "to": "2026-12-09"},
        {"to": "2026-11-01"},
        {"from": "2026-12-01", "to": "2027-12-01"},
        {"from": "9999-12-31"},
    ],
    ids=["backwards", "over", "too long", "implausible"],
)
async def test_days_that_make_no_sense_are_refused_with_a_reason(
    office: Office, ask: As, lena: httpx.AsyncClient, days: dict[str, str]
) -> None:
    refused = await ask(LENA).get("/api/v1/risk/load", params=days)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
    page = await lena.get("/risk/load", params={**days, "away": office.tom.id})
    assert page.status_code == 422
    assert "Nothing was changed." in page.text
    assert re.search(rf'value="{office.tom.id}" checked', page.text), "what was chosen is kept"


async def test_a_lead_of_one_client_learns_nothing_of_the_others(
    office: Office, agency: Agency, ask: As, browse: Browse, clock: TestClock
) -> None:
    await agency.member("Elsewhere Only", COPY, clients=("works",))
    await agency.away(office.tom, clock.now.date() + timedelta(days=5))
    nora = ask(ROAST_ONLY)
    for path in ("places", "single-points", "gaps", "load"):
        answer = await nora.get(f"/api/v1/risk/{path}")
        assert answer.status_code == 200
        assert "works" not in answer.text, path
    assert (await made(await nora.get("/api/v1/risk")))["responsibilities"] == 2
    assert (await made(await nora.get("/api/v1/risk?client=works")))["responsibilities"] == 0
    load = await made(
        await nora.get("/api/v1/risk/load", params={"away": [office.tom.id, office.jana.id]})
    )
    tom = next(one for one in load["members"] if one["member_id"] == office.tom.id)
    assert (tom["now"], tom["hidden"], tom["owns"]) == (1, 1, 0), "a number, and nothing more"
    assert load["hidden_gaps"] == 1
    browser = browse(ROAST_ONLY)
    for page in ("", "/people", "/gaps", f"/load?away={office.tom.id}"):
        text = (await browser.get(f"/risk{page}")).text
        assert "Elsewhere" not in text, page
        assert "Works" not in text, page


async def test_members_do_not_see_what_colleagues_have_to_do(
    office: Office, ask: As, browse: Browse
) -> None:
    member = Identity(office.jana.id, "Jana", Role.MEMBER, Scope(None))
    for path in ("", "/places", "/single-points", "/gaps", "/load"):
        assert (await ask(member).get(f"/api/v1/risk{path}")).status_code == 403
    browser = browse(member)
    for page in ("", "/people", "/gaps", "/load"):
        assert (await browser.get(f"/risk{page}")).status_code == 403
    assert 'href="/scheduler/risk"' not in (await browser.get("/")).text
    assert 'href="/scheduler/risk"' in (await browse(LENA).get("/")).text


async def test_the_heat_matrix_says_each_cell_in_words(
    office: Office, agency: Agency, lena: httpx.AsyncClient, clock: TestClock
) -> None:
    await agency.client("roast", "insta")
    await agency.responsibility("roast/insta", COPY, office.jana, office.tom)
    day = clock.now.date() + timedelta(days=10)
    await agency.away(office.jana, day, day)
    page = await lena.get("/risk")
    assert page.status_code == 200
    said = re.findall(r'title="([^"]+: [^"]+)"', page.text)
    both = "Copywriting, Roast: bus factor 2, Jana Hof and Tom Berg could act"
    assert f"{both}; at times only 1 of them is there" in said
    alone = "Design, Roast: bus factor 1, only Jana Hof could act; nobody acts for 24 hours in all"
    assert [one for one in said if one.startswith(f"{alone}, first from ")]
    assert "Design, Insta: as for the client, bus factor 1" in page.text
    assert "Community, Insta: nobody responsible" in said
    # What hangs on nobody's absence comes after what does.
    rows = re.findall(r'<th scope="row"[^>]*>.*?<a [^>]*>([^<]+)</a>', page.text)
    assert rows.index("Roast") < rows.index("Works")


async def test_one_press_makes_a_deputy_and_another_takes_it_back(
    office: Office, agency: Agency, lena: httpx.AsyncClient, ask: As
) -> None:
    mira = await agency.member("Mira Koch", DESIGN)
    page = await lena.get("/risk/people")
    assert "If Jana Hof is away, 1 place has nobody" in page.text
    form = {
        name: re.search(rf'name="{name}" value="([^"]+)"', page.text)[1]  # type: ignore[index]
        for name in ("view", "responsibility_id", "member_id", "version")
    }
    assert form == {
        "view": "people",
        "responsibility_id": "roast:design",
        "member_id": mira.id,
        "version": "1",
    }
    pressed = await lena.post("/risk/deputy", data=form, headers=BY_HTMX)
    assert "If Jana Hof is away" not in pressed.text
    assert "Mira Koch is deputy: Design, Roast." in pressed.text
    back = re.search(r'action="/scheduler(/risk/assignments/[^"]+)"', pressed.text)
    assert back is not None
    again = await lena.post("/risk/deputy", data=form, headers=BY_HTMX)
    assert (again.status_code, again.headers["HX-Retarget"]) == (412, "#main")
    assert "Nothing was changed." in again.text
    undone = await lena.post(back[1].replace("&amp;", "&"))
    assert (undone.status_code, undone.headers["Location"]) == (303, "/scheduler/risk/people")
    [design] = [
        one
        for one in (await made(await ask(LENA).get("/api/v1/risk/places")))["items"]
        if one["responsibility_id"] == "roast:design"
    ]
    assert design["able"] == [office.jana.id]


async def test_an_archived_page_hangs_on_nobody(
    office: Office, agency: Agency, ask: As, lena: httpx.AsyncClient
) -> None:
    await agency.client("roast", "insta")
    await agency.responsibility("roast/insta", COPY, office.tom)
    lena_asks = ask(LENA)
    assert (await made(await lena_asks.get("/api/v1/risk")))["responsibilities"] == 4
    await agency.service.mongo.collection("pages").update_one(
        {"_id": "insta"}, {"$set": {"archived": True}}
    )
    assert (await made(await lena_asks.get("/api/v1/risk")))["responsibilities"] == 3
    assert "Insta" not in (await lena.get("/risk")).text


async def test_a_new_agency_is_told_what_will_be_here(lena: httpx.AsyncClient) -> None:
    assert "There is no client yet" in (await lena.get("/risk")).text
    assert "Nothing hangs on one person" in (await lena.get("/risk/people")).text
    assert "There is no gap ahead" in (await lena.get("/risk/gaps")).text
    assert (await lena.get("/risk/load")).status_code == 200


async def test_metrics_follow_within_a_minute_and_name_nobody(
    office: Office, agency: Agency, clock: TestClock
) -> None:
    measure = kept_up(agency.desk.risks, clock, tell_risk(agency.desk.most_at_once))
    await measure()
    told = _told()
    assert told["understudy_single_points_of_failure", "design"] == 1
    assert told["understudy_single_points_of_failure", "copywriting"] == 1
    assert told["understudy_coverage_gap_seconds", "design"] == 0
    assert told["understudy_single_points_of_failure", "research"] == 0, (
        "told, though there is none"
    )
    day = clock.now.date() + timedelta(days=10)
    await agency.away(office.jana, day, day)
    await measure()
    assert _told()["understudy_coverage_gap_seconds", "design"] == 0, "not more than once a minute"
    clock.advance(minutes=1)
    await measure()
    assert _told()["understudy_coverage_gap_seconds", "design"] == 24 * 3600
    text = generate_latest().decode()
    for private in (office.jana.id, office.tom.id, "Jana", "roast"):
        assert private not in text


def _told() -> dict[tuple[str, str], float]:
    lines = re.findall(
        r'^(understudy_(?:single_points|coverage_gap_seconds)\w*){discipline="(\w+)"} (\S+)$',
        generate_latest().decode(),
        re.MULTILINE,
    )
    return {(name, discipline): float(value) for name, discipline, value in lines}


async def test_who_has_joined_since_the_risk_was_thought_through_is_not_named_yet(
    office: Office, agency: Agency, clock: TestClock
) -> None:
    sight = await read_sight(agency.desk, SYSTEM_SCOPE)
    await agency.member("Zoe", COPY)
    dates = Dates(clock.now, clock.now + timedelta(days=3))
    load = await read_load(sight, [office.jana.id, office.tom.id], dates)
    gaps = await gaps_ahead(sight, load.gaps, load.outlook)
    assert {gap.help.deputy for gap in gaps} == {None}


async def test_of_many_who_ask_after_a_change_one_reads(office: Office, agency: Agency) -> None:
    await agency.member("Zoe", COPY)
    read = await asyncio.gather(*(agency.desk.snapshots.latest() for _ in range(8)))
    assert len({id(one) for one in read}) == 1
