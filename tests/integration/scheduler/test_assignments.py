"""Making people responsible, one place at a time and many at once, and taking it back."""

from __future__ import annotations

import asyncio

import pytest

from services.scheduler.errors import UnknownClient
from services.scheduler.members.usecases import edit_member
from services.scheduler.responsibilities.domain import (
    AssignmentsRefused,
    NamedTwice,
    NobodyToFollow,
    Responsibility,
    Unqualified,
    Wanted,
)
from services.scheduler.responsibilities.usecases import Assigned, assign, take_back
from shared.auth import Identity, Role, Scope
from shared.errors import NotFound, StaleVersion
from shared.events.disciplines import Discipline
from shared.events.scheduler import CoverageChanged, HandoverStarted
from shared.outbox import Transaction
from tests.integration.scheduler.agency import LENA, Agency

COPY, DESIGN, COMMUNITY = Discipline.COPYWRITING, Discipline.DESIGN, Discipline.COMMUNITY
MANY = 600  # more than one transaction settles


async def many(agency: Agency, *wanted: Wanted, who: Identity = LENA) -> Assigned:
    return await agency.do(lambda tx: assign(tx, agency.desk, who, wanted, agency.now))


async def undo(agency: Agency, made: Assigned, who: Identity = LENA) -> Assigned:
    return await agency.do(
        lambda tx: take_back(tx, agency.desk, who, made.assignment.id, agency.now)
    )


async def people(agency: Agency, id: str) -> tuple[str, ...]:
    return (await found(agency, id)).people


async def found(agency: Agency, id: str) -> Responsibility:
    [one] = await agency.desk.responsibilities.load([id])
    return one


async def test_many_places_are_one_handover(agency: Agency) -> None:
    await agency.client("roast", "insta", "linked")
    jana = await agency.member("Jana", COPY, DESIGN, COMMUNITY)
    made = await many(
        agency,
        Wanted("roast", None, COPY, jana.id),
        Wanted("roast", "insta", COMMUNITY, jana.id),
        Wanted("roast", "linked", COMMUNITY, jana.id),
    )
    [handover] = await agency.told(HandoverStarted)
    assert handover.handover_id == made.handover_id
    assert {leg.responsibility_id for leg in handover.legs} == {
        "roast:copywriting",
        "insta:community",
        "linked:community",
    }
    assert not any(leg.open_work for leg in handover.legs)


async def test_all_or_nothing_and_every_refusal_is_named(agency: Agency) -> None:
    await agency.client("roast", "insta")
    jana, tom = await agency.member("Jana", COPY), await agency.member("Tom")
    with pytest.raises(AssignmentsRefused) as caught:
        await many(
            agency,
            Wanted("roast", None, COPY, jana.id),
            Wanted("roast", None, DESIGN, tom.id),
            Wanted("nowhere", None, COPY, jana.id),
            Wanted("roast", "insta", COMMUNITY, None),
            Wanted("roast", None, COPY, jana.id),
        )
    assert [(at, type(why)) for at, why in caught.value.refusals] == [
        (1, Unqualified),
        (2, UnknownClient),
        (3, NobodyToFollow),
        (4, NamedTwice),
    ]
    assert await agency.desk.responsibilities.load(["roast:copywriting"]) == []
    assert await agency.told(CoverageChanged) == []


async def test_nobody_is_assigned_to_a_client_out_of_sight(agency: Agency) -> None:
    await agency.client("roast")
    jana = await agency.member("Jana", COPY)
    elsewhere = Identity("nora", "Nora", Role.LEAD, Scope(frozenset({"other"})))
    with pytest.raises(AssignmentsRefused) as caught:
        await many(agency, Wanted("roast", None, COPY, jana.id), who=elsewhere)
    assert [type(why) for _, why in caught.value.refusals] == [UnknownClient]

    made = await many(agency, Wanted("roast", None, COPY, jana.id))
    with pytest.raises(NotFound):
        await undo(agency, made, elsewhere)


async def test_a_page_that_follows_has_whomever_the_client_gets(agency: Agency) -> None:
    await agency.client("roast", "insta", "linked")
    jana, tom, mira = [await agency.member(name, COMMUNITY) for name in ("Jana", "Tom", "Mira")]
    await agency.assign("roast", COMMUNITY, jana)
    own = await agency.responsibility("roast/linked", COMMUNITY, mira)
    await agency.assign("roast/insta", COMMUNITY, tom)
    await agency.assign("roast/insta", COMMUNITY, None)
    assert await people(agency, "insta:community") == (jana.id,)

    made = await agency.assign("roast", COMMUNITY, tom, jana)
    page = await found(agency, "insta:community")
    assert (page.people, page.follows) == ((tom.id, jana.id), True)
    assert await agency.acting(page) == tom.id
    assert await agency.acting(own) == mira.id
    handover = (await agency.told(HandoverStarted))[-1]
    assert handover.handover_id == made.handover_id
    assert len(handover.legs) == 2, "the client and the page are one handover"


