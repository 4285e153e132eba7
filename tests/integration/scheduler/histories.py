"""A random history, played by the use cases on a real MongoDB and by a participant's real sweep."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from services.scheduler.absences.domain import Absence, AbsenceState, Kind, Reason
from services.scheduler.absences.usecases import Report as Call
from services.scheduler.absences.usecases import (
    Revision,
    cancel_absence,
    change_absence,
    end_absence,
    report_absence,
)
from services.scheduler.accounts.usecases import check_accounts, stop_checking
from services.scheduler.members.domain import MemberEdit
from services.scheduler.members.usecases import edit_member
from services.scheduler.qualifications.usecases import (
    Skill,
    add_qualification,
    change_qualification,
    remove_qualification,
)
from services.scheduler.responsibilities.domain import Wanted
from services.scheduler.responsibilities.usecases import assign_one, set_leads
from shared.errors import AppError
from shared.events.scheduler import ActsAs, CoverageChanged, HandoverStarted, MemberChanged
from shared.handover.rows import Acting, Here
from shared.mongo import Document
from shared.outbox import Transaction
from tests.integration.handover.participants import Replica, problems
from tests.integration.scheduler.agency import LENA, Agency, TestClock
from tests.support.histories.commands import (
    DISCIPLINES,
    MEMBERS,
    PAGE,
    PLACES,
    Access,
    Accounts,
    Assign,
    Cancel,
    Change,
    Command,
    Create,
    End,
    Lead,
    Membership,
    Qualify,
    Report,
    Sweep,
    Touch,
    Wait,
    Withdraw,
)
from tests.support.histories.world import World, after

__all__ = ["Played", "Stage"]

Work = Callable[[Transaction], Awaitable[Any]]


@dataclass
class Stage:
    """The team as it is before each history, and the participant with the work."""

    agency: Agency
    clock: TestClock
    planner: Replica
    ids: dict[str, str]
    before: dict[str, list[Document]]

    @classmethod
    async def set_up(cls, agency: Agency, clock: TestClock, planner: Replica) -> Stage:
        world = World()
        clock.now = world.now
        await agency.client("roast", PAGE)
        await agency.client("tea")
        members = {name: await agency.member(name.title(), *DISCIPLINES) for name in MEMBERS}
        for place, people in world.assigned.items():
            owner, *deputies = [members[name] for name in people]
            where = "/".join(filter(None, (place.client, place.page)))
            await agency.responsibility(where, place.discipline, owner, *deputies)
        for client, leads in world.leads.items():
            await agency.leads(client, *(members[name] for name in leads))
        ids = {name: member.id for name, member in members.items()}
        stage = cls(agency, clock, planner, ids, {})
        stage.before = {name: rows async for name, rows in stage._everything()}
        return stage

    async def play(self, limit: int) -> Played:
        """Everything as it was; `limit`: responsibilities that one transaction settles."""
        for name in await self._names():
            collection = self.agency.service.mongo.collection(name)
            await collection.delete_many({})
            if rows := self.before.get(name):
                await collection.insert_many(rows)
        database = self.planner.tasks.database
        for name in await database.list_collection_names():
            await database[name].delete_many({})
        self.clock.now = World().now
        self.agency.desk.settling._limit = limit
        return Played(self)

    async def _everything(self) -> AsyncIterator[tuple[str, list[Document]]]:
        for name in await self._names():
            collection = self.agency.service.mongo.collection(name)
            yield name, [row async for row in collection.find()]

    async def _names(self) -> list[str]:
        database = self.agency.service.mongo.collection("any").database
        names: list[str] = await database.list_collection_names()
        return names


@dataclass
class Played:
    stage: Stage
    world: World = field(default_factory=World)
    absences: list[str] = field(default_factory=list)
    heard: int = 0

    @property
    def agency(self) -> Agency:
        return self.stage.agency

    async def do(self, command: Command) -> None:
        match command:
            case Create(place):
                await self.hear()
                await self.stage.planner.create(place.id, client_id=place.client)
            case Touch(nth):
                await self._touch(nth)
            case Sweep(steps):
                await self.hear()
                for _ in range(steps):
                    await self._settle_one()
                    await self.stage.planner.participation.work()
            case Wait():
                self.world.take(command)
                self.stage.clock.now = self.world.now
                while await self.agency.service.ticker.fire_next():
                    pass
            case _:
                await self._change_the_team(command)

    async def _change_the_team(self, command: Command) -> None:
        refused, work = self.world.refuses(command), await self._use_case(command)
        if work is None:
            return
        try:
            came_of_it = await self.agency.do(work)
        except AppError as error:
            if not refused:
                raise AssertionError(f"{command} is refused") from error
            return
        assert not refused, f"{command} is not refused"
        if isinstance(command, Report):
            self.absences.append(came_of_it[0].id)
        self.world.take(command)

    async def _use_case(self, command: Command) -> Work | None:
        """None if there is nothing that the command could be about."""
        match command:
            case Report(member, starts, ends):
                begins = None if starts is None else after(self.world.now, starts)
                until = None if ends is None else after(self.world.now, ends)
                call = Call(begins, until, None, Reason(Kind.SICK))
                return self._by_lena(report_absence, self.stage.ids[member], call)
            case Change() | End() | Cancel() if self.absences:
                return await self._of_absence(command)
            case Qualify() | Withdraw():
                return await self._of_qualification(command)
            case Access() | Membership():
                return await self._edit(command)
            case Accounts() | Assign() | Lead():
                return await self._of_places(command)
        return None

    async def _of_absence(self, command: Change | End | Cancel) -> Work:
        absence_id = self.absences[command.nth % len(self.absences)]
        match command:
            case Change(_, starts, ends):
                absence = await self._absence(absence_id)
                until = None if ends is None else after(self.world.now, ends)
                revision = Revision(after(self.world.now, starts), until, None)
                return self._by_lena(change_absence, absence_id, revision, absence.version)
            case End(_, ago):
                return self._by_lena(end_absence, absence_id, after(self.world.now, -ago))
            case Cancel():
                return self._by_lena(cancel_absence, absence_id)

    async def _of_qualification(self, command: Qualify | Withdraw) -> Work:
        member_id, discipline = self.stage.ids[command.member], command.discipline
        found = await self.agency.desk.qualifications.get(member_id, discipline)
        version = 0 if found is None else found.version
        if isinstance(command, Withdraw):
            return self._by_lena(remove_qualification, member_id, discipline, version)
        until = None if command.until is None else after(self.world.now, command.until)
        if found is None:
            return self._by_lena(add_qualification, member_id, discipline, Skill(2, until))
        return self._by_lena(change_qualification, member_id, discipline, Skill(2, until), version)

    async def _of_places(self, command: Accounts | Assign | Lead) -> Work:
        match command:
            case Accounts(members):
                found = await self.agency.desk.accounts.get(PAGE)
                version = 0 if found is None else found.version
                if members is None:
                    return self._by_lena(stop_checking, PAGE, version)
                return self._by_lena(check_accounts, PAGE, self._ids(members), version)
            case Assign(place, people, open_work):
                ids = self._ids(people)
                owner, deputies = (ids[0] if ids else None), tuple(ids[1:])
                wanted = Wanted(place.client, place.page, place.discipline, owner, deputies)
                return partial(
                    assign_one,
                    desk=self.agency.desk,
                    who=LENA,
                    wanted=wanted,
                    now=self.world.now,
                    open_work=open_work,
                )
            case Lead(client, members):
                version = (await self.agency.desk.leads.get(client)).version
                return self._by_lena(set_leads, client, self._ids(members), version)

    async def _edit(self, command: Access | Membership) -> Work:
        member = await self.agency.desk.members.get(self.stage.ids[command.member])
        assert member is not None
        edit: MemberEdit = (
            {"clients": command.clients}
            if isinstance(command, Access)
            else {"active": command.active}
        )
        return partial(
            edit_member,
            desk=self.agency.desk,
            who=LENA,
            member_id=member.id,
            version=member.version,
            now=self.world.now,
            **edit,
        )

    def _by_lena(self, use_case: Callable[..., Awaitable[Any]], *arguments: Any) -> Work:
        desk, now = self.agency.desk, self.world.now
        return lambda tx: use_case(tx, desk, LENA, *arguments, now)

    def _ids(self, names: tuple[str, ...]) -> list[str]:
        return [self.stage.ids[name] for name in names]

    async def _absence(self, absence_id: str) -> Absence:
        absence = await self.agency.desk.absences.get(absence_id)
        assert absence is not None
        return absence

    # Work

    async def _touch(self, nth: int) -> None:
        tasks = [one for one in await self.stage.planner.all_tasks() if one["home"] is not None]
        if tasks:
            one = tasks[nth % len(tasks)]
            if one["holder"] is not None:
                await self.stage.planner.command(one["_id"], touched=True)

    async def hear(self) -> None:
        """The participant gets what was told since, as its consumers do."""
        told = await self.agency.told(CoverageChanged, MemberChanged, HandoverStarted)
        new, self.heard = told[self.heard :], len(told)
        rows = self.stage.planner.participation.rows
        await rows.apply_coverage(
            Acting(one.responsibility_id, one.epoch, one.acting)
            for one in new
            if isinstance(one, CoverageChanged)
        )
        await rows.apply_presence(
            Here(one.member_id, one.epoch, one.present)
            for one in new
            if isinstance(one, MemberChanged)
        )
        await self.stage.planner.take(*(one for one in new if isinstance(one, HandoverStarted)))

    async def _settle_one(self) -> bool:
        service = self.agency.service
        return await self.agency.desk.settling.work(service.outbox, service.clock)

    async def settle_all(self) -> None:
        while await self._settle_one():
            pass
        await self.hear()
        await self.stage.planner.work()

    # What must be the case

    async def check(self) -> None:
        """After every step. Of what is still being settled only who is here."""
        members = await self.agency.desk.members.load(self.stage.ids.values())
        here = {name for name, id in self.stage.ids.items() if members[id].present}
        assert here == {name for name in MEMBERS if self.world.present(name, self.world.now)}
        open_settlements = self.agency.service.mongo.collection("settlements")
        if not await open_settlements.count_documents({}):
            await self._check_coverage()
        for absence_id, away in zip(self.absences, self.world.absences, strict=True):
            active = (await self._absence(absence_id)).state(self.world.now) is AbsenceState.ACTIVE
            assert active == away.at(self.world.now)

    async def _check_coverage(self) -> None:
        rows = await self.agency.desk.coverage.load(place.id for place in PLACES)
        for place in PLACES:
            row, acting = rows[place.id], self.world.acting(place, self.world.now)
            assert row.acting == (None if acting is None else self.stage.ids[acting]), place
            assert (row.acting is None) == (row.acts_as is ActsAs.GAP)
            people = tuple(self._ids(self.world.people_of(place)))
            assert (row.owner, *row.deputies) == people

    async def check_settled(self) -> None:
        """When everything is settled and swept."""
        settlements = self.agency.service.mongo.collection("settlements")
        assert not await settlements.count_documents({}), "what is settled is gone"
        await self.check()
        handovers = await self.agency.told(HandoverStarted)
        legs = {leg.responsibility_id: leg.to for one in handovers for leg in one.legs}
        rows = await self.agency.desk.coverage.load(place.id for place in PLACES)
        assert legs == {id: row.acting for id, row in rows.items()}, "a handover has no leg for it"
        tasks = await self.stage.planner.all_tasks()
        answers = await self.stage.planner.answers()
        assert problems(answers, tasks, len(handovers)) == []
        for task in tasks:
            self._check_held(task)

    def _check_held(self, task: Document) -> None:
        name = {id: name for name, id in self.stage.ids.items()}
        holder, home = (task[role] and name[task[role]] for role in ("holder", "home"))
        place = next(one for one in PLACES if one.id == task["responsibility_id"])
        acting = self.world.acting(place, self.world.now)
        assert holder is None or self.world.present(holder, self.world.now)
        assert holder is not None or acting is None
        if home is not None and not task["touched"]:
            assert holder == acting
            assert not self.world.present(home, self.world.now)

    async def check_all_are_back(self) -> None:
        await self.check_settled()
        for place in PLACES:
            assert self.world.acting(place, self.world.now) == self.world.people_of(place)[0]
        tasks = await self.stage.planner.all_tasks()
        assert all(one["home"] is None or one["touched"] for one in tasks)
        due = self.agency.service.mongo.collection("due")
        assert not await due.count_documents({"kind": {"$in": ["absence_starts", "absence_ends"]}})
