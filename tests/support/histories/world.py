"""The team in the plainest words: who could act where, at any instant. Nothing of the product's.

What the product decides by indexes, events and stored rows is here computed from scratch each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from shared.events.disciplines import Discipline
from tests.support.histories.commands import (
    CLIENTS,
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
    End,
    Lead,
    Membership,
    Place,
    Qualify,
    Report,
    Wait,
    Withdraw,
)

__all__ = ["START", "Away", "Someone", "World", "after"]

START = datetime(2026, 11, 24, 9, 42, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def after(now: datetime, quarters: int) -> datetime:
    return now + quarters * QUARTER


@dataclass
class Away:
    member: str
    starts: datetime
    ends: datetime | None
    cancelled: bool = False

    def at(self, now: datetime) -> bool:
        return not self.cancelled and self.starts <= now and not self.over(now)

    def over(self, now: datetime) -> bool:
        return self.cancelled or (self.ends is not None and self.ends <= now)


@dataclass
class Someone:
    skills: dict[Discipline, datetime | None] = field(
        default_factory=lambda: dict.fromkeys(DISCIPLINES)
    )
    clients: tuple[str, ...] | None = None
    active: bool = True

    def sees(self, client: str) -> bool:
        return self.clients is None or client in self.clients


class World:
    """At first everybody can do everything, and Dora leads both clients."""

    def __init__(self) -> None:
        self.now = START
        self.people = {name: Someone() for name in MEMBERS}
        self.absences: list[Away] = []
        self.accounts: tuple[str, ...] | None = None
        self.leads: dict[str, tuple[str, ...]] = dict.fromkeys(CLIENTS, ("dora",))
        copy, community, page, tea = PLACES
        self.assigned: dict[Place, tuple[str, ...]] = {
            copy: ("anna", "ben", "cem"),
            community: ("anna", "cem"),
            page: ("ben", "anna"),
            tea: ("cem", "ben"),
        }

    # Who acts

    def people_of(self, place: Place) -> tuple[str, ...]:
        """Owner and deputies; those of the client where the page follows it."""
        return self.assigned[place] or self.assigned[self._of_client(place)]

    def acting(self, place: Place, at: datetime) -> str | None:
        """The first who is able and here."""
        for name in self.candidates(place):
            if self.able(name, place, at) and self.present(name, at):
                return name
        return None

    def candidates(self, place: Place) -> Sequence[str]:
        return tuple(dict.fromkeys((*self.people_of(place), *self.leads[place.client])))

    def present(self, name: str, at: datetime) -> bool:
        away = any(one.at(at) for one in self.absences if one.member == name)
        return self.people[name].active and not away

    def able(self, name: str, place: Place, at: datetime) -> bool:
        """Apart from being here."""
        one = self.people[name]
        if not one.active or not one.sees(place.client) or self.lacks_account(name, place):
            return False
        until = one.skills.get(place.discipline, START - timedelta(days=1000))
        return until is None or at < until

    def lacks_account(self, name: str, place: Place) -> bool:
        """Of the client as a whole the page demands its account only while it follows."""
        if self.accounts is None or place.discipline is not Discipline.COMMUNITY:
            return False
        concerned = place.page == PAGE or not self.assigned[PLACES[2]]
        return place.client == "roast" and concerned and name not in self.accounts

    def turning_points(self) -> Iterator[datetime]:
        """The instants at which anybody comes, goes or loses a qualification."""
        for one in self.absences:
            yield one.starts
            if one.ends is not None:
                yield one.ends
        for someone in self.people.values():
            yield from (until for until in someone.skills.values() if until is not None)

    # What a command does

    def nth(self, nth: int) -> Away | None:
        return self.absences[nth % len(self.absences)] if self.absences else None

    def refuses(self, command: Command) -> bool:  # noqa: PLR0911 (one for each kind)
        """Whether the command must be refused; then nothing may change."""
        match command:
            case Report(member, starts, ends):
                return not self.people[member].active or self._no_period(starts or 0, ends)
            case Change(nth, starts, ends):
                one = self.nth(nth)
                return one is None or one.over(self.now) or self._no_period(starts, ends)
            case End(nth, ago):
                one = self.nth(nth)
                return one is None or not one.at(self.now) or after(self.now, -ago) <= one.starts
            case Cancel(nth):
                one = self.nth(nth)
                return one is None or one.over(self.now)
            case Withdraw(member, discipline):
                return discipline not in self.people[member].skills
            case Accounts(None):
                return self.accounts is None
            case Accounts(members):
                new = [one for one in members or () if one not in (self.accounts or ())]
                return not all(self._may_see(one, "roast") for one in new)
            case Lead(client, members):
                return not all(self._may_see(one, client) for one in members)
            case Assign():
                return self._refuses_people(command)
            case _:
                return False

    def take(self, command: Command) -> None:
        """Do what is not refused."""
        match command:
            case Report(member, starts, ends):
                self.absences.append(Away(member, *self._period(starts or 0, ends)))
            case Change(nth, starts, ends):
                one = self._there(nth)
                one.starts, one.ends = self._period(starts, ends)
            case End(nth, ago):
                self._there(nth).ends = after(self.now, -ago)
            case Cancel(nth):
                self._there(nth).cancelled = True
            case Wait(quarters):
                self.now = after(self.now, quarters)
            case _:
                self._take_of_the_team(command)

    def _take_of_the_team(self, command: Command) -> None:
        match command:
            case Qualify(member, discipline, until):
                end = None if until is None else after(self.now, until)
                self.people[member].skills[discipline] = end
            case Withdraw(member, discipline):
                del self.people[member].skills[discipline]
            case Access(member, clients):
                self.people[member].clients = clients
            case Membership(member, active):
                self.people[member].active = active
            case Accounts(members):
                self.accounts = members
            case Lead(client, members):
                self.leads[client] = members
            case Assign(place, people, _):
                self.assigned[place] = people

    def all_are_back(self) -> Iterator[Command]:
        """What makes everybody able and present again."""
        for nth, one in enumerate(self.absences):
            if not one.over(self.now):
                yield Cancel(nth)
        for name in MEMBERS:
            yield Membership(name, active=True)
            yield Access(name, None)
            for discipline in DISCIPLINES:
                yield Qualify(name, discipline, None)
        if self.accounts is not None:
            yield Accounts(None)

    def _there(self, nth: int) -> Away:
        one = self.nth(nth)
        assert one is not None
        return one

    def _period(self, starts: int, ends: int | None) -> tuple[datetime, datetime | None]:
        return after(self.now, starts), None if ends is None else after(self.now, ends)

    def _no_period(self, starts: int, ends: int | None) -> bool:
        return ends is not None and (ends <= starts or ends <= 0)

    def _may_see(self, name: str, client: str) -> bool:
        return self.people[name].active and self.people[name].sees(client)

    def _refuses_people(self, command: Assign) -> bool:
        """Who is new there must be able to, but for being here. Who comes with the client the page
        follows is only asked for the account."""
        place, before = command.place, self.people_of(command.place)
        if not command.people:
            if place.page is None:
                return True
            people = self.assigned[self._of_client(place)]
        else:
            people = command.people
        was = self.assigned[place]
        self.assigned[place] = command.people
        try:
            new = [people[0]] if people[0] != before[0] else []
            new += [one for one in people[1:] if one not in before[1:]]
            if command.people:
                return not all(self.able(one, place, self.now) for one in new)
            seeing = [one for one in new if self._may_see(one, place.client)]
            return any(self.lacks_account(one, place) for one in seeing)
        finally:
            self.assigned[place] = was

    def _of_client(self, place: Place) -> Place:
        return Place(place.client, None, place.discipline)
