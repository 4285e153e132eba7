"""Who is told what about a handover, and how much of it is still true when the mail goes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from shared.events.handover import ItemKind
from shared.events.notifier import NotificationKind
from shared.events.scheduler import HandoverCause, HandoverCompleted

__all__ = [
    "Brief",
    "Coverage",
    "Handover",
    "Notification",
    "Share",
    "Story",
    "Summary",
    "for_eyes",
    "in_force",
    "notifications",
]


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


@dataclass(frozen=True, slots=True)
class Notification:
    """One person is told one thing about one handover, once: that is its `id`."""

    handover: Handover
    member_id: str
    content: Brief | Summary

    @property
    def kind(self) -> NotificationKind:
        match self.content:
            case Brief():
                return NotificationKind.BRIEF
            case Summary():
                return NotificationKind.SUMMARY

    @property
    def id(self) -> str:
        return f"{self.handover.id}:{self.member_id}:{self.kind.value}"

    @property
    def responsibilities(self) -> frozenset[str]:
        """All responsibilities it speaks of; they decide who may see it."""
        match self.content:
            case Brief(share=share):
                return frozenset(share.responsibilities)
            case Summary(gaps=gaps) as summary:
                return summary.responsibilities.union(gaps)


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


def in_force(notification: Notification, coverage: Mapping[str, Coverage]) -> Notification | None:
    """What is left of it in the light of `coverage`; None when nothing is.

    A responsibility is left out of a brief when a newer epoch has given it to somebody else. A
    summary tells what happened, so it stays as it is.
    """
    match notification.content:
        case Summary():
            return notification
        case Brief(share=share) as brief:
            kept = tuple(
                responsibility
                for responsibility in share.responsibilities
                if not _taken_away(notification, coverage.get(responsibility))
            )
            if kept == share.responsibilities:
                return notification
            if not kept:
                return None
            rest = replace(share, responsibilities=kept, complete=False)
            return replace(notification, content=replace(brief, share=rest))


def for_eyes(notification: Notification, may_see: Callable[[str], bool]) -> Notification:
    """A summary for somebody who must not see every client: nothing of the others'
    responsibilities, and no counts in which their items are. A brief is about its reader's own.

    Every item counted belongs to one of the responsibilities named: of its share, or of the gaps
    if it is uncovered.
    """
    match notification.content:
        case Brief():
            return notification
        case Summary(shares=shares, moved=moved, uncovered=uncovered, gaps=gaps):
            seen = Summary(
                shares=tuple(_visible_shares(shares, may_see)),
                moved=moved if all(map(may_see, notification.responsibilities)) else None,
                uncovered=uncovered if all(map(may_see, gaps)) else None,
                gaps=tuple(filter(may_see, gaps)),
            )
            return replace(notification, content=seen)


def _visible_shares(shares: Iterable[Share], may_see: Callable[[str], bool]) -> Iterator[Share]:
    for share in shares:
        visible = tuple(filter(may_see, share.responsibilities))
        if visible == share.responsibilities:
            yield share
        elif visible:
            yield replace(share, responsibilities=visible, items=None, first_due_at=None)


def _taken_away(notification: Notification, coverage: Coverage | None) -> bool:
    return (
        coverage is not None
        and coverage.epoch > notification.handover.epoch
        and coverage.acting != notification.member_id
    )


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
