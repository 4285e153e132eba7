"""The rota: who is on duty for the community of which pages, and when. Pure.

A *page group* is watched together. Its *kinds* say which shifts there are on which weekdays; a
*shift* is one of them on one day, with a member or with nobody. A member who is away keeps the
shift in the books: it only shows as open, and is theirs again on return unless somebody took it.

    swap: offered --accept--> accepted
             | \\__refuse____> refused
             \\___withdraw___> withdrawn
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.scheduler.absences.period import start_instant
from services.scheduler.coverage.person import Stretch
from shared.errors import N_, FieldError, InvalidRequest, NotAllowedNow

__all__ = [
    "LONGEST_SHIFT",
    "Group",
    "GroupNeedsPages",
    "KindNotUsable",
    "NotTakingPart",
    "NotTheirShift",
    "NotYourShift",
    "Rules",
    "RulesTooTight",
    "SameMember",
    "Shift",
    "ShiftBegun",
    "ShiftKind",
    "ShiftOver",
    "ShiftTaken",
    "Swap",
    "SwapDecided",
    "SwapState",
    "TooManyWishes",
    "Wish",
    "WishNeedsDay",
    "accept",
    "alters",
    "check_kinds",
    "days_from",
    "give",
    "offer",
    "refuse",
    "shift_of",
    "shifts_of",
    "withdraw",
]

LONGEST_SHIFT = timedelta(hours=26)
"""A day, with clocks that go back twice as far as anywhere."""

_DAY = timedelta(days=1)
_WEEKEND = (5, 6)


@dataclass(frozen=True, slots=True)
class ShiftKind:
    """Shifts that come again: on `weekdays` (0 is Monday) from `starts` up to `ends`, as `HH:MM` in
    the group's time zone. An end that is not after the start is on the next day."""

    id: str
    name: str
    weekdays: tuple[int, ...]
    starts: str
    ends: str

    def stretch(self, day: date, zone: ZoneInfo) -> Stretch:
        """The shift that begins on `day`.

        The same wall time is the same instant as a start and as an end, also when clocks change:
        so shifts that follow each other neither overlap nor leave a hole.
        """
        starts, ends = time.fromisoformat(self.starts), time.fromisoformat(self.ends)
        last = day if starts < ends else day + _DAY
        return Stretch(
            start_instant(datetime.combine(day, starts), zone),
            start_instant(datetime.combine(last, ends), zone),
        )


@dataclass(frozen=True, slots=True)
class Group:
    """`client_ids`: whose pages they are; who does not see all of these does not see the group.

    `members`: who takes part, if they may; none named: everybody who may.
    """

    id: str
    name: str
    pages: tuple[str, ...]
    client_ids: tuple[str, ...]
    time_zone: str
    kinds: tuple[ShiftKind, ...]
    members: tuple[str, ...] = ()
    ended: bool = False
    version: int = 1

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def kind(self, kind_id: str) -> ShiftKind | None:
        return next((one for one in self.kinds if one.id == kind_id), None)

    def may_take_part(self, member_id: str) -> bool:
        """Whether they do is up to the rules as well."""
        return not self.members or member_id in self.members


@dataclass(frozen=True, slots=True)
class Shift:
    """`day` is the ISO date on which it begins in the group's time zone; `kind` the kind's name
    when it was planned. `member_id` None: nobody. `locked`: no generation changes who has it, be
    it that a lead wants it so, or that people have agreed on it."""

    id: str
    group_id: str
    kind_id: str
    kind: str
    day: str
    starts_at: datetime
    ends_at: datetime
    member_id: str | None = None
    locked: bool = False
    version: int = 1

    @property
    def minutes(self) -> int:
        return (self.ends_at - self.starts_at) // timedelta(minutes=1)

    @property
    def at_weekend(self) -> bool:
        return date.fromisoformat(self.day).weekday() in _WEEKEND


@dataclass(frozen=True, slots=True)
class Rules:
    """The agency's hard rules: no shift is given to anybody against them. Hours count on the days
    and ISO weeks of the member's time zone; between two shifts there are `rest_hours`."""

    most_hours_day: int = 10
    most_hours_week: int = 48
    rest_hours: int = 11
    id: str = "agency"
    version: int = 0

    @property
    def rest(self) -> timedelta:
        return timedelta(hours=self.rest_hours)


