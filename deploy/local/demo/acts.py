"""Further acts of the story: leave is decided on, and a deputy falls ill too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Protocol

from deploy.local.demo.agency.clients import CLIENTS
from deploy.local.demo.agency.people import FELIX, FIRST, JANA
from deploy.local.demo.agency.plan import BERLIN
from deploy.local.demo.api import Refused
from deploy.local.demo.audit import (
    covered_work_has_a_holder,
    everything_is_home,
    held_by_absent,
)
from deploy.local.demo.books import Books
from deploy.local.demo.stage import Stage
from deploy.local.supervisor import Report

__all__ = ["deputy_falls_ill_too", "leave_is_decided"]

Json = Any
_ABSENCES = "/scheduler/api/v1/absences"
_LEAVE = "/scheduler/api/v1/leave-requests"
_RESPONSIBILITIES = "/scheduler/api/v1/responsibilities"


class Narrator(Protocol):
    """Whoever tells the story."""

    @property
    def stage(self) -> Stage: ...
    @property
    def report(self) -> Report: ...
    @property
    def read(self) -> Callable[[], Awaitable[Books]]: ...
    async def closed(self, handover_id: str) -> Json: ...
    def show(self, receipt: Json) -> None: ...
    def found(self, title: str, discrepancies: list[str]) -> None: ...


# Leave


async def leave_is_decided(told: Narrator) -> None:
    """What Felix's leave would do is seen before it is approved, and most of it is mended."""
    lead, name = told.stage.as_(FIRST), told.stage.members[FELIX]["name"]
    [asked] = await told.stage.as_(FELIX).all(_LEAVE, own=True)
    path = f"{_LEAVE}/{asked['id']}"
    before = await lead.get(f"{path}/what-if")
    told.report(f"\n{name} asks for leave, {_days(asked)}. What it would do:")
    names = _names(told.stage)
    for line in _what_it_would_do(before, names):
        told.report(f"  {line}")
    closable = [gap for gap in before["gaps"] if gap["remedy"]]
    for gap in closable:
        await _make_deputy(told, gap["responsibility_id"], gap["remedy"])
        told.report(f"  {names[gap['remedy']]} is made deputy for {_place(gap, names)}")
    after = await lead.get(f"{path}/what-if")
    refusal = await _refusal(told, path, asked["version"])
    reason = {"reason": "Der Kunde weiß es, und am Montag geht es weiter."}
    approved = await lead.command(f"{path}/approve", asked["version"], reason)
    told.report(f"  approved with {len(after['gaps'])} gap left, for a reason in writing")
    told.found(
        "gaps were seen before the leave was approved, and needed a reason",
        list(_wrong_with_leave(before, closable, after, refusal, approved)),
    )


async def _make_deputy(told: Narrator, responsibility_id: str, member_id: str) -> None:
    lead, path = told.stage.as_(FIRST), f"{_RESPONSIBILITIES}/{responsibility_id}"
    present = await lead.get(path)
    people = {"owner": present["owner"], "deputies": [*present["deputies"], member_id]}
    await lead.command(path, present["version"], people, by="PUT")


async def _refusal(told: Narrator, path: str, version: int) -> str:
    """Why the leave is not approved without a word."""
    try:
        await told.stage.as_(FIRST).command(f"{path}/approve", version, {"reason": ""})
    except Refused as refusal:
        return refusal.code
    return ""


def _what_it_would_do(seen: Json, names: dict[str, str]) -> Iterator[str]:
    for gap in seen["gaps"]:
        remedy = names.get(gap["remedy"] or "", "nobody")
        yield f"Gap: {_place(gap, names)}, {_days(gap)}; {remedy} could act"
    if seen["better"]:
        yield f"Other dates: {_days(seen['better'])}"
    for one in seen["trainings"]:
        yield f"If {names[one['member_id']]} learned {one['discipline']}, a gap would close"


def _wrong_with_leave(
    before: Json, closable: list[Json], after: Json, refusal: str, approved: Json
) -> Iterator[str]:
    left = len(before["gaps"]) - len(closable)
    if not closable or not left:
        yield f"{len(closable)} of {len(before['gaps'])} gaps can be closed"
    if len(after["gaps"]) != left:
        yield f"{len(after['gaps'])} gaps are left instead of {left}"
    if refusal != "leave_needs_reason":
        yield f"without a reason the answer was {refusal or 'yes'}"
    if approved["leave"]["state"] != "approved" or not approved["leave"]["absence_id"]:
        yield "it is not planned"


def _names(stage: Stage) -> dict[str, str]:
    """Of members and clients, by their ids."""
    names = {one["id"]: str(one["name"]) for one in stage.members.values()}
    return names | {stage.clients[one.key]: one.name for one in CLIENTS}


def _place(gap: Json, names: dict[str, str]) -> str:
    return f"{gap['discipline']} for {names[gap['client_id']]}"


def _days(period: Json) -> str:
    starts_at, ends_at = (
        datetime.fromisoformat(period[name]).astimezone(BERLIN) for name in ("starts_at", "ends_at")
    )
    last = ends_at - timedelta(milliseconds=1)
    return f"{starts_at:%a %d %b} to {last:%a %d %b}"


# A deputy falls ill too


async def deputy_falls_ill_too(told: Narrator) -> None:
    """Whoever got most of Jana's work calls in sick as well, and she is back before them."""
    jana = told.stage.members[JANA]["id"]
    before = await told.read()
    called = await _falls_ill(told, jana)
    deputy = _who_got_most(called["receipt"])
    second = await _falls_ill(told, deputy)
    told.found("nobody of the two who are ill holds open work", await _wrong_now(told))
    for member, absence in ((jana, called["absence"]), (deputy, second["absence"])):
        await _is_back(told, member, absence)
        told.found("nobody absent holds open work", await _wrong_now(told))
    books = await told.read()
    told.found(
        "everything is home with whom it began",
        list(everything_is_home(books, before, (jana, deputy))),
    )


async def _falls_ill(told: Narrator, member_id: str) -> Json:
    caller, name = _caller(told, member_id)
    told.report(f"\n{name} calls in sick.")
    body = {"member_id": member_id, "kind": "sick"}
    called = await caller.create(_ABSENCES, body, f"again:{member_id}")
    receipt = await told.closed(called["handover_id"])
    told.show(receipt)
    return {"absence": called["absence"], "receipt": receipt}


async def _is_back(told: Narrator, member_id: str, absence: Json) -> None:
    caller, name = _caller(told, member_id)
    told.report(f"\n{name} is back.")
    path = f"{_ABSENCES}/{absence['id']}/end"
    ended = await caller.create(path, {}, f"back:{absence['id']}")
    told.show(await told.closed(ended["handover_id"]))


async def _wrong_now(told: Narrator) -> list[str]:
    books = await told.read()
    return [*held_by_absent(books), *covered_work_has_a_holder(books)]


def _who_got_most(receipt: Json) -> str:
    got = Counter(item["to"]["member_id"] for item in receipt["items"] if item["to"])
    [(member_id, _)] = got.most_common(1)
    return str(member_id)


def _caller(told: Narrator, member_id: str) -> tuple[Any, str]:
    member = next(one for one in told.stage.members.values() if one["id"] == member_id)
    return told.stage.api.as_member(member), member["name"]
