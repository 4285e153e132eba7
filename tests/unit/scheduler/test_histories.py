"""The pure domain over random histories: at every instant who acts is able and here, or it is a
gap; handovers compose; when all are back, what nobody has touched is at home."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings

from services.scheduler.absences.domain import (
    Absence,
    AbsenceEvent,
    AbsenceOver,
    EndOutside,
    NotStarted,
    advance,
    cancel,
    end,
    report,
    reschedule,
)
from services.scheduler.absences.period import EndsBeforeStart, EndsNow, Period, ZeroLength, period
from services.scheduler.accounts.domain import CheckedPages, PageAccounts
from services.scheduler.coverage.domain import Team, acting_at, timeline
from services.scheduler.coverage.person import Person
from services.scheduler.responsibilities.domain import Responsibility
from shared.events.scheduler import (
    AbsenceCancelled,
    AbsenceChanged,
    AbsenceEnded,
    AbsenceReported,
    AbsenceStarted,
    ActsAs,
)
from shared.handover.rule import Holding, destination
from tests.support.histories.commands import (
    MEMBERS,
    PAGE,
    PLACES,
    Assign,
    Cancel,
    Change,
    Claim,
    Command,
    Create,
    End,
    Place,
    Report,
    Sweep,
    Touch,
    histories,
)
from tests.support.histories.world import World, after

REFUSALS = (AbsenceOver, NotStarted, EndOutside, EndsNow, EndsBeforeStart, ZeroLength)
MOMENT = timedelta(milliseconds=1)
HORIZON = timedelta(days=3)


@dataclass
class Item:
    """`origin`: who had it when it last was at home by somebody's will; None: nobody did."""

    place: Place
    holding: Holding
    origin: str | None
    sweeps: int = 0


@dataclass
class Told:
    """What somebody knows of an absence who only hears the events."""

    away: bool = False
    final: bool = False
    history: list[str] = field(default_factory=list)

    def hear(self, event: AbsenceEvent, now: datetime) -> None:
        assert not self.final, f"{event.type} after the end of it: {self.history}"
        assert isinstance(event, AbsenceReported) != bool(self.history), "reported first, and once"
        match event:
            case AbsenceStarted():
                assert not self.away, "started twice"
                self.away = True
            case AbsenceEnded() | AbsenceCancelled():
                assert self.away or isinstance(event, AbsenceCancelled), "ended before it started"
                self.away, self.final = False, True
            case AbsenceChanged():
                self.away = self.away and event.starts_at <= now
        self.history.append(event.type)