@dataclass(frozen=True, slots=True)
class Wish:
    """A member would rather (`rather`), or rather not, have shifts: on a weekday (0 is Monday), or
    on one day (ISO date); of one kind of a group, of a group, or of any. It is kept where it can
    be. Of several that concern a shift, the most precise holds."""

    id: str
    member_id: str
    rather: bool
    weekday: int | None = None
    day: str | None = None
    group_id: str | None = None
    kind_id: str | None = None

    @property
    def about(self) -> tuple[int | None, str | None, str | None, str | None]:
        """There is one wish of a member about the same."""
        return self.weekday, self.day, self.group_id, self.kind_id

    @property
    def precision(self) -> tuple[bool, bool, bool]:
        """One day goes before every week, then one kind before a group, and that before any."""
        return self.day is not None, self.kind_id is not None, self.group_id is not None

    def concerns(self, shift: Shift) -> bool:
        if self.group_id is not None and self.group_id != shift.group_id:
            return False
        if self.kind_id is not None and self.kind_id != shift.kind_id:
            return False
        if self.day is not None:
            return self.day == shift.day
        return self.weekday == date.fromisoformat(shift.day).weekday()


class SwapState(StrEnum):
    OFFERED = "offered"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Swap:
    """`shift_id` goes from `giver` to `taker`; `in_return` the other way, if anything does. The
    offer stands `until` a shift of it begins; None: it was stored before that was kept."""

    id: str
    shift_id: str
    giver: str
    taker: str
    in_return: str | None
    offered_at: datetime
    until: datetime | None = None
    state: SwapState = SwapState.OFFERED
    decided_at: datetime | None = None
    version: int = 1


# Shifts


def shift_of(group: Group, kind: ShiftKind, day: date) -> Shift:
    """With nobody yet, and not stored: version 0. Its id is natural: whoever plans the day again
    plans the same shift."""
    stretch = kind.stretch(day, group.zone)
    assert stretch.ends_at is not None  # noqa: S101 - a kind has an end
    return Shift(
        id=f"{group.id}:{kind.id}:{day.isoformat()}",
        group_id=group.id,
        kind_id=kind.id,
        kind=kind.name,
        day=day.isoformat(),
        starts_at=stretch.starts_at,
        ends_at=stretch.ends_at,
        version=0,
    )


def shifts_of(group: Group, days: Iterable[date]) -> Iterator[Shift]:
    """By day, then in the order of the kinds; without one that the change of clocks leaves out."""
    for day in days:
        for kind in group.kinds:
            if day.weekday() in kind.weekdays:
                shift = shift_of(group, kind, day)
                if shift.minutes:
                    yield shift


def days_from(first: date, count: int) -> list[date]:
    return [first + timedelta(days=number) for number in range(count)]


def alters(before: Shift, after: Shift) -> bool:
    """Whether it is another duty for whoever had it: somebody else's, or at another time."""
    return _duty(before) != _duty(after)


def _duty(shift: Shift) -> tuple[str | None, datetime, datetime]:
    return shift.member_id, shift.starts_at, shift.ends_at


def give(shift: Shift, member_id: str | None, *, locked: bool, now: datetime) -> Shift:
    """To somebody, or to nobody. Raises `ShiftOver`."""
    if shift.ends_at <= now:
        raise ShiftOver
    return replace(shift, member_id=member_id, locked=locked, version=shift.version + 1)


# Swaps


def offer(
    swap_id: str, shift: Shift, giver: str, taker: str, in_return: Shift | None, now: datetime
) -> Swap:
    """Raises `NotYourShift`, `SameMember`, `NotTheirShift`, `ShiftBegun`."""
    if shift.member_id != giver:
        raise NotYourShift
    if taker == giver:
        raise SameMember
    if in_return is not None and in_return.member_id != taker:
        raise NotTheirShift
    until = min(one.starts_at for one in (shift, in_return) if one is not None)
    if until <= now:
        raise ShiftBegun
    return Swap(
        id=swap_id,
        shift_id=shift.id,
        giver=giver,
        taker=taker,
        in_return=None if in_return is None else in_return.id,
        offered_at=now,
        until=until,
    )


def accept(swap: Swap, now: datetime) -> Swap:
    """Raises `SwapDecided`, `ShiftBegun`."""
    accepted = _decided(swap, SwapState.ACCEPTED, now)
    if swap.until is not None and swap.until <= now:
        raise ShiftBegun
    return accepted


def refuse(swap: Swap, now: datetime) -> Swap:
    """Raises `SwapDecided`."""
    return _decided(swap, SwapState.REFUSED, now)


