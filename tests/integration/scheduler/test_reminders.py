"""The end of a qualification is told before it comes: in time, to the right people, once."""

from __future__ import annotations

from datetime import datetime, timedelta

import httpx
import pytest

from services.scheduler.absences.period import When
from services.scheduler.members.usecases import edit_member
from services.scheduler.qualifications.domain import SOON, VERY_SOON
from services.scheduler.qualifications.reminders import schedule_missing
from services.scheduler.qualifications.usecases import (
    Skill,
    change_qualification,
    remove_qualification,
)
from shared.events.disciplines import Discipline
from shared.events.scheduler import QualificationExpiring, ReminderStage
from shared.service import Service
from tests.integration.scheduler.agency import LENA, Agency, TestClock
from tests.integration.scheduler.test_time import fire_all

COPY = Discipline.COPYWRITING
FIRST, LAST = ReminderStage.FIRST, ReminderStage.LAST
DAY = timedelta(days=1)


async def told(agency: Agency) -> list[tuple[ReminderStage, datetime]]:
    return [(one.stage, one.valid_until) for one in await agency.told(QualificationExpiring)]


async def change(agency: Agency, member_id: str, until: When | None, level: int = 2) -> None:
    found = await agency.desk.qualifications.get(member_id, COPY)
    assert found is not None
    skill, version = Skill(level, until), found.version
    await agency.do(
        lambda tx: change_qualification(
            tx, agency.desk, LENA, member_id, COPY, skill, version, agency.now
        )
    )


async def due(service: Service) -> dict[str, datetime]:
    """When each row about qualifications falls due, by the end of its id."""
    rows = service.mongo.collection("due").find({"kind": {"$regex": "^qualification"}})
    return {row["_id"].rpartition(":")[2]: row["at"] async for row in rows}


@pytest.fixture
def end(clock: TestClock) -> datetime:
    return clock.now + timedelta(days=100)


async def test_it_is_told_twice_and_in_time(
    agency: Agency, service: Service, clock: TestClock, end: datetime
) -> None:
    await agency.member("Jana", COPY, until=end)
    assert await due(service) == {"copywriting": end, "first": end - SOON, "last": end - VERY_SOON}
    clock.now = end - SOON - DAY
    assert await fire_all(service) == 0
    clock.now = end - SOON
    assert await fire_all(service) == 1
    assert await told(agency) == [(FIRST, end)]
    clock.now = end - VERY_SOON
    assert await fire_all(service) == 1
    assert await told(agency) == [(FIRST, end), (LAST, end)]
    clock.now = end
    assert await fire_all(service) == 1, "the end itself"
    assert len(await told(agency)) == 2


async def test_it_says_what_depends_on_it_and_whom_to_tell(
    agency: Agency, service: Service, clock: TestClock, end: datetime
) -> None:
    for client in ("roast", "works", "other"):
        await agency.client(client)
    jana = await agency.member("Jana", COPY, until=end)
    tom, mira = await agency.member("Tom", COPY), await agency.member("Mira", COPY)
    leads = [await agency.member(name) for name in ("Nora", "Otto", "Ines")]
    own = await agency.responsibility("roast", COPY, jana, tom)
    second = await agency.responsibility("works", COPY, mira, jana)
    await agency.responsibility("other", COPY, tom)
    await agency.leads("roast", leads[0], jana, leads[1])
    await agency.leads("works", leads[1])
    await agency.leads("other", leads[2])
    await agency.away(mira, end - DAY, end + DAY)
    await agency.away(leads[0])

    clock.now = end - SOON
    await fire_all(service)

    [event] = await agency.told(QualificationExpiring)
    assert (event.member_id, event.discipline, event.valid_until) == (jana.id, COPY, end)
    assert (event.owned, event.deputised) == ((own.id,), (second.id,))
    assert event.gaps == (second.id,), "Mira will be away, whatever for"
    assert event.leads == (leads[1].id,), "who is here, of their clients, and not Jana"


async def test_without_responsibilities_only_the_member_is_told(
    agency: Agency, service: Service, clock: TestClock, end: datetime
) -> None:
    await agency.member("Jana", COPY, until=end)
    clock.now = end - SOON
    await fire_all(service)
    [event] = await agency.told(QualificationExpiring)
    assert (event.owned, event.deputised, event.gaps, event.leads) == ((), (), (), ())


async def test_a_renewal_moves_it(
    agency: Agency, service: Service, clock: TestClock, end: datetime
) -> None:
    jana = await agency.member("Jana", COPY, until=end)
    clock.now = end - SOON
    await fire_all(service)
    later = end + timedelta(days=365)
    await change(agency, jana.id, later)
    assert await due(service) == {
        "copywriting": later,
        "first": later - SOON,
        "last": later - VERY_SOON,
    }
    clock.now = end
    assert await fire_all(service) == 0
    clock.now = later - SOON
    await fire_all(service)
    assert await told(agency) == [(FIRST, end), (FIRST, later)]