class Model:
    """Runs the product's pure functions beside the world that says what must come of it."""

    def __init__(self) -> None:
        self.world = World()
        self.absences: list[Absence] = []
        self.told: list[Told] = []
        self.items: list[Item] = []

    def play(self, command: Command) -> None:
        if isinstance(command, Create | Touch | Claim | Sweep):
            self._work(command)
            return
        refused = self.world.refuses(command)
        self._absences(command, refused=refused)
        if not refused:
            self.world.take(command)
            self._tell_what_is_due()
            if isinstance(command, Assign) and command.open_work:
                self._give_away(command.place)

    # Absences, by their domain

    def _absences(self, command: Command, *, refused: bool) -> None:
        if isinstance(command, Report) and not self.world.people[command.member].active:
            return  # the use case's to refuse
        try:
            self._ask_domain(command)
        except REFUSALS:
            assert refused, f"{command} is refused"
        else:
            counts = isinstance(command, Report | Change | End | Cancel) and bool(self.absences)
            assert not (refused and counts), f"{command} is not refused"

    def _ask_domain(self, command: Command) -> None:
        now = self.world.now
        if isinstance(command, Report):
            new = f"absence {len(self.absences)}"
            when = self._when(command.starts or 0, command.ends)
            absence, events = report(new, command.member, when, by=command.member, now=now)
            self.absences.append(absence)
            self.told.append(Told())
            self._hear(len(self.absences) - 1, events)
        elif isinstance(command, Change | End | Cancel) and self.absences:
            at = command.nth % len(self.absences)
            before = self.absences[at]
            if isinstance(command, Change):
                when = self._when(command.starts, command.ends)
                self.absences[at], events = reschedule(before, when, now)
            elif isinstance(command, End):
                self.absences[at], events = end(before, after(now, -command.ago), now)
            else:
                self.absences[at], events = cancel(before, now)
            self._hear(at, events)

    def _when(self, starts: int, ends: int | None) -> Period:
        now = self.world.now
        until = None if ends is None else after(now, ends)
        return period(after(now, starts), until, ZoneInfo("Europe/Berlin"), now)

    def _tell_what_is_due(self) -> None:
        for at, absence in enumerate(self.absences):
            self.absences[at], events = advance(absence, self.world.now)
            self._hear(at, events)

    def _hear(self, at: int, events: Sequence[AbsenceEvent]) -> None:
        for event in events:
            self.told[at].hear(event, self.world.now)

    # Who acts, by the engine

    def team(self) -> Team:
        people = {
            name: Person(
                name,
                one.active,
                None if one.clients is None else frozenset(one.clients),
                one.skills,
                tuple(
                    each.stretch
                    for each in self.absences
                    if each.member_id == name and not each.cancelled
                ),
            )
            for name, one in self.world.people.items()
        }
        places = [self.responsibility(place) for place in PLACES]
        holders = {one.id: self._checked().holders(one) for one in places}
        needed = {id: those for id, those in holders.items() if those is not None}
        return Team(people, self.world.leads, needed)

    def responsibility(self, place: Place) -> Responsibility:
        owner, *deputies = self.world.people_of(place)
        follows = not self.world.assigned[place]
        return Responsibility(
            place.client, place.page, place.discipline, owner, tuple(deputies), follows
        )

    def _checked(self) -> CheckedPages:
        if self.world.accounts is None:
            return CheckedPages()
        own = [place.id for place in PLACES if place.page and self.world.assigned[place]]
        pages = {"roast": (PageAccounts(PAGE, "roast", self.world.accounts),)}
        return CheckedPages(pages, own=frozenset(own))

    def acting(self, place: Place) -> str | None:
        return acting_at(self.responsibility(place), self.world.now, self.team()).member

    # Work, by the rule of all participants

    def _work(self, command: Create | Touch | Claim | Sweep) -> None:
        match command:
            case Create(place):
                holder = self.acting(place)
                self.items.append(Item(place, Holding(holder, None, touched=False), holder))
            case Sweep(steps):
                self._sweep(steps)
            case Touch(nth) if self.items:
                item = self.items[nth % len(self.items)]
                held = item.holding
                if held.home is not None and held.holder is not None:
                    item.holding = Holding(held.holder, held.home, touched=True)
            case Claim(nth, member) if self.items and self.world.present(member, self.world.now):
                item = self.items[nth % len(self.items)]
                item.holding, item.origin = Holding(member, None, touched=False), member

    def _give_away(self, given: Place) -> None:
        for item in self.items:
            follows = not self.world.assigned[item.place] and given.page is None
            if item.place == given or (follows and item.place.discipline is given.discipline):
                self._move(item, given_away=True)

    def _move(self, item: Item, *, given_away: bool = False) -> bool:
        acting = self.acting(item.place)
        to = destination(
            item.holding,
            present=lambda name: self.world.present(name, self.world.now),
            acting=acting,
            given_away=given_away,
        )
        if to is None:
            return False
        if to.holder is None:
            assert acting is None, "nobody has it, but somebody acts"
        else:
            assert self.world.present(to.holder, self.world.now), "it goes to somebody who is away"
        if given_away and acting is not None:
            item.origin = acting
        elif item.origin is None:
            item.origin = to.holder
        item.holding = to
        return True

    def _sweep(self, most: int) -> None:
        moved = 0
        for item in self.items:
            if moved < most and self._move(item):
                moved += 1
                assert not self._move(item), "what was just moved is to be moved again"

    # What must be the case

    def check(self) -> None:
        team, now = self.team(), self.world.now
        for place in PLACES:
            acting = acting_at(self.responsibility(place), now, team)
            assert acting.member == self.world.acting(place, now)
            assert (acting.member is None) == (acting.acts_as is ActsAs.GAP)
            order = self.world.candidates(place)
            assert [one.member_id for one in acting.reason] == list(order[: len(acting.reason)])
        for absence, told, away in zip(self.absences, self.told, self.world.absences, strict=True):
            assert told.away == away.at(now), (absence, told)
        for item in self.items:
            home = item.holding.home
            assert home is None or home == item.origin, "a chain keeps where it came from"
            assert home is not None or item.holding.holder == item.origin

    def check_every_instant(self) -> None:
        team, start = self.team(), self.world.now
        points = {at for at in self.world.turning_points() if start < at < start + HORIZON}
        instants = {start, *points, *(at - MOMENT for at in points)}
        for place in PLACES:
            segments = timeline(self.responsibility(place), start, start + HORIZON, team)
            found = {
                at: one.acting.member
                for one in segments
                for at in instants
                if one.starts_at <= at < one.ends_at
            }
            expected = {at: self.world.acting(place, at) for at in instants}
            assert found == expected
            one = self.responsibility(place)
            assert expected == {at: acting_at(one, at, team).member for at in instants}

    def check_swept(self) -> None:
        for item in self.items:
            holder, home, acting = item.holding.holder, item.holding.home, self.acting(item.place)
            present = [name for name in MEMBERS if self.world.present(name, self.world.now)]
            assert holder is None or holder in present
            assert holder is not None or (acting is None and home not in present)
            if home is not None and not item.holding.touched:
                assert holder == acting
                assert home not in present


@settings(max_examples=300)
@given(histories(longest=40))
def test_who_acts_is_able_and_here_or_it_is_a_gap_whatever_happens(
    history: list[Command],
) -> None:
    model = Model()
    for command in history:
        model.play(command)
        model.check()
    model.check_every_instant()

    model.play(Sweep(len(model.items)))
    model.check()
    model.check_swept()

    for command in list(model.world.all_are_back()):
        model.play(command)
    model.play(Sweep(len(model.items)))
    model.check()
    for place in PLACES:
        assert model.acting(place) == model.world.people_of(place)[0]
    for item in model.items:
        touched = item.holding.touched
        assert touched or (item.holding.holder, item.holding.home) == (item.origin, None)
    assert not any(told.away for told in model.told)
