"""Who is told what, of a handover, an end, leave or shifts, and what of it is true when it goes
out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.notifier.leave.domain import LeaveNews, LeaveRequest, news_of, request_of
from services.notifier.reminders.domain import Expiry, Reminder, expiry_of, reminder_of
from services.notifier.rota.domain import (
    Duties,
    DutyChange,
    Opening,
    OpenShifts,
    SeesClient,
    SwapNews,
    SwapOffer,
    change_of,
    duties_of,
    offer_of,
    open_shifts_of,
    opening_of,
    swap_news_of,
)
from shared.events.handover import ItemKind
from shared.events.rota import OpenShiftsChanged, ShiftsCause, ShiftsChanged, SwapChanged, SwapStep
from shared.events.scheduler import (
    HandoverCause,
    HandoverCompleted,
    LeaveChanged,
    QualificationExpiring,
)

__all__ = [
    "About",
    "Brief",
    "Coverage",
    "Handover",
    "Kind",
    "Notification",
    "Share",
    "Story",
    "Summary",
    "for_eyes",
    "in_force",
    "leave_news",
    "notifications",
    "open_shifts_news",
    "reminders",
    "shifts_news",
    "swap_news",
]


class Kind(StrEnum):
    """A brief tells a deputy what they take over, a summary tells a lead what moved, a reminder
    tells both of a qualification that ends; of leave, leads are asked to decide and members told
    what was decided; of a swap, a colleague is asked and whoever offered it told the
    answer; of open shifts, leads are told and whoever could take them; of a rota, and of a
    shift that a lead gives or takes, whose shifts change."""

    BRIEF = "brief"
    SUMMARY = "summary"
    REMINDER = "reminder"
    LEAVE = "leave"
    SWAP = "swap"
    OPEN_SHIFTS = "open_shifts"
    ROTA = "rota"
    SHIFT = "shift"


class Story(StrEnum):
    """How a brief begins: why its reader gets work, seen from the reader."""

    STANDING_IN = "standing_in"
    BACK = "back"
    REASSIGNED = "reassigned"


@dataclass(frozen=True, slots=True)
class Handover:
    """The handover as all its notifications tell it. `number` is for people: H-2026-0147."""

    id: str
    number: str
    epoch: int
    cause: HandoverCause
    absent_member: str | None
    started_at: datetime
    completed_at: datetime

    @property
    def seconds(self) -> float:
        return (self.completed_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Share:
    """What one member received. `items` counts by kind and leaves out zeros; None, as the first
    deadline then is, when part of it is none of the reader's business.

    `complete` is False when a part of it has gone to somebody else since: then the counts and
    the first deadline are those of the handover and no longer of the reader's lists.
    """

    member_id: str
    items: Mapping[ItemKind, int] | None
    first_due_at: datetime | None
    responsibilities: tuple[str, ...]
    complete: bool = True

    @property
    def count(self) -> int:
        return sum((self.items or {}).values())


@dataclass(frozen=True, slots=True)
class Brief:
    """For one recipient: what is theirs now."""

    story: Story
    share: Share


@dataclass(frozen=True, slots=True)
class Summary:
    """For a lead: what moved where, and what nobody has. `gaps` are responsibility ids. `moved` and
    `uncovered` count items; None when part of them is none of the reader's business."""

    shares: tuple[Share, ...]
    moved: int | None
    uncovered: int | None
    gaps: tuple[str, ...]

    @property
    def responsibilities(self) -> frozenset[str]:
        """Those that somebody received."""
        return frozenset().union(*(share.responsibilities for share in self.shares))


About = Handover | Expiry | LeaveRequest | SwapOffer | Opening | DutyChange
Content = Brief | Summary | Reminder | LeaveNews | SwapNews | OpenShifts | Duties

_KINDS: Mapping[type[Content], Kind] = {
    Brief: Kind.BRIEF,
    Summary: Kind.SUMMARY,
    Reminder: Kind.REMINDER,
    LeaveNews: Kind.LEAVE,
    SwapNews: Kind.SWAP,
    OpenShifts: Kind.OPEN_SHIFTS,
}


