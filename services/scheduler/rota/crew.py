"""Who can be on duty for which groups, read from the stores: good for any instant of a window."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.scheduler.absences.store import Window
from services.scheduler.coverage.person import Demand
from services.scheduler.desk import Desk
from services.scheduler.members.domain import Member
from services.scheduler.rota.domain import Group, Rules, Shift
from services.scheduler.rota.rules import Duty, Hand, Hindrance, hindrance, unable
from shared.auth import SYSTEM_SCOPE
from shared.events.disciplines import Discipline
from shared.mongo import Session

__all__ = ["Crew", "duty_of", "read_crew"]


_KNOWN_AFTERWARDS = (Hindrance.AWAY, Hindrance.EXPIRED)


@dataclass(frozen=True)
class Crew:
    """`hands` by member. Of each group by id: its `demands`, those of its pages, and its `pools`:
    who takes part."""

    hands: Mapping[str, Hand]
    members: Mapping[str, Member]
    demands: Mapping[str, Sequence[Demand]]
    pools: Mapping[str, Sequence[str]]
    rules: Rules

    def unable(self, shift: Shift, member_id: str, now: datetime | None = None) -> Hindrance | None:
        """What keeps the member from the shift whatever else they do; from `now` on, of a shift
        that has begun. Of one that is over only what is known of that time: it was theirs, even if
        they have left since."""
        hand = self.hands.get(member_id)
        if hand is None or shift.group_id not in self.demands:
            why: Hindrance | None = Hindrance.INACTIVE
        else:
            why = unable(hand, duty_of(shift, now), self.demands[shift.group_id])
        over = now is not None and shift.ends_at <= now
        return None if over and why not in _KNOWN_AFTERWARDS else why

    def missed(self, shift: Shift, now: datetime) -> bool:
        """Whether it is over, and whoever has it was away."""
        hand = self.hands.get(shift.member_id or "")
        if hand is None or now < shift.ends_at:
            return False
        away = hand.person.away
        return any(
            one.starts_at < shift.ends_at and (one.ends_at is None or shift.starts_at < one.ends_at)
            for one in away
        )

    def hindrance(
        self, shift: Shift, member_id: str, others: Iterable[Shift], now: datetime | None = None
    ) -> Hindrance | None:
        """None if the member can have the shift beside the `others` that they have; what they
        `missed` by `now` takes none of their hours."""
        hand = self.hands.get(member_id)
        if hand is None:
            return Hindrance.INACTIVE
        duties = self.duties((one for one in others if one.id != shift.id), now)
        demands = self.demands[shift.group_id]
        return hindrance(hand, duty_of(shift, now), demands, duties, self.rules)

    def duties(self, shifts: Iterable[Shift], now: datetime | None) -> list[Duty]:
        """Of whoever has them, without what they `missed` by `now`."""
        return [duty_of(one) for one in shifts if now is None or not self.missed(one, now)]

    def able(self, shift: Shift) -> list[str]:
        pool = self.pools.get(shift.group_id, ())
        return [one for one in pool if self.unable(shift, one) is None]


@dataclass(frozen=True, slots=True)
class _Watched:
    """The community of a page, as a place that demands something of whoever acts there."""

    client_id: str
    page_id: str
    discipline: Discipline = Discipline.COMMUNITY


def duty_of(shift: Shift, now: datetime | None = None) -> Duty:
    """What is left of it at `now`; all of it before it begins."""
    begun = now is not None and shift.starts_at < now < shift.ends_at
    return Duty(now if begun and now is not None else shift.starts_at, shift.ends_at)


async def read_crew(
    desk: Desk,
    groups: Sequence[Group],
    start: datetime,
    end: datetime,
    *,
    also: Iterable[str] = (),
    session: Session | None = None,
) -> Crew:
    """With `also` who has shifts without taking part any more."""
    everybody: list[str] = []
    if any(not group.members for group in groups):
        everybody = await desk.members.every_id(session)
    ids = {*also, *everybody, *(id for group in groups for id in group.members)}
    people = await desk.team.people_within(ids, Window(start, end), session)
    members = await desk.members.load(ids, session)
    hands = {id: Hand(people[id], members[id].zone) for id in people}
    active = sorted(id for id, person in people.items() if person.active)
    return Crew(
        hands=hands,
        members=members,
        demands=await _demands(desk, groups, session),
        pools={
            group.id: [one for one in active if one in group.members]
            if group.members
            else [one for one in active if one in everybody and _fits(hands[one], group)]
            for group in groups
        },
        rules=await desk.rota.rules(session),
    )


def _fits(hand: Hand, group: Group) -> bool:
    """Whether somebody whom nobody has named would take part."""
    qualified = Discipline.COMMUNITY in hand.person.qualified_until
    return qualified and all(map(hand.person.has_access, group.client_ids))


async def _demands(
    desk: Desk, groups: Sequence[Group], session: Session | None
) -> dict[str, list[Demand]]:
    clients = {id for group in groups for id in group.client_ids}
    pages = await desk.directory.pages(SYSTEM_SCOPE, clients, session)
    places = {id: _Watched(page.client_id, id) for id, page in pages.items() if not page.archived}
    checked = await desk.team.checked_pages(places.values(), session)
    return {
        group.id: list(
            # Most pages of a client demand the same: that is asked once.
            dict.fromkeys(checked.demand(places[id]) for id in group.pages if id in places)
        )
        or [Demand(client_id, Discipline.COMMUNITY, None) for client_id in group.client_ids]
        for group in groups
    }
