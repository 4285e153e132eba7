"""Taking a sheet in, and giving one out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.scheduler.desk import Desk
from services.scheduler.directory.store import Client, Page
from services.scheduler.responsibilities.domain import (
    AssignmentsRefused,
    Responsibility,
    Wanted,
    responsibility_id,
)
from services.scheduler.responsibilities.matrix import lines
from services.scheduler.responsibilities.query import MatrixChoice
from services.scheduler.responsibilities.sheet import (
    Known,
    Row,
    compare,
    read_sheet,
    write_sheet,
)
from services.scheduler.responsibilities.usecases import Assigned, assign, refusals
from shared.auth import Identity, Scope
from shared.errors import N_, AppError, FieldError, InvalidRequest, StaleVersion
from shared.events.disciplines import Discipline
from shared.outbox import Transaction

__all__ = ["Preview", "SheetRefused", "given_out", "preview", "take_in"]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a sheet would do. `changes`: line and what is wanted there; `problems`: line and why it
    cannot be taken. `seen`: of what it was compared with, to notice that it has changed since."""

    changes: tuple[tuple[int, Wanted], ...]
    problems: tuple[tuple[int, AppError], ...]
    unchanged: int
    before: Mapping[str, Responsibility]
    seen: str

    @property
    def new(self) -> int:
        return sum(one.id not in self.before for _, one in self.changes)


class SheetRefused(InvalidRequest):
    code = "sheet_refused"
    title = N_("Some lines cannot be taken")
    detail = N_("Nothing was imported. What is wrong is listed line by line.")
    remedy = N_("Put these lines right and send the whole table again.")

    def __init__(self, problems: Sequence[tuple[int, AppError]]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            errors=[
                FieldError(f"/lines/{line}", error.detail or error.title, error.params)
                for line, error in problems
            ]
        )


async def preview(tx: Transaction, desk: Desk, who: Identity, text: str, now: datetime) -> Preview:
    """Changes nothing. Raises `NotASheet`, `TooManyLines`."""
    known = await _known(tx, desk, who.scope)
    rows = read_sheet(text, known)
    wanted = [row.wanted for row in rows if row.wanted is not None]
    before = {
        one.id: one for one in await desk.responsibilities.load({w.id for w in wanted}, tx.session)
    }
    compared = compare(rows, before)
    found = await refusals(tx, desk, who, [one for _, one in compared.changes], now)
    refused = [(compared.changes[at][0], error) for at, error in found]
    return Preview(
        changes=compared.changes,
        problems=tuple(sorted([*_unreadable(rows), *refused], key=lambda each: each[0])),
        unchanged=compared.unchanged,
        before=before,
        seen=_digest(compared.changes),
    )


async def take_in(
    tx: Transaction,
    desk: Desk,
    who: Identity,
    text: str,
    now: datetime,
    *,
    seen: str | None = None,
    open_work: bool = False,
) -> tuple[Preview, Assigned | None]:
    """All lines or none; None if they say what is so already. `seen`: the preview that this was
    decided on.

    Raises `SheetRefused`, `StaleVersion` if there are other changes than those that were seen,
    `NotASheet`, `TooManyLines`.
    """
    found = await preview(tx, desk, who, text, now)
    if found.problems:
        raise SheetRefused(found.problems)
    if seen is not None and seen != found.seen:
        raise StaleVersion
    if not found.changes:
        return found, None
    wanted = [one for _, one in found.changes]
    try:
        return found, await assign(tx, desk, who, wanted, now, open_work=open_work)
    except AssignmentsRefused as error:
        raise SheetRefused([(found.changes[at][0], why) for at, why in error.refusals]) from None


async def given_out(desk: Desk, scope: Scope, choice: MatrixChoice, delimiter: str = ",") -> str:
    """The places of the choice as a sheet."""
    clients = await desk.directory.clients(scope)
    if choice.client is not None:
        clients = {id: one for id, one in clients.items() if id == choice.client}
    pages = await desk.directory.pages(scope, clients)
    found = {
        one.id: one
        for one in await desk.responsibilities.of_clients(scope, clients, choice.discipline)
    }
    members = await desk.members.load({id for one in found.values() for id in one.people})
    places = [
        (client, page, discipline, found.get(_id(client, page, discipline)))
        for client, page in lines(clients.values(), pages.values())
        for discipline in choice.disciplines
    ]
    return write_sheet((one for one in places if _belongs(*one, found, choice)), members, delimiter)


def _id(client: Client, page: Page | None, discipline: Discipline) -> str:
    return responsibility_id(client.id, page.id if page else None, discipline)


def _belongs(
    client: Client,
    page: Page | None,
    discipline: Discipline,
    own: Responsibility | None,
    found: Mapping[str, Responsibility],
    choice: MatrixChoice,
) -> bool:
    """Where somebody is responsible, or should be."""
    if own is not None and not own.follows:
        return choice.member is None or choice.member in own.people
    needed = discipline.per_page is (page is not None)
    return needed and choice.member is None and _id(client, None, discipline) not in found


async def _known(tx: Transaction, desk: Desk, scope: Scope) -> Known:
    clients = {
        id: one for id, one in (await desk.directory.clients(scope)).items() if not one.archived
    }
    pages = await desk.directory.pages(scope, clients, tx.session)
    members = {one.id: one for one in await desk.members.all(scope) if one.active}
    return Known(
        clients=clients,
        pages={id: one for id, one in pages.items() if not one.archived},
        members=members | await desk.members.load(await desk.responsibilities.named(scope)),
    )


def _unreadable(rows: Sequence[Row]) -> list[tuple[int, AppError]]:
    return [(row.line, row.problem) for row in rows if row.problem is not None]


def _digest(changes: Sequence[tuple[int, Wanted]]) -> str:
    decided = [[one.id, one.version, one.owner, one.deputies] for _, one in changes]
    return hashlib.sha256(json.dumps(decided).encode()).hexdigest()
