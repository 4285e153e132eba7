"""What people do with responsibilities and the clients' leads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.scheduler.accounts.domain import NEEDING_ACCOUNT, CheckedPages
from services.scheduler.coverage.person import Person
from services.scheduler.coverage.settling import Change
from services.scheduler.desk import Desk
from services.scheduler.directory.store import Client, Page
from services.scheduler.errors import UnknownClient, UnknownPage, check_version
from services.scheduler.responsibilities.assignments import Assignment, assignment_of, taking_back
from services.scheduler.responsibilities.domain import (
    AssignmentsRefused,
    Leads,
    NamedTwice,
    Responsibility,
    Wanted,
    assigned,
    check_access,
    check_people,
    following,
)
from shared.auth import Identity, Scope
from shared.errors import AppError, NotFound
from shared.ids import new_id
from shared.outbox import Transaction

__all__ = ["Assigned", "assign", "assign_one", "refusals", "set_leads", "take_back"]


@dataclass(frozen=True, slots=True)
class Assigned:
    """`responsibilities` as wanted, in that order. `handover_id`: the handover that follows, if
    somebody else acts now, or open work goes along. `assignment`: how it is kept."""

    responsibilities: tuple[Responsibility, ...]
    handover_id: str | None
    assignment: Assignment


async def assign(
    tx: Transaction,
    desk: Desk,
    who: Identity,
    wanted: Sequence[Wanted],
    now: datetime,
    *,
    open_work: bool = False,
) -> Assigned:
    """Make people responsible for places: all as wanted, or nothing; one handover for all.

    What is held stays with its holder, but with `open_work` it goes along to whoever acts.
    Raises `AssignmentsRefused` with every refusal, see `assign_one`.
    """
    tick = await desk.clock.tick(tx, now)
    books = await _read(tx, desk, who.scope, wanted, tick.now)
    changes, refused = books.assign(wanted)
    if refused:
        raise AssignmentsRefused(refused)
    followers = books.followers(changes.values())
    everything = [*changes.values(), *followers]
    await desk.responsibilities.put_all(tx, everything)
    assignment = assignment_of(
        new_id(),
        who.member_id,
        tick.now,
        changes.values(),
        books.before,
        open_work=open_work,
        can_be_taken_back=all(books.could_be_as_before(one) for one in changes.values()),
    )
    await desk.assignments.put(tx, assignment)
    ids = frozenset(one.id for one in everything)
    change = Change(
        responsibilities=ids | books.clients_concerned(changes.values()),
        moving=ids if open_work else frozenset(),
        by=who.member_id,
    )
    handover_id = await desk.settling.settle(tx, tick, change)
    return Assigned(tuple(changes[one.id] for one in wanted), handover_id, assignment)


async def refusals(
    tx: Transaction, desk: Desk, who: Identity, wanted: Sequence[Wanted], now: datetime
) -> list[tuple[int, AppError]]:
    """What `assign` would refuse, by position; changes nothing."""
    books = await _read(tx, desk, who.scope, wanted, now)
    return books.assign(wanted)[1]


async def assign_one(
    tx: Transaction,
    desk: Desk,
    who: Identity,
    wanted: Wanted,
    now: datetime,
    *,
    open_work: bool = False,
) -> Assigned:
    """Raises `UnknownClient`, `UnknownPage`, and what `assigned` and `check_people` raise."""
    try:
        return await assign(tx, desk, who, [wanted], now, open_work=open_work)
    except AssignmentsRefused as error:
        [(_, refusal)] = error.refusals
        raise refusal from None


async def take_back(
    tx: Transaction, desk: Desk, who: Identity, assignment_id: str, now: datetime
) -> Assigned:
    """As it was before, if nobody has changed it since. Raises `NotFound`, `AssignmentsRefused`."""
    found = await desk.assignments.get(assignment_id, tx.session)
    if found is None or not all(who.scope.allows(one.client_id) for one in found.places):
        raise NotFound
    return await assign(tx, desk, who, taking_back(found), now, open_work=found.open_work)


async def set_leads(
    tx: Transaction,
    desk: Desk,
    who: Identity,
    client_id: str,
    members: Sequence[str],
    version: int,
    now: datetime,
) -> tuple[Leads, str | None]:
    """The client's leads in order; version 0 is a client that has none yet.

    Raises `NotFound`, `StaleVersion`, and what `check_access` raises.
    """
    tick = await desk.clock.tick(tx, now)
    if await desk.directory.client(who.scope, client_id, tx.session) is None:
        raise NotFound
    before = await desk.leads.get(client_id, tx.session)
    check_version(version, before.version)
    people = await desk.team.people_at(members, tick.now, tx.session)
    check_access(client_id, members, people, await _names(tx, desk, members))
    after = replace(before, members=tuple(members), version=before.version + 1)
    await desk.leads.put(tx, after)
    change = Change(clients=frozenset({client_id}), by=who.member_id)
    return after, await desk.settling.settle(tx, tick, change)


@dataclass(frozen=True)
class _Books:
    """All that is to be known to assign people to places. `before` has those responsibilities that
    are there, also the clients' and the pages' that may follow them."""

    clients: Mapping[str, Client]
    pages: Mapping[str, Page]
    before: Mapping[str, Responsibility]
    people: Mapping[str, Person]
    names: Mapping[str, str]
    checked: CheckedPages
    now: datetime

    def assign(
        self, wanted: Sequence[Wanted]
    ) -> tuple[dict[str, Responsibility], list[tuple[int, AppError]]]:
        """By id what is to be saved, and by position what is refused, and why."""
        after: dict[str, Responsibility] = {}
        refusals: list[tuple[int, AppError]] = []
        checked = self.checked.staffed(
            own=(one.id for one in wanted if one.owner is not None),
            following=(one.id for one in wanted if one.owner is None),
        )
        # The clients' first, for pages that are to follow them.
        for at, one in sorted(enumerate(wanted), key=lambda each: each[1].page_id is not None):
            try:
                if one.id in after:
                    raise NamedTwice
                after[one.id] = self._assigned(one, after, checked)
            except AppError as error:
                refusals.append((at, error))
        return after, sorted(refusals, key=lambda each: each[0])

    def _assigned(
        self, one: Wanted, after: Mapping[str, Responsibility], checked: CheckedPages
    ) -> Responsibility:
        self._check_place(one)
        before = self.before.get(one.id)
        of_client = after.get(one.of_client) or self.before.get(one.of_client)
        responsibility = assigned(one, before, of_client)
        self._check_people(responsibility, checked, before)
        return responsibility

    def _check_people(
        self,
        responsibility: Responsibility,
        checked: CheckedPages,
        before: Responsibility | None = None,
    ) -> None:
        demand = checked.demand(responsibility)
        check_people(responsibility, demand, self.people, self.names, self.now, before)

    def _check_place(self, one: Wanted) -> None:
        if one.client_id not in self.clients:
            raise UnknownClient(client=one.client_id)
        if one.page_id is not None:
            page = self.pages.get(one.page_id)
            if page is None or page.client_id != one.client_id:
                raise UnknownPage(page=one.page_id)

    def could_be_as_before(self, changed: Responsibility) -> bool:
        """Whether it would be allowed now to assign the people it had; without any, a page follows
        its client."""
        before = self.before.get(changed.id)
        if before is None:
            of_client = self.before.get(changed.of_client)
            if changed.page_id is None or of_client is None:
                return False
            before = replace(
                changed, owner=of_client.owner, deputies=of_client.deputies, follows=True
            )
        try:
            self._check_people(before, self.checked)
        except AppError:
            return False
        return True

    def clients_concerned(self, changed: Iterable[Responsibility]) -> frozenset[str]:
        """The clients' responsibilities that may need other accounts now, because a page has people
        of its own or has not any more."""
        return frozenset(
            one.of_client
            for one in changed
            if one.page_id is not None
            and one.discipline in NEEDING_ACCOUNT
            and one.client_id in self.checked.pages
        )

    def followers(self, changed: Iterable[Responsibility]) -> list[Responsibility]:
        after = {one.id: one for one in changed}
        others = [one for one in self.before.values() if one.id not in after]
        return [
            follower
            for one in after.values()
            if one.page_id is None
            for follower in following(others, one)
        ]


async def _read(
    tx: Transaction, desk: Desk, scope: Scope, wanted: Sequence[Wanted], now: datetime
) -> _Books:
    client_ids = {one.client_id for one in wanted if scope.allows(one.client_id)}
    clients = await desk.directory.some_clients(scope, client_ids, tx.session)
    pages = await desk.directory.pages(scope, client_ids, tx.session)
    ids = {id for one in wanted for id in (one.id, one.of_client)}
    before = await desk.responsibilities.load_with_followers(tx, ids)
    named = {id for one in wanted for id in (one.owner, *one.deputies) if id is not None}
    named |= {id for one in before for id in one.people}
    return _Books(
        clients=clients,
        pages=pages,
        before={one.id: one for one in before},
        people=await desk.team.people_at(named, now, tx.session),
        names=await _names(tx, desk, named),
        checked=await desk.team.checked_pages(wanted, tx.session),
        now=now,
    )


async def _names(tx: Transaction, desk: Desk, member_ids: Iterable[str]) -> dict[str, str]:
    members = await desk.members.load(member_ids, tx.session)
    return {member.id: member.name for member in members.values()}
