"""What is told of the rota: swaps, to whoever is asked and to whoever has asked; shifts that fall
open, to leads and to whoever could take them; shifts given and taken by others, to whoever has them
and whoever had them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from shared.events.rota import (
    OpenShiftsChanged,
    RotaShift,
    ShiftsCause,
    ShiftsChanged,
    SwapChanged,
    SwapStep,
)

__all__ = [
    "Duties",
    "DutyChange",
    "OpenNow",
    "OpenShifts",
    "OpenTold",
    "Opening",
    "SeesClient",
    "ShiftTold",
    "SwapNews",
    "SwapOffer",
    "change_of",
    "duties_hold",
    "duties_of",
    "offer_holds",
    "offer_of",
    "open_now_of",
    "open_shifts_of",
    "opening_of",
    "shift_told",
    "swap_news_of",
]

SeesClient = Callable[[str], bool]
"""Whether the reader may see a client, by id."""


@dataclass(frozen=True, slots=True)
class ShiftTold:
    """`group` and `kind`, as people call them, may name `clients`: None for who does not see all
    of these."""

    shift_id: str
    group: str | None
    kind: str | None
    clients: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime

    def seen_by(self, sees: SeesClient) -> ShiftTold:
        return self if all(map(sees, self.clients)) else replace(self, group=None, kind=None)


@dataclass(frozen=True, slots=True)
class SwapOffer:
    """As it was at `version`: `giver` offers a shift to `taker`."""

    swap_id: str
    version: int
    giver: str
    taker: str

    @property
    def id(self) -> str:
        """Each version is told once."""
        return f"{self.swap_id}:{self.version}"


@dataclass(frozen=True, slots=True)
class SwapNews:
    """What made that version; the giver would have `in_return` for `shift`, if anything."""

    step: SwapStep
    shift: ShiftTold
    in_return: ShiftTold | None

    @property
    def shifts(self) -> tuple[ShiftTold, ...]:
        return (self.shift,) if self.in_return is None else (self.shift, self.in_return)

    def seen_by(self, sees: SeesClient) -> SwapNews:
        other = None if self.in_return is None else self.in_return.seen_by(sees)
        return replace(self, shift=self.shift.seen_by(sees), in_return=other)


@dataclass(frozen=True, slots=True)
class Opening:
    """What fell open at once, of the shifts that `holder` has."""

    opening_id: str
    holder: str

    @property
    def id(self) -> str:
        return self.opening_id


@dataclass(frozen=True, slots=True)
class OpenTold:
    """`yours`: its reader could take it. `able`: how many could, for leads alone."""

    shift: ShiftTold
    yours: bool
    able: int | None


@dataclass(frozen=True, slots=True)
class OpenShifts:
    """For a lead, who is asked to see to it (`lead`), or for whoever could take them."""

    open: tuple[OpenTold, ...]
    lead: bool

    @property
    def shifts(self) -> tuple[ShiftTold, ...]:
        return tuple(one.shift for one in self.open)

    def seen_by(self, sees: SeesClient) -> OpenShifts:
        """Of clients out of sight there is nothing to take, and nothing to see to."""
        return replace(self, open=tuple(o for o in self.open if all(map(sees, o.shift.clients))))

    def still_open(self, opening: Opening, heard: OpenNow | None, now: datetime) -> OpenShifts:
        """What is left of it: neither what has been taken since, or is the holder's again, nor what
        is over. `heard`: what was heard last of the holder's shifts."""
        present = {} if heard is None else heard.open
        left = (
            one
            for one in self.open
            if present.get(one.shift.shift_id) == opening.opening_id and now < one.shift.ends_at
        )
        return replace(self, open=tuple(left))


