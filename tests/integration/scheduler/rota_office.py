"""An office whose rota the tests plan, over the API and with the solver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from typing import Any

import httpx

from services.scheduler.members.domain import Member
from services.scheduler.members.usecases import identity_of
from services.scheduler.rota.problem import Found, Problem
from services.scheduler.rota.solver import solve
from services.scheduler.rota.working import RotaWork
from shared.auth import Identity, Role, Scope
from shared.events.disciplines import Discipline
from tests.integration.scheduler.agency import LENA, Agency, As, TestClock, made

COMMUNITY = Discipline.COMMUNITY
GROUPS, SHIFTS, RUNS, SWAPS = (
    f"/api/v1/rota/{each}" for each in ("groups", "shifts", "runs", "swaps")
)
LATE = {"name": "Late", "weekdays": [0, 1, 2, 3, 4, 5, 6], "starts": "17:00", "ends": "22:00"}
WEEK = {"first_day": "2026-12-07", "weeks": 1}
HARBOUR_LEAD = Identity("other", "Other", Role.LEAD, Scope(frozenset({"harbour"})), lang="en")
WHEN = {"starts_at": "2026-12-06T00:00:00Z", "ends_at": "2026-12-22T00:00:00Z"}


@dataclass
class Office:
    """Mira, Tom and Ada can watch the roastery's pages; Jana cannot."""

    agency: Agency
    lena: httpx.AsyncClient
    work: RotaWork
    mira: Member
    tom: Member
    ada: Member
    jana: Member

    async def group(self, **fields: Any) -> dict[str, Any]:
        body = {
            "name": "Evenings",
            "pages": ["roast-insta"],
            "time_zone": "Europe/Berlin",
            "kinds": [LATE],
            **fields,
        }
        group: dict[str, Any] = await made(await self.lena.post(GROUPS, json=body))
        return group

    async def proposal(self, group: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """Made by the solver, in a process of its own."""
        run = await self.asked(group, **fields)
        assert await self.work.work()
        detail: dict[str, Any] = await made(await self.lena.get(f"{RUNS}/{run['id']}"))
        assert detail["state"] == "proposed"
        return detail

    async def asked(self, group: dict[str, Any], **fields: Any) -> dict[str, Any]:
        answer = await self.lena.post(RUNS, json={"groups": [group["id"]], **WEEK, **fields})
        assert answer.status_code == 202, answer.text
        run: dict[str, Any] = answer.json()
        return run

    async def applied(self, run: dict[str, Any]) -> dict[str, Any]:
        path = f"{RUNS}/{run['id']}/apply"
        applied: dict[str, Any] = await made(await self.lena.post(path, headers=if_match(run)))
        return applied

    async def planned(self, group: dict[str, Any]) -> list[dict[str, Any]]:
        await self.applied(await self.proposal(group))
        return await self.shifts()

    async def put(
        self, shift: dict[str, Any], member_id: str | None, *, locked: bool
    ) -> dict[str, Any]:
        path = f"{SHIFTS}/{shift['id']}"
        present = await made(await self.lena.get(path))
        body = {"member_id": member_id, "locked": locked}
        put = await self.lena.put(path, json=body, headers=if_match(present))
        after: dict[str, Any] = await made(put)
        return after

    async def shifts(self) -> list[dict[str, Any]]:
        shifts: list[dict[str, Any]] = (await made(await self.lena.get(SHIFTS, params=WHEN)))[
            "items"
        ]
        return shifts


def if_match(thing: dict[str, Any]) -> dict[str, str]:
    return {"If-Match": f'"{thing["version"]}"'}


def as_(member: Member) -> Identity:
    return replace(identity_of(member), lang="en")


async def solve_here(problem: Problem) -> AsyncGenerator[Found, None]:
    """The solver, loaded once for all tests and not by a process for each."""
    task = replace(problem, patience=0.3)
    yield Found(await asyncio.to_thread(solve, task), last=True)


async def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    told: dict[str, Any] = answer.json()
    assert told["code"] == code, told
    return told


async def opened(agency: Agency, ask: As, clock: TestClock) -> Office:
    await agency.client("roast", "roast-insta", "roast-blue")
    await agency.client("harbour", "harbour-insta")
    return Office(
        agency,
        ask(LENA),
        RotaWork(agency.desk, clock, seconds=2, solve=solve_here),
        mira=await agency.member("Mira", COMMUNITY),
        tom=await agency.member("Tom", COMMUNITY),
        ada=await agency.member("Ada", COMMUNITY, clients=("roast",)),
        jana=await agency.member("Jana", Discipline.COPYWRITING),
    )