async def test_no_end_and_no_qualification_are_no_reminder(
    agency: Agency, service: Service, clock: TestClock, end: datetime
) -> None:
    jana, tom = [await agency.member(name, COPY, until=end) for name in ("Jana", "Tom")]
    await change(agency, jana.id, None)
    await agency.do(
        lambda tx: remove_qualification(tx, agency.desk, LENA, tom.id, COPY, 1, agency.now)
    )
    assert await due(service) == {}


async def test_another_edit_does_not_remind_again(
    agency: Agency, service: Service, clock: TestClock, end: datetime
) -> None:
    jana = await agency.member("Jana", COPY, until=end)
    clock.now = end - SOON + DAY
    await fire_all(service)
    await change(agency, jana.id, end, level=3)
    assert await fire_all(service) == 0
    assert await told(agency) == [(FIRST, end)]
    assert await due(service) == {"copywriting": end, "last": end - VERY_SOON}


@pytest.mark.parametrize(("days", "stage"), [(20, FIRST), (5, LAST)])
async def test_entered_late_it_is_told_at_once_and_once(
    days: int, stage: ReminderStage, agency: Agency, service: Service, clock: TestClock
) -> None:
    end = clock.now + days * DAY
    jana = await agency.member("Jana", COPY, until=end)
    assert await fire_all(service) == 1
    await change(agency, jana.id, end, level=3)
    assert await fire_all(service) == 0
    assert await told(agency) == [(stage, end)]


async def test_after_an_outage_the_nearest_alone_is_told(
    agency: Agency, service: Service, clock: TestClock, end: datetime
) -> None:
    await agency.member("Jana", COPY, until=end)
    clock.now = end - DAY
    assert await fire_all(service) == 2
    assert await told(agency) == [(LAST, end)]


async def test_what_is_over_is_not_told_before(
    agency: Agency, service: Service, clock: TestClock, end: datetime
) -> None:
    await agency.member("Jana", COPY, until=end)
    clock.now = end + DAY
    assert await fire_all(service) == 3
    assert await told(agency) == []


async def test_what_has_another_end_since_is_not_told(
    agency: Agency, service: Service, clock: TestClock, end: datetime
) -> None:
    """The database says what holds, not the row."""
    jana = await agency.member("Jana", COPY, until=end)
    await service.mongo.collection("qualifications").update_one(
        {"_id": f"{jana.id}:copywriting"}, {"$set": {"valid_until": end + 90 * DAY}}
    )
    clock.now = end - SOON
    assert await fire_all(service) == 1
    assert await told(agency) == []


async def test_of_a_member_who_has_left_nothing_is_told_until_they_are_back(
    agency: Agency, service: Service, clock: TestClock, end: datetime
) -> None:
    jana = await agency.member("Jana", COPY, until=end)

    async def active(version: int, *, active: bool) -> None:
        await agency.do(
            lambda tx: edit_member(
                tx, agency.desk, LENA, jana.id, version, agency.now, active=active
            )
        )

    await active(1, active=False)
    clock.now = end - SOON
    await fire_all(service)
    assert await told(agency) == []
    clock.advance(days=3)
    await active(2, active=True)
    await fire_all(service)
    assert await told(agency) == [(FIRST, end)]
    await active(3, active=False)
    await active(4, active=True)
    await fire_all(service)
    assert await told(agency) == [(FIRST, end)]


async def test_qualifications_from_before_get_their_reminders(
    agency: Agency, service: Service, clock: TestClock, end: datetime
) -> None:
    """As a database is that never heard of reminders."""
    await agency.member("Jana", COPY, until=end)
    await agency.member("Tom", COPY)
    qualifications = service.mongo.collection("qualifications")
    await qualifications.update_many({}, {"$unset": {"reminded": ""}})
    await service.mongo.collection("due").delete_many({"_id": {"$regex": ":(first|last)$"}})

    while await schedule_missing(service.outbox, agency.desk, clock):
        pass

    assert await due(service) == {"copywriting": end, "first": end - SOON, "last": end - VERY_SOON}
    asked = await qualifications.find({"reminded": {"$exists": False}}).limit(1).explain()
    assert asked["executionStats"]["totalDocsExamined"] == 0, "it is asked every second"
    clock.now = end - SOON
    await fire_all(service)
    assert await told(agency) == [(FIRST, end)]


async def test_editing_on_the_page_does_not_remind_again(
    agency: Agency, service: Service, clock: TestClock, lena: httpx.AsyncClient
) -> None:
    """Where a day is typed, which is an instant in the member's time zone."""
    jana = await agency.member("Jana", COPY, until=(clock.now + 20 * DAY).date())
    await fire_all(service)
    form = {"member_id": jana.id, "discipline": "copywriting", "version": "1", "level": "3"}
    form["valid_until_day"] = (clock.now + 20 * DAY).date().isoformat()
    assert (await lena.post("/skills/cell", data=form)).status_code == 303
    assert await fire_all(service) == 0
    assert len(await told(agency)) == 1