def withdraw(swap: Swap, now: datetime) -> Swap:
    """Raises `SwapDecided`."""
    return _decided(swap, SwapState.WITHDRAWN, now)


def _decided(swap: Swap, state: SwapState, now: datetime) -> Swap:
    if swap.state is not SwapState.OFFERED:
        raise SwapDecided
    return replace(swap, state=state, decided_at=now, version=swap.version + 1)


# What is entered


def check_kinds(kinds: Sequence[ShiftKind]) -> None:
    """Raises `KindNotUsable`, naming the field."""
    errors = [error for number, kind in enumerate(kinds) for error in _wrong(kind, number)]
    names = [one.name.casefold() for one in kinds]
    errors += [
        FieldError(f"/kinds/{number}/name", N_("Another kind of shift has this name."))
        for number, name in enumerate(names)
        if name in names[:number]
    ]
    if not kinds:
        errors.append(FieldError("/kinds", N_("Enter at least one kind of shift.")))
    if errors:
        raise KindNotUsable(errors=errors)


def _wrong(kind: ShiftKind, number: int) -> Iterator[FieldError]:
    if not kind.weekdays:
        yield FieldError(f"/kinds/{number}/weekdays", N_("Choose at least one weekday."))
    if kind.starts == kind.ends:
        yield FieldError(f"/kinds/{number}/ends", N_("The shift has no length."))


class GroupNeedsPages(InvalidRequest):
    code = "rota_group_needs_pages"
    title = N_("A page group needs pages")
    detail = N_("Without a page there is no community to watch.")
    remedy = N_("Choose at least one page.")


class KindNotUsable(InvalidRequest):
    code = "rota_kind_not_usable"
    title = N_("The kinds of shift cannot be used like this")


class WishNeedsDay(InvalidRequest):
    code = "rota_wish_needs_day"
    title = N_("A wish needs a weekday or a date")
    detail = N_("It is about every week, or about one day: one of the two.")
    remedy = N_("Choose a weekday or a date.")


class TooManyWishes(NotAllowedNow):
    code = "rota_too_many_wishes"
    title = N_("These are many wishes")
    detail = N_("You have {most} already, and no rota could keep them all.")
    remedy = N_("Remove some that matter less.")


class RulesTooTight(InvalidRequest):
    code = "rota_rules_too_tight"
    title = N_("The hours of a week are fewer than those of a day")
    remedy = N_("Allow at least as many hours a week as a day.")


class ShiftOver(NotAllowedNow):
    code = "rota_shift_over"
    title = N_("The shift is over")
    detail = N_("Who was on duty then cannot be changed any more.")
    remedy = N_("Choose a shift that is still to come.")


class ShiftBegun(NotAllowedNow):
    code = "rota_shift_begun"
    title = N_("The shift has begun")
    detail = N_("It can be swapped only before.")
    remedy = N_("A lead can give what is left of it to somebody else.")


class ShiftTaken(NotAllowedNow):
    code = "rota_shift_taken"
    title = N_("Somebody has this shift")
    detail = N_("It is not open: whoever has it can be there.")
    remedy = N_("Ask for a swap if you would like to have it.")


class NotYourShift(NotAllowedNow):
    code = "rota_not_your_shift"
    title = N_("This shift is not whose it was")
    detail = N_("Only whoever has a shift can offer it, and it has changed hands meanwhile.")
    remedy = N_("Look at the rota again.")


class NotTheirShift(NotAllowedNow):
    code = "rota_not_their_shift"
    title = N_("What you ask for in return is not theirs")
    detail = N_("Your colleague does not have this shift, or not any more.")
    remedy = N_("Look at the rota again, and choose one of theirs.")


class NotTakingPart(NotAllowedNow):
    code = "rota_not_taking_part"
    title = N_("Not everybody takes part in this page group")
    detail = N_("{member} is not among those whom its shifts are for.")
    remedy = N_("Choose somebody else, or have them added to the page group.")


class SwapDecided(NotAllowedNow):
    code = "rota_swap_decided"
    title = N_("This swap is decided already")
    detail = N_("It was accepted, refused or withdrawn meanwhile.")
    remedy = N_("Look at the rota again; a new swap can be offered at any time.")


class SameMember(InvalidRequest):
    code = "rota_same_member"
    title = N_("A swap needs two people")
    remedy = N_("Choose a colleague.")
