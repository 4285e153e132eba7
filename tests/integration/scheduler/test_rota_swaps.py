"""Swaps: what can be offered, to whom, until when, and what becomes of it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime

import pytest

from shared.auth import Scope
from tests.integration.scheduler.agency import LENA, Agency, As, Browse, TestClock, made
from tests.integration.scheduler.rota_office import (
    LATE,
    SHIFTS,
    SWAPS,
    Office,
    as_,
    if_match,
    opened,
    problem,
)


@pytest.fixture
async def office(agency: Agency, ask: As, clock: TestClock) -> Office:
    return await opened(agency, ask, clock)


async def test_a_swap_needs_both_and_the_rules(office: Office, ask: As) -> None:
    group = await office.group(members=[office.mira.id, office.tom.id])
    shifts = await office.planned(group)
    mine = next(one for one in shifts if one["member_id"] == office.mira.id)
    theirs = next(one for one in shifts if one["member_id"] == office.tom.id)
    mira, tom, ada = (ask(as_(one)) for one in (office.mira, office.tom, office.ada))
    body = {"shift_id": mine["id"], "to": office.tom.id, "in_return": theirs["id"]}
    await problem(await tom.post(SWAPS, json=body), 409, "rota_not_your_shift")
    swap = await made(await mira.post(SWAPS, json=body))
    assert [one["id"] for one in await made(await tom.get(SWAPS))] == [swap["id"]]
    await problem(
        await mira.post(f"{SWAPS}/{swap['id']}/accept", headers=if_match(swap)), 403, "forbidden"
    )
    await problem(
        await ada.post(f"{SWAPS}/{swap['id']}/accept", headers=if_match(swap)), 404, "not_found"
    )
    accepted = await made(await tom.post(f"{SWAPS}/{swap['id']}/accept", headers=if_match(swap)))
    assert accepted["state"] == "accepted"
    after = {one["id"]: one for one in await office.shifts()}
    assert after[mine["id"]]["member_id"] == office.tom.id
    assert after[theirs["id"]]["member_id"] == office.mira.id
    assert after[mine["id"]]["locked"]
    # A rule that comes meanwhile is named, and nothing changes.
    back = await made(await tom.post(SWAPS, json={"shift_id": mine["id"], "to": office.mira.id}))
    await office.agency.away(office.mira, date(2026, 12, 7), date(2026, 12, 13))
    refused = await mira.post(f"{SWAPS}/{back['id']}/accept", headers=if_match(back))
    assert (await problem(refused, 409, "rota_rule_broken"))["rule"] == "away"
    declined = await mira.post(f"{SWAPS}/{back['id']}/refuse", headers=if_match(back))
    assert (await made(declined))["state"] == "refused"


async def test_only_what_is_a_colleagues_is_asked_for_in_return(office: Office, ask: As) -> None:
    group = await office.group(members=[office.mira.id, office.tom.id])
    first, second, *_ = await office.planned(group)
    mine, other = (
        await office.put(first, office.mira.id, locked=True),
        await office.put(second, office.mira.id, locked=True),
    )
    body = {"shift_id": mine["id"], "to": office.tom.id, "in_return": other["id"]}
    refused = await ask(as_(office.mira)).post(SWAPS, json=body)
    await problem(refused, 409, "rota_not_their_shift")


async def test_shifts_at_the_same_time_can_be_exchanged_though_not_given(
    office: Office, ask: As, browse: Browse
) -> None:
    over = {**LATE, "name": "Over", "starts": "18:00", "ends": "23:00", "weekdays": [0]}
    late = {**LATE, "weekdays": [0]}
    group = await office.group(kinds=[late, over], members=[office.mira.id, office.tom.id])
    mine, theirs = await office.planned(group)
    if mine["member_id"] != office.mira.id:
        mine, theirs = theirs, mine
    page = (await browse(as_(office.mira)).get(f"/rota/shifts/{mine['id']}")).text
    choices = re.findall(r'<option value="([^"]+\|[^"]*)"', page)
    assert choices == [f"{office.tom.id}|{theirs['id']}"]
    form = {"swap": choices[0]}
    offered = await browse(as_(office.mira)).post(f"/rota/shifts/{mine['id']}/offer", data=form)
    assert offered.status_code == 303, offered.text
    [swap] = await made(await ask(as_(office.tom)).get(SWAPS))
    accepted = await ask(as_(office.tom)).post(
        f"{SWAPS}/{swap['id']}/accept", headers=if_match(swap)
    )
    assert (await made(accepted))["state"] == "accepted"


async def test_nothing_is_listed_that_nobody_could_have(office: Office, browse: Browse) -> None:
    group = await office.group(members=[office.mira.id])
    [first, *_] = await office.planned(group)
    page = (await browse(as_(office.mira)).get(f"/rota/shifts/{first['id']}")).text
    assert 'name="swap"' not in page
    assert "not even in exchange for one of theirs" in page


async def test_whoever_does_not_take_part_gets_nothing_offered_and_takes_nothing(
    office: Office, ask: As
) -> None:
    group = await office.group(members=[office.mira.id, office.tom.id])
    [first, *_] = await office.planned(group)
    mine = await office.put(first, office.mira.id, locked=True)
    body = {"shift_id": mine["id"], "to": office.ada.id}
    refused = await ask(as_(office.mira)).post(SWAPS, json=body)
    told = await problem(refused, 409, "rota_not_taking_part")
    assert told["member_id"] == office.ada.id
    await office.agency.away(office.mira, date(2026, 12, 7), date(2026, 12, 7))
    take = await ask(as_(office.ada)).post(f"{SHIFTS}/{mine['id']}/take", headers=if_match(mine))
    await problem(take, 409, "rota_not_taking_part")
    # A lead may decide so all the same.
    assert (await office.put(mine, office.ada.id, locked=True))["member_id"] == office.ada.id


async def test_a_shift_that_has_begun_is_not_swapped_any_more(
    office: Office, ask: As, clock: TestClock
) -> None:
    group = await office.group(members=[office.mira.id, office.tom.id])
    [first, *_] = await office.planned(group)
    mine = await office.put(first, office.mira.id, locked=True)
    mira, tom = ask(as_(office.mira)), ask(as_(office.tom))
    body = {"shift_id": mine["id"], "to": office.tom.id}
    swap = await made(await mira.post(SWAPS, json=body))
    clock.now = datetime.fromisoformat(mine["starts_at"])
    late = await tom.post(f"{SWAPS}/{swap['id']}/accept", headers=if_match(swap))
    await problem(late, 409, "rota_shift_begun")
    await problem(await mira.post(SWAPS, json=body), 409, "rota_shift_begun")


async def test_the_same_offer_is_there_once(office: Office, ask: As) -> None:
    group = await office.group(members=[office.mira.id, office.tom.id])
    first, second, *_ = await office.planned(group)
    mine, theirs = (
        await office.put(first, office.mira.id, locked=True),
        await office.put(second, office.tom.id, locked=True),
    )
    mira = ask(as_(office.mira))
    body = {"shift_id": mine["id"], "to": office.tom.id}
    one, again = await made(await mira.post(SWAPS, json=body)), await mira.post(SWAPS, json=body)
    assert (await made(again))["id"] == one["id"]
    other = await made(await mira.post(SWAPS, json={**body, "in_return": theirs["id"]}))
    assert other["id"] != one["id"]


async def test_what_was_chosen_is_there_after_a_refusal(office: Office, browse: Browse) -> None:
    group = await office.group(members=[office.mira.id, office.tom.id])
    [first, *_] = await office.planned(group)
    mine = await office.put(first, office.mira.id, locked=True)
    lena = browse(replace(LENA, lang="en"))
    form = {"version": "1", "member_id": office.tom.id}  # not locked any more, of an old version
    refused = await lena.post(f"/rota/shifts/{mine['id']}/give", data=form)
    assert refused.status_code == 412
    assert f'<option value="{office.tom.id}" selected>' in refused.text
    assert 'name="locked" value="yes" >' in refused.text


async def test_whoever_has_a_shift_out_of_sight_keeps_it_when_a_lead_locks_it(
    office: Office, browse: Browse
) -> None:
    await office.agency.client("works", "works-insta")
    far = await office.agency.member("Far", clients=("works",))
    group = await office.group()
    [first, *_] = await office.planned(group)
    shift = await office.agency.desk.rota.shift(first["id"])
    assert shift is not None
    theirs = replace(shift, member_id=far.id)
    await office.agency.do(lambda tx: office.agency.desk.rota.put_shifts(tx, [theirs]))
    roast_lead = replace(LENA, lang="en", scope=Scope(frozenset({"roast"})))
    page = (await browse(roast_lead).get(f"/rota/shifts/{shift.id}")).text
    assert far.id not in page
    assert '<option value="unseen" selected>' in page
    form = {"version": str(shift.version), "member_id": "unseen", "locked": "yes"}
    put = await browse(roast_lead).post(f"/rota/shifts/{shift.id}/give", data=form)
    assert put.status_code == 303
    after = await office.agency.desk.rota.shift(shift.id)
    assert after is not None
    assert (after.member_id, after.locked) == (far.id, True)


async def test_an_offer_of_before_there_was_an_end_to_it_is_read_and_accepted(
    office: Office, ask: As
) -> None:
    group = await office.group(members=[office.mira.id, office.tom.id])
    [first, *_] = await office.planned(group)
    mine = await office.put(first, office.mira.id, locked=True)
    body = {"shift_id": mine["id"], "to": office.tom.id}
    swap = await made(await ask(as_(office.mira)).post(SWAPS, json=body))
    swaps = office.agency.service.mongo.collection("rota_swaps")
    await swaps.update_one({"_id": swap["id"]}, {"$unset": {"until": ""}})
    tom = ask(as_(office.tom))
    [found] = await made(await tom.get(SWAPS))
    accepted = await tom.post(f"{SWAPS}/{found['id']}/accept", headers=if_match(found))
    assert (await made(accepted))["state"] == "accepted"
