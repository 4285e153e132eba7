"""The rota as pages, its groups, rules and wishes, and seen by nobody who may not."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.scheduler.qualifications.usecases import remove_qualification
from shared.auth import Identity, Role, Scope
from tests.integration.scheduler.agency import LENA, Agency, As, Browse, TestClock, made
from tests.integration.scheduler.rota_office import (
    COMMUNITY,
    GROUPS,
    HARBOUR_LEAD,
    LATE,
    RUNS,
    SHIFTS,
    WHEN,
    Office,
    as_,
    if_match,
    opened,
    problem,
)


@pytest.fixture
async def office(agency: Agency, ask: As, clock: TestClock) -> Office:
    return await opened(agency, ask, clock)


# Who sees it


async def test_whoever_does_not_see_all_clients_of_a_group_does_not_see_it(
    office: Office, ask: As
) -> None:
    group = await office.group(name="Canary evenings", pages=["roast-insta", "harbour-insta"])
    await office.planned(group)
    [shift, *_] = await office.shifts()
    other = ask(HARBOUR_LEAD)
    assert await made(await other.get(GROUPS)) == []
    assert (await made(await other.get(SHIFTS, params=WHEN)))["items"] == []
    assert (await made(await other.get(RUNS)))["items"] == []
    run_id = (await made(await office.lena.get(RUNS)))["items"][0]["id"]
    for path in (f"{GROUPS}/{group['id']}", f"{SHIFTS}/{shift['id']}", f"{RUNS}/{run_id}"):
        await problem(await other.get(path), 404, "not_found")
    body = {"member_id": None, "locked": False}
    put = await other.put(f"{SHIFTS}/{shift['id']}", json=body, headers=if_match(shift))
    await problem(put, 404, "not_found")
    # The page is theirs to see, and with it who is on duty for it; not the group.
    asked = {"page": "harbour-insta", "at": shift["starts_at"]}
    [duty] = await made(await other.get("/api/v1/rota/on-duty", params=asked))
    assert duty["member_id"] == shift["member_id"]
    assert "Canary" not in str(duty)
    unseen = {"page": "roast-insta", "at": shift["starts_at"]}
    await problem(await other.get("/api/v1/rota/on-duty", params=unseen), 404, "not_found")
    rules = {"most_hours_day": 8, "most_hours_week": 40, "rest_hours": 11}
    headers = {"If-Match": '"0"'}
    refused = await other.put("/api/v1/rota/rules", json=rules, headers=headers)
    await problem(refused, 403, "forbidden")
    unknown = {"name": "x", "time_zone": "UTC", "kinds": [LATE], "pages": ["roast-insta"]}
    await problem(await other.post(GROUPS, json=unknown), 422, "unknown_page")


async def test_rules_and_wishes(office: Office, ask: As) -> None:
    rules = {"most_hours_day": 4, "most_hours_week": 40, "rest_hours": 11}
    first = await office.lena.get("/api/v1/rota/rules")
    headers = {"If-Match": first.headers["etag"]}
    put = await office.lena.put("/api/v1/rota/rules", json=rules, headers=headers)
    assert (await made(put))["version"] == 1
    await problem(
        await office.lena.put("/api/v1/rota/rules", json=rules, headers=headers),
        412,
        "stale_version",
    )
    run = await office.proposal(await office.group())
    assert {tuple(one["reasons"].items()) for one in run["open_shifts"]} == {(("day_hours", 3),)}
    mira, tom = ask(as_(office.mira)), ask(as_(office.tom))
    wish = await made(await mira.post("/api/v1/rota/wishes", json={"rather": False, "weekday": 5}))
    assert await made(await tom.get("/api/v1/rota/wishes")) == []
    gone = await tom.delete(f"/api/v1/rota/wishes/{wish['id']}")
    assert gone.status_code == 404
    assert (await mira.delete(f"/api/v1/rota/wishes/{wish['id']}")).status_code == 204
    both = {"rather": True, "weekday": 5, "day": "2026-12-12"}
    await problem(await mira.post("/api/v1/rota/wishes", json=both), 422, "rota_wish_needs_day")


async def test_of_one_thing_there_is_one_wish_and_not_too_many(
    office: Office, ask: As, clock: TestClock
) -> None:
    group = await office.group()
    mira, path = ask(as_(office.mira)), "/api/v1/rota/wishes"
    saturdays = {"rather": False, "weekday": 5}
    await made(await mira.post(path, json=saturdays))
    await made(await mira.post(path, json={**saturdays, "rather": True}))
    [wish] = await made(await mira.get(path))
    assert wish["rather"]
    past = {"rather": False, "day": "2026-11-24"}
    await made(await mira.post(path, json=past))
    clock.advance(days=2)
    assert [one["id"] for one in await made(await mira.get(path))] == [wish["id"]]
    whole_group = {**saturdays, "group_id": group["id"]}
    await made(await mira.post(path, json=whole_group))
    stored = await office.agency.desk.rota.wishes(date(2026, 1, 1), office.mira.id)
    assert len(stored) == 2  # the past one is gone
    for day in range(1, 49):
        one_day = {"rather": False, "day": str(date(2026, 12, 1) + timedelta(days=day))}
        await made(await mira.post(path, json=one_day))
    one_more = {"rather": True, "weekday": 0}
    told = await problem(await mira.post(path, json=one_more), 409, "rota_too_many_wishes")
    assert "50" in told["detail"]
    await made(await mira.post(path, json=saturdays))  # in place of one


async def test_a_wish_about_a_kind_goes_before_one_about_its_group(office: Office, ask: As) -> None:
    night = {**LATE, "name": "Night", "starts": "23:00", "ends": "05:00"}
    group = await office.group(kinds=[LATE, night], members=[office.mira.id, office.tom.id])
    of_group = {"rather": False, "day": "2026-12-07", "group_id": group["id"]}
    of_kind = {**of_group, "rather": True, "kind_id": group["kinds"][0]["id"]}
    mira = ask(as_(office.mira))
    for wish in (of_kind, of_group):
        await made(await mira.post("/api/v1/rota/wishes", json=wish))
    run = await office.proposal(group)
    by_kind = {kind["id"]: kind["name"] for kind in group["kinds"]}
    given = {
        by_kind[id.split(":")[1]]: member
        for id, member in run["given"].items()
        if id.endswith("2026-12-07")
    }
    assert given == {"Late": office.mira.id, "Night": office.tom.id}


async def test_a_group_that_ends_takes_its_shifts_along(office: Office) -> None:
    group = await office.group()
    await office.planned(group)
    path = f"{GROUPS}/{group['id']}"
    assert (await office.lena.delete(path, headers=if_match(group))).status_code == 204
    assert await office.shifts() == []
    assert await made(await office.lena.get(GROUPS)) == []


async def test_whom_a_lead_does_not_see_is_not_named_and_stays(office: Office, ask: As) -> None:
    agency = office.agency
    await agency.client("works", "works-insta")
    far = await agency.member("Far", COMMUNITY, clients=("works",))
    group = await office.group(members=[office.mira.id, far.id])
    lead = ask(Identity("roast", "Roast", Role.LEAD, Scope(frozenset({"roast"})), lang="en"))
    path = f"{GROUPS}/{group['id']}"
    seen = await made(await lead.get(path))
    assert seen["members"] == [office.mira.id]
    body = {name: seen[name] for name in ("name", "pages", "time_zone", "kinds", "members")}
    await made(await lead.put(path, json={**body, "name": "Late ones"}, headers=if_match(seen)))
    after = await made(await office.lena.get(path))
    assert after["members"] == [office.mira.id, far.id]
    [first, *_] = await office.planned(group)
    shift = await agency.desk.rota.shift(first["id"])
    assert shift is not None
    theirs = replace(shift, member_id=far.id)
    await agency.do(lambda tx: agency.desk.rota.put_shifts(tx, [theirs]))
    [listed, *_] = (await made(await lead.get(SHIFTS, params=WHEN)))["items"]
    assert (listed["id"], listed["member_id"]) == (shift.id, None)
    run = (await made(await office.lena.get(RUNS)))["items"][0]
    stored = await agency.desk.rota.run(run["id"])
    assert stored is not None
    gives_to_far = replace(stored, given={shift.id: far.id})
    await agency.do(lambda tx: agency.desk.rota.put_run(tx, gives_to_far))
    assert (await made(await lead.get(f"{RUNS}/{run['id']}")))["given"] == {shift.id: None}


# Pages


async def test_planned_and_changed_as_pages(office: Office, browse: Browse) -> None:
    lena, mira = browse(replace(LENA, lang="en")), browse(as_(office.mira))
    assert "No page group yet" in (await lena.get("/rota")).text
    form = {
        "name": "Evenings",
        "pages": ["roast-insta", "roast-blue"],
        "time_zone": "Europe/Berlin",
        "kinds": ["0", "1"],
        "kind_0_name": "Late",
        "kind_0_starts": "17:00",
        "kind_0_ends": "22:00",
        "kind_0_weekdays": ["0", "1", "2", "3", "4"],
        "kind_1_name": "",
    }
    bad = await lena.post("/rota/groups", data={**form, "kind_0_weekdays": []})
    assert bad.status_code == 422
    assert "Choose at least one weekday." in bad.text
    bad = await lena.post("/rota/groups", data={**form, "kind_0_ends": ""})
    assert bad.status_code == 422
    assert 'id="/kinds/0/ends">This is needed.' in bad.text
    assert (await lena.post("/rota/groups", data=form)).status_code == 303
    assert (await mira.post("/rota/groups", data=form)).status_code == 403
    [group] = await made(await office.lena.get(GROUPS))
    begun = await lena.post(
        "/rota/runs", data={"groups": group["id"], "first_day": "2026-12-07", "weeks": "2"}
    )
    where = begun.headers["location"].removeprefix("/scheduler")
    assert "Waiting" in (await lena.get(where)).text
    await office.work.work()
    proposal = (await lena.get(where)).text
    assert "All 10 shifts are covered." in proposal
    [version] = re.findall(r'name="version" value="(\d+)"', proposal)
    assert (await lena.post(f"{where}/apply", data={"version": version})).status_code == 303
    assert "The proposal is the rota now." in (await lena.get(where)).text
    shifts = await office.shifts()
    mine = next(one for one in shifts if one["member_id"] == office.mira.id)
    rota = (await mira.get("/rota", params={"from": "2026-12-07", "weeks": 4})).text
    assert "rota-mine" in rota
    shift_page = f"/rota/shifts/{mine['id']}"
    assert "Offer it to" in (await mira.get(shift_page)).text
    offered = await mira.post(f"{shift_page}/offer", data={"swap": f"{office.tom.id}|"})
    assert offered.status_code == 303, offered.text
    tom = browse(as_(office.tom))
    assert "Mira offers you a shift" in (await tom.get("/rota")).text
    [swap] = await office.agency.desk.rota.swaps_of(office.tom.id)
    accepted = await tom.post(f"/rota/swaps/{swap.id}/accept", data={"version": swap.version})
    assert accepted.status_code == 303
    again = await tom.post(f"/rota/swaps/{swap.id}/accept", data={"version": "2"})
    assert again.status_code == 409
    assert "This swap is decided already" in again.text
    late = await tom.get(shift_page)
    refused = await mira.post(f"{shift_page}/take", data={"version": "2"})
    assert (late.status_code, refused.status_code) == (200, 409)
    assert "Somebody has this shift" in refused.text
    for path in ("/rota/wishes", "/rota/rules", "/rota/runs", f"/rota/groups/{group['id']}"):
        assert (await mira.get(path)).status_code == 200, path


async def test_ones_shifts_are_in_ones_own_calendar(
    office: Office, browse: Browse, ask: As
) -> None:
    group = await office.group(members=[office.mira.id])
    await office.planned(group)
    browser = browse(as_(office.mira))
    assert (await browser.post("/calendar/mine")).status_code == 303
    page = (await browser.get("/calendar")).text
    found = re.search(r'id="address-mine"[^>]* value="http://[^/]+/scheduler([^"]+)"', page)
    assert found
    calendar = (await browser.get(found[1], headers={"Cookie": ""})).text
    assert calendar.count("SUMMARY:Dienst: Evenings\\, Late") == 7
    assert "DTSTART:20261207T160000Z" in calendar
    week = office.mira, date(2026, 12, 7), date(2026, 12, 13)
    await office.agency.away(*week)
    calendar = (await browser.get(found[1], headers={"Cookie": ""})).text
    assert "Evenings" not in calendar  # she is not there, so it is not her duty


async def test_a_group_sent_twice_is_made_once(office: Office, browse: Browse) -> None:
    lena = browse(replace(LENA, lang="en"))
    page = (await lena.get("/rota/groups/new")).text
    [key] = re.findall(r'name="key" value="([^"]+)"', page)
    form = {
        "key": key,
        "name": "Evenings",
        "pages": ["roast-insta"],
        "time_zone": "Europe/Berlin",
        "kinds": ["0"],
        "kind_0_name": "Late",
        "kind_0_starts": "17:00",
        "kind_0_ends": "22:00",
        "kind_0_weekdays": ["0"],
    }
    for _ in range(2):
        assert (await lena.post("/rota/groups", data=form)).status_code == 303
    assert len(await made(await office.lena.get(GROUPS))) == 1


async def test_who_takes_part_but_gets_nothing_stays_in_the_form(
    office: Office, browse: Browse
) -> None:
    """Else the next save would leave them out silently."""
    agency = office.agency
    group = await office.group(members=[office.mira.id, office.tom.id])
    await agency.do(
        lambda tx: remove_qualification(
            tx, agency.desk, LENA, office.tom.id, COMMUNITY, 1, agency.now
        )
    )
    page = (await browse(replace(LENA, lang="en")).get(f"/rota/groups/{group['id']}")).text
    chosen = re.findall(r'name="members" value="([^"]+)" checked', page)
    assert sorted(chosen) == sorted([office.mira.id, office.tom.id])
    assert page.count("gets no shifts: not qualified, or has left") == 1


async def test_no_group_is_chosen_after_that_was_refused(office: Office, browse: Browse) -> None:
    await office.group()
    lena = browse(replace(LENA, lang="en"))
    assert " checked" in (await lena.get("/rota/runs/new")).text
    refused = await lena.post("/rota/runs", data={"first_day": "2026-12-07", "weeks": "1"})
    assert refused.status_code == 422
    assert " checked" not in refused.text


async def test_wishes_as_a_page(office: Office, browse: Browse) -> None:
    group = await office.group()
    mira = browse(as_(office.mira))
    form = {"rather": "no", "weekday": "5", "of": f"{group['id']}:"}
    assert (await mira.post("/rota/wishes", data=form)).status_code == 303
    page = (await mira.get("/rota/wishes")).text
    assert "Rather not: every Saturday" in page
    assert "<span>Evenings</span>" in page