@dataclass(frozen=True, slots=True)
class Notification:
    """One person is told one thing about one handover, end, request or change of the rota, once:
    that is its `id`.

    A handover is told by briefs and summaries, an end by reminders, a request for leave by news,
    and so is a swap.
    """

    about: About
    member_id: str
    content: Content

    @property
    def kind(self) -> Kind:
        match self.content:
            case Duties(cause=cause):
                return Kind.ROTA if cause is ShiftsCause.ROTA_APPLIED else Kind.SHIFT
            case content:
                return _KINDS[type(content)]

    @property
    def id(self) -> str:
        return f"{self.about.id}:{self.member_id}:{self.kind.value}"

    @property
    def responsibilities(self) -> frozenset[str]:
        """All responsibilities it speaks of; they decide who may see it, as `clients` do."""
        match self.content:
            case Brief(share=share):
                return frozenset(share.responsibilities)
            case Summary(gaps=gaps) as summary:
                return summary.responsibilities.union(gaps)
            case Reminder() as reminder:
                return reminder.responsibilities
            case LeaveNews() | SwapNews() | OpenShifts() | Duties():
                return frozenset()

    @property
    def clients(self) -> frozenset[str]:
        """All clients of whose shifts it speaks."""
        match self.content:
            case SwapNews(shifts=shifts) | OpenShifts(shifts=shifts) | Duties(shifts=shifts):
                return frozenset(id for shift in shifts for id in shift.clients)
            case _:
                return frozenset()

    @property
    def people(self) -> frozenset[str]:
        """Everybody it speaks of to its reader. Not whose shifts are open: the rota says that to
        whoever sees them."""
        match self.about:
            case Handover(absent_member=None):
                named = set()
            case Handover(absent_member=str(whose)):
                named = {whose}
            case Expiry(member_id=whose) | LeaveRequest(member_id=whose):
                named = {whose}
            case SwapOffer(giver=giver, taker=taker):
                named = {giver, taker}
            case DutyChange(by=by):
                named = {by}
            case Opening():
                named = set()
        match self.content:
            case Summary(shares=shares):
                named |= {share.member_id for share in shares}
            case LeaveNews(by=by):
                named.add(by)
        return frozenset(named)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Who acts for a responsibility since `epoch`, as last heard of."""

    responsibility_id: str
    client_id: str
    page_id: str | None
    discipline: str
    acting: str | None
    epoch: int


def notifications(event: HandoverCompleted) -> Iterator[Notification]:
    """One brief for each recipient, one summary for each lead; nothing where nothing happened."""
    handover = Handover(
        id=event.handover_id,
        number=event.number,
        epoch=event.epoch,
        cause=event.cause,
        absent_member=event.absent_member,
        started_at=event.started_at,
        completed_at=event.completed_at,
    )
    shares = tuple(share for share in _shares(event) if share.count or share.responsibilities)
    for share in shares:
        brief = Brief(_story(handover, share.member_id), share)
        yield Notification(handover, share.member_id, brief)
    summary = Summary(shares, sum(event.totals.values()), event.uncovered, event.gaps)
    if summary.shares or summary.moved or summary.uncovered or summary.gaps:
        for lead in dict.fromkeys(event.leads):
            if not _is_away(lead, handover):
                yield Notification(handover, lead, summary)


def reminders(event: QualificationExpiring) -> Iterator[Notification]:
    """One for the member, one for each lead to tell, one for whoever is both."""
    for reader in dict.fromkeys((event.member_id, *event.leads)):
        yield Notification(expiry_of(event), reader, reminder_of(event))


def leave_news(event: LeaveChanged) -> Iterator[Notification]:
    """One for each lead who is asked to decide, and one for the member of what others did."""
    member = () if event.by == event.member_id else (event.member_id,)
    for reader in dict.fromkeys((*member, *event.leads)):
        yield Notification(request_of(event), reader, news_of(event))


def swap_news(event: SwapChanged) -> Iterator[Notification]:
    """One for the colleague who is asked, one for whoever offered of the answer; of an offer that
    is withdrawn none."""
    news = swap_news_of(event)
    if news is not None:
        reader = event.taker if event.step is SwapStep.OFFERED else event.giver
        yield Notification(offer_of(event), reader, news)


def open_shifts_news(event: OpenShiftsChanged) -> Iterator[Notification]:
    """One for each lead and for each who could take a shift, with all that concerns them."""
    opening = opening_of(event)
    if opening is not None:
        for reader, content in open_shifts_of(event).items():
            yield Notification(opening, reader, content)


def shifts_news(event: ShiftsChanged) -> Iterator[Notification]:
    """One for whose shifts they are or were; a lead needs no telling of the one they gave."""
    if event.cause is ShiftsCause.ROTA_APPLIED or event.by != event.member_id:
        yield Notification(change_of(event), event.member_id, duties_of(event))


def in_force(notification: Notification, coverage: Mapping[str, Coverage]) -> Notification | None:
    """What is left of it in the light of `coverage`; None when nothing is.

    A responsibility is left out of a brief when a newer epoch has given it to somebody else. What
    else tells what happened, or will, and stays as it is.
    """
    match notification:
        case Notification(about=Handover(epoch=epoch), content=Brief(share=share) as brief):
            kept = tuple(
                id
                for id in share.responsibilities
                if not _taken_away(notification.member_id, epoch, coverage.get(id))
            )
            if kept == share.responsibilities:
                return notification
            if not kept:
                return None
            rest = replace(share, responsibilities=kept, complete=False)
            return replace(notification, content=replace(brief, share=rest))
        case _:
            return notification


def for_eyes(
    notification: Notification, may_see: Callable[[str], bool], sees_client: SeesClient
) -> Notification:
    """A summary or a reminder for somebody who must not see every client: nothing of the others'
    responsibilities, and no counts in which their items are; of shifts only when they are. A brief,
    and a reminder of the reader's own qualification, are about their own.

    `may_see` is asked about responsibilities, `sees_client` about clients.

    Every item counted belongs to one of the responsibilities named: of its share, or of the gaps
    if it is uncovered.
    """
    match notification:
        case Notification(content=Summary() as summary):
            return replace(notification, content=_visible(summary, may_see))
        case Notification(about=Expiry(member_id=whose), content=Reminder() as reminder) if (
            whose != notification.member_id
        ):
            return replace(notification, content=reminder.among(may_see))
        case Notification(content=SwapNews() | OpenShifts() | Duties() as news):
            return replace(notification, content=news.seen_by(sees_client))
        case _:
            return notification


def _visible(summary: Summary, may_see: Callable[[str], bool]) -> Summary:
    gaps = summary.gaps
    all_seen = all(map(may_see, summary.responsibilities.union(gaps)))
    return Summary(
        shares=tuple(_visible_shares(summary.shares, may_see)),
        moved=summary.moved if all_seen else None,
        uncovered=summary.uncovered if all(map(may_see, gaps)) else None,
        gaps=tuple(filter(may_see, gaps)),
    )


def _visible_shares(shares: Iterable[Share], may_see: Callable[[str], bool]) -> Iterator[Share]:
    for share in shares:
        visible = tuple(filter(may_see, share.responsibilities))
        if visible == share.responsibilities:
            yield share
        elif visible:
            yield replace(share, responsibilities=visible, items=None, first_due_at=None)


def _taken_away(member_id: str, epoch: int, coverage: Coverage | None) -> bool:
    return coverage is not None and coverage.epoch > epoch and coverage.acting != member_id


def _shares(event: HandoverCompleted) -> Iterator[Share]:
    for recipient in event.recipients:
        yield Share(
            member_id=recipient.member_id,
            items={kind: count for kind, count in recipient.items.items() if count},
            first_due_at=recipient.first_due_at,
            responsibilities=recipient.responsibilities,
        )


def _story(handover: Handover, reader: str) -> Story:
    if handover.cause is HandoverCause.ABSENCE_ENDED and reader == handover.absent_member:
        return Story.BACK
    if handover.cause is HandoverCause.ABSENCE_STARTED and handover.absent_member:
        return Story.STANDING_IN
    return Story.REASSIGNED


def _is_away(member_id: str, handover: Handover) -> bool:
    return handover.cause is HandoverCause.ABSENCE_STARTED and member_id == handover.absent_member