async def test_the_client_and_a_page_that_follows_it_in_one_go(agency: Agency) -> None:
    await agency.client("roast", "insta")
    jana = await agency.member("Jana", COMMUNITY)
    made = await many(
        agency,
        Wanted("roast", "insta", COMMUNITY, None),
        Wanted("roast", None, COMMUNITY, jana.id),
    )
    assert [one.people for one in made.responsibilities] == [(jana.id,)] * 2
    assert [one.follows for one in made.responsibilities] == [True, False]


async def test_taking_back_restores_people_and_what_had_none_follows_again(
    agency: Agency,
) -> None:
    await agency.client("roast", "insta")
    jana, tom = [await agency.member(name, COMMUNITY) for name in ("Jana", "Tom")]
    await agency.assign("roast", COMMUNITY, jana, tom)
    made = await many(
        agency,
        Wanted("roast", None, COMMUNITY, tom.id),
        Wanted("roast", "insta", COMMUNITY, tom.id),
    )
    assert made.assignment.can_be_taken_back
    back = await undo(agency, made)
    assert await people(agency, "roast:community") == (jana.id, tom.id)
    page = await found(agency, "insta:community")
    assert (page.people, page.follows) == ((jana.id, tom.id), True)
    again = await undo(agency, back)
    assert [one.people for one in again.responsibilities] == [(tom.id,)] * 2


async def test_what_somebody_changed_since_is_not_taken_back(agency: Agency) -> None:
    await agency.client("roast")
    jana, tom, mira = [await agency.member(name, COPY) for name in ("Jana", "Tom", "Mira")]
    first = await agency.assign("roast", COPY, jana)
    assert not first.assignment.can_be_taken_back, "there was nobody before"
    second = await agency.assign("roast", COPY, tom)
    await agency.assign("roast", COPY, mira)
    with pytest.raises(AssignmentsRefused) as caught:
        await undo(agency, second)
    assert [type(why) for _, why in caught.value.refusals] == [StaleVersion]
    assert await people(agency, "roast:copywriting") == (mira.id,)


async def test_open_work_goes_along_only_if_asked_for(agency: Agency) -> None:
    await agency.client("roast")
    jana, tom, mira = [await agency.member(name, COPY) for name in ("Jana", "Tom", "Mira")]
    await agency.responsibility("roast", COPY, jana)
    await agency.assign("roast", COPY, tom)
    [leg] = (await agency.told(HandoverStarted))[-1].legs
    assert (leg.to, leg.open_work) == (tom.id, False)

    await agency.assign("roast", COPY, tom, mira, open_work=True)
    [leg] = (await agency.told(HandoverStarted))[-1].legs
    assert (leg.to, leg.open_work) == (tom.id, True), "though nobody else acts"


async def test_two_who_change_the_same_at_once(agency: Agency) -> None:
    await agency.client("roast")
    jana, tom, mira = [await agency.member(name, COPY) for name in ("Jana", "Tom", "Mira")]
    await agency.responsibility("roast", COPY, jana)
    results = await asyncio.gather(
        *(agency.assign("roast", COPY, one, version=1) for one in (tom, mira)),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in results) == ["Assigned", "StaleVersion"]
    assert (await found(agency, "roast:copywriting")).version == 2


async def test_more_than_one_transaction_settles(agency: Agency) -> None:
    pages = [f"p{number:04}" for number in range(MANY)]
    await agency.client("roast", *pages)
    jana, tom = [await agency.member(name, COMMUNITY) for name in ("Jana", "Tom")]
    places = [Wanted("roast", page, COMMUNITY, jana.id, (tom.id,)) for page in pages]

    async def make(tx: Transaction) -> Assigned:
        return await assign(tx, agency.desk, LENA, places, agency.now, open_work=True)

    made = await agency.do(make)
    while await agency.desk.settling.work(agency.service.outbox, agency.service.clock):
        pass
    [handover] = await agency.told(HandoverStarted)
    assert handover.handover_id == made.handover_id
    assert len(handover.legs) == MANY
    assert all(leg.open_work and leg.to == jana.id for leg in handover.legs)


async def test_what_would_be_refused_now_is_not_offered_to_be_taken_back(agency: Agency) -> None:
    await agency.client("roast")
    jana, tom = [await agency.member(name, COPY) for name in ("Jana", "Tom")]
    await agency.responsibility("roast", COPY, jana)
    await agency.do(
        lambda tx: edit_member(tx, agency.desk, LENA, jana.id, 1, agency.now, active=False)
    )
    made = await agency.assign("roast", COPY, tom)
    assert not made.assignment.can_be_taken_back