@dataclass(frozen=True, slots=True)
class OpenNow:
    """All open shifts of a member, each with the opening with which it was told."""

    member_id: str
    open: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DutyChange:
    """A rota was applied to the days from `first_day` to `last_day` (ISO dates); without these, a
    lead decided on shifts. `by`: who did it."""

    change_id: str
    by: str
    first_day: str | None
    last_day: str | None

    @property
    def id(self) -> str:
        return self.change_id

    @property
    def days(self) -> tuple[date, date] | None:
        if self.first_day is None or self.last_day is None:
            return None
        return date.fromisoformat(self.first_day), date.fromisoformat(self.last_day)


@dataclass(frozen=True, slots=True)
class Duties:
    """A reader's shifts after the change, which of these are `new` (ids), and which are `gone`,
    and why."""

    theirs: tuple[ShiftTold, ...]
    new: tuple[str, ...]
    gone: tuple[ShiftTold, ...]
    cause: ShiftsCause

    @property
    def shifts(self) -> tuple[ShiftTold, ...]:
        return (*self.theirs, *self.gone)

    def seen_by(self, sees: SeesClient) -> Duties:
        theirs, gone = (
            tuple(one.seen_by(sees) for one in those) for those in (self.theirs, self.gone)
        )
        return replace(self, theirs=theirs, gone=gone)


def shift_told(shift: RotaShift) -> ShiftTold:
    return ShiftTold(
        shift.shift_id, shift.group, shift.kind, shift.clients, shift.starts_at, shift.ends_at
    )


def offer_of(event: SwapChanged) -> SwapOffer:
    return SwapOffer(event.swap_id, event.version, event.giver, event.taker)


def swap_news_of(event: SwapChanged) -> SwapNews | None:
    """None when it was withdrawn, or its shift is gone: that is told to nobody."""
    if event.shift is None or event.step is SwapStep.WITHDRAWN:
        return None
    in_return = None if event.in_return is None else shift_told(event.in_return)
    return SwapNews(event.step, shift_told(event.shift), in_return)


def offer_holds(offer: SwapOffer, news: SwapNews, newest: SwapOffer | None, now: datetime) -> bool:
    """Whether it is still to be told: not once something else was done with it, nor when it is too
    late: to accept an offer when a shift of it has begun. `newest`: the version heard of last."""
    if newest not in (None, offer):
        return False
    if news.step is SwapStep.OFFERED:
        return all(now < one.starts_at for one in news.shifts)
    return any(now < one.ends_at for one in news.shifts)


def open_now_of(event: OpenShiftsChanged) -> OpenNow:
    return OpenNow(event.member_id, event.open)


def opening_of(event: OpenShiftsChanged) -> Opening | None:
    """None when nothing has fallen open."""
    return None if event.opening_id is None else Opening(event.opening_id, event.member_id)


def open_shifts_of(event: OpenShiftsChanged) -> dict[str, OpenShifts]:
    """What each reader is told: leads of all shifts of the groups they see, others of those that
    they could take."""
    leads = {lead for one in event.new for lead in one.leads}
    told: dict[str, list[OpenTold]] = defaultdict(list)
    for one in event.new:
        shift, able = shift_told(one.shift), len(one.able)
        for reader in dict.fromkeys((*one.leads, *one.able)):
            count = able if reader in one.leads else None
            told[reader].append(OpenTold(shift, reader in one.able, count))
    return {reader: OpenShifts(tuple(those), reader in leads) for reader, those in told.items()}


def change_of(event: ShiftsChanged) -> DutyChange:
    first, last = event.first_day, event.last_day
    return DutyChange(
        event.change_id,
        event.by,
        None if first is None else first.isoformat(),
        None if last is None else last.isoformat(),
    )


def duties_of(event: ShiftsChanged) -> Duties:
    return Duties(
        theirs=tuple(map(shift_told, event.shifts)),
        new=event.new,
        gone=tuple(map(shift_told, event.gone)),
        cause=event.cause,
    )


def duties_hold(duties: Duties, now: datetime) -> bool:
    """Whether there is anything to tell: not once all of these shifts are over."""
    return any(now < one.ends_at for one in duties.shifts)
