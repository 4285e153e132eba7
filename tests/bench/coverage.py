"""The coverage engine, and what it answers about leave, for a large agency."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from services.scheduler.coverage.domain import Team
from services.scheduler.coverage.outlook import Outlook, look_ahead
from services.scheduler.coverage.person import Person, Stretch
from services.scheduler.responsibilities.domain import Responsibility
from shared.events.disciplines import Discipline
from shared.ids import new_id
from shared.mongo import Document
from tests.bench.figures import Figure, at_most, percentile
from tests.bench.large_agency import LEAD, MEMBERS, assign_everything, fill, lead_token, settled
from tests.bench.world import World

__all__ = ["coverage_and_what_if"]

_ROUNDS = 5
_REQUESTS = 40
_ABSENCES = 600
_DAYS = 90
_HOURS = (1, 4, 8, 24, 72, 240)
_NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)


async def coverage_and_what_if(world: World) -> list[Figure]:
    """`coverage_full_ms`: who acts for each of 2,000 responsibilities over 90 days, with 200
    members and 600 absences, computed anew, in this process. `…_4x_ms` and `…_16x_ms`: with so many
    times as many of everything.

    `coverage_change_ms`: 95 of 100 further absences of somebody are taken into that within this.

    `whatif_p95_ms`: within this, 95 of 100 questions are answered over HTTP what a week's leave of
    somebody would do, in an agency of that size. `whatif_changed_p95_ms`: the same, when something
    has changed in the team before each question, so that all of it is read again.
    `whatif_page_p95_ms`: the same as the first for the page that is drawn anew while somebody
    types. Nobody else does anything meanwhile."""
    return [*_engine(), *await _what_if(world)]


# The engine alone


def _engine() -> list[Figure]:
    outlook = _outlook(1)
    return [
        Figure("coverage_full_ms", "ms", _full(1), at_most(300), about="200 members, 90 days"),
        Figure("coverage_full_4x_ms", "ms", _full(4), about="800 members"),
        Figure("coverage_full_16x_ms", "ms", _full(16), about="3,200 members"),
        Figure("coverage_change_ms", "ms", _changes(outlook), at_most(5), about="one absence"),
    ]


def _full(times: int) -> list[float]:
    responsibilities, team = _agency(times)
    took = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        look_ahead(responsibilities, team, _NOON, _NOON + timedelta(days=_DAYS))
        took.append(_milliseconds(began))
    return took


def _changes(outlook: Outlook) -> list[float]:
    chance = random.Random(2)
    rounds = []
    for _ in range(_ROUNDS):
        took = []
        for person in outlook.team.people.values():
            away = _stretch(chance)
            began = time.perf_counter()
            outlook.with_person(person.also_away([away]))
            took.append(_milliseconds(began))
        rounds.append(percentile(took, 0.95))
    return rounds


def _outlook(times: int) -> Outlook:
    responsibilities, team = _agency(times)
    return look_ahead(responsibilities, team, _NOON, _NOON + timedelta(days=_DAYS))


def _agency(times: int) -> tuple[list[Responsibility], Team]:
    """Eight responsibilities a client, each with two deputies; two leads a client."""
    chance = random.Random(1)
    members = [f"m{number}" for number in range(MEMBERS * times)]
    away: dict[str, list[Stretch]] = {member: [] for member in members}
    for _ in range(_ABSENCES * times):
        away[chance.choice(members)].append(_stretch(chance))
    able = dict.fromkeys(Discipline)
    people = {id: Person(id, True, None, able, tuple(found)) for id, found in away.items()}
    disciplines = list(Discipline)
    responsibilities = []
    for number in range(2_000 * times):
        owner, *deputies = chance.sample(members, 3)
        page = f"p{number}" if number % 8 else None
        kind = disciplines[number % len(disciplines)]
        responsibilities.append(
            Responsibility(f"c{number // 8}", page, kind, owner, tuple(deputies))
        )
    leads = {f"c{number}": tuple(chance.sample(members, 2)) for number in range(250 * times)}
    return responsibilities, Team(people, leads)


def _stretch(chance: random.Random) -> Stretch:
    start = _NOON + timedelta(hours=chance.randrange(_DAYS * 24))
    return Stretch(start, start + timedelta(hours=chance.choice(_HOURS)))


# Over HTTP


async def _what_if(world: World) -> list[Figure]:
    await fill(world)
    await world.database("scheduler")["absences"].insert_many(list(_absences()))
    headers = {"Authorization": f"Bearer {lead_token()}"}
    base = f"{world.services.url}/scheduler"
    async with httpx.AsyncClient(base_url=base, timeout=60, headers=headers) as http:
        await assign_everything(http)
        await settled(world)
        same = [await _asked(http, number) for number in range(_ROUNDS)]
        changed = [await _asked(http, number, changing=True) for number in range(_ROUNDS)]
        drawn = [await _asked(http, number, as_page=True) for number in range(_ROUNDS)]
    about = "2,000 responsibilities, 600 absences"
    return [
        Figure("whatif_p95_ms", "ms", same, at_most(150), about=about),
        Figure("whatif_changed_p95_ms", "ms", changed, about="all read again each time"),
        Figure("whatif_page_p95_ms", "ms", drawn, about="the form with its board"),
    ]


async def _asked(
    http: httpx.AsyncClient, number: int, *, changing: bool = False, as_page: bool = False
) -> float:
    chance = random.Random(number)
    took = []
    for _ in range(_REQUESTS):
        if changing:
            await _change_something(http)
        first = _NOON.date() + timedelta(days=7 + chance.randrange(60))
        member, last = f"m{chance.randrange(MEMBERS):03}", first + timedelta(days=4)
        query = {"member": member, "starts_at": str(first), "ends_at": str(last)}
        form = {"member_id": member, "starts_day": str(first), "ends_day": str(last)}
        began = time.perf_counter()
        if as_page:
            answer = await http.post("/leave/what-if", data=form)
        else:
            answer = await http.get("/api/v1/what-if", params=query)
        took.append(_milliseconds(began))
        answer.raise_for_status()
    return percentile(took, 0.95)


async def _change_something(http: httpx.AsyncClient) -> None:
    """A lead's time zone, as it was: the next epoch, and nothing to hand over."""
    path = f"/api/v1/members/{LEAD.member_id}"
    member = (await http.get(path)).json()
    body = {"time_zone": member["time_zone"]}
    headers = {"If-Match": f'"{member["version"]}"'}
    (await http.patch(path, json=body, headers=headers)).raise_for_status()


def _absences() -> Any:
    chance = random.Random(3)
    for _ in range(_ABSENCES):
        away = _stretch(chance)
        yield _absence(f"m{chance.randrange(MEMBERS):03}", away)


def _absence(member_id: str, away: Stretch) -> Document:
    return {
        "_id": new_id(),
        "member_id": member_id,
        "starts_at": away.starts_at,
        "ends_at": away.ends_at,
        "reported_by": LEAD.member_id,
        "reported_at": _NOON,
        "cancelled": False,
        "started": False,
        "ended": False,
        "version": 1,
    }


def _milliseconds(began: float) -> float:
    return 1000 * (time.perf_counter() - began)
