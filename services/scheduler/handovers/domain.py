"""A handover: started once, never amended, closed when every participant's account adds up. Pure.

Participants answer in parts, each a list of moves, and at last with a total. The receipt adds up
when, for each participant, the parts are all there and their moves are as many as the total says,
no move is told twice, and no item's moves have a hole: whoever tells of its third move has told
of the second, in this handover or an earlier one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shared.events.disciplines import Discipline
from shared.events.handover import ItemKind, Move, Participant, WorkHandedOver
from shared.events.scheduler import (
    ActsAs,
    HandoverCause,
    HandoverCompleted,
    HandoverStarted,
    Leg,
    Presence,
    Recipient,
)

__all__ = [
    "PARTICIPANTS",
    "Acknowledgement",
    "Handover",
    "HandoverLeg",
    "HandoverState",
    "Numbered",
    "Outcome",
    "Part",
    "Share",
    "complete",
    "fault",
    "moves_told_elsewhere",
    "outcome",
    "part_of",
]

PARTICIPANTS = (Participant.PLANNER, Participant.SCHEDULER, Participant.INBOX)
"""Who holds work items, in the order receipts list them."""


class HandoverState(StrEnum):
    OPEN = "open"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class HandoverLeg:
    """From the handover's epoch on, `to` acts for the responsibility; None is a gap.

    `open_work`: what is open goes along, whoever holds it.
    """

    responsibility_id: str
    client_id: str
    page_id: str | None
    discipline: Discipline
    to: str | None
    acts_as: ActsAs
    open_work: bool = False


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    member_id: str
    acknowledged_at: datetime


@dataclass(frozen=True, slots=True)
class Handover:
    """`number` is for people (`H-2026-0147`). `clients` are those it touches.

    `committed_at` is when its start was seen committed; from then on its receipt counts
    milliseconds. `totals` fill as participants finish. `fault` says in what the answers do not add
    up although all are there; it is None again once they do.
    """

    id: str
    number: str
    epoch: int
    cause: HandoverCause
    absent_member: str | None
    absence_id: str | None
    started_by: str | None
    started_at: datetime
    participants: tuple[Participant, ...]
    presence: tuple[Presence, ...]
    legs: tuple[HandoverLeg, ...]
    clients: tuple[str, ...]
    state: HandoverState = HandoverState.OPEN
    committed_at: datetime | None = None
    totals: Mapping[Participant, int] = field(default_factory=dict)
    fault: str | None = None
    completed_at: datetime | None = None
    uncovered: int = 0
    gaps: tuple[str, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    leads: tuple[str, ...] = ()
    acknowledgements: tuple[Acknowledgement, ...] = ()

    @property
    def answered(self) -> bool:
        return set(self.totals) >= set(self.participants)

    def started(self) -> HandoverStarted:
        return HandoverStarted(
            handover_id=self.id,
            number=self.number,
            epoch=self.epoch,
            cause=self.cause,
            absent_member=self.absent_member,
            presence=self.presence,
            participants=self.participants,
            legs=tuple(
                Leg(
                    responsibility_id=leg.responsibility_id,
                    client_id=leg.client_id,
                    page_id=leg.page_id,
                    discipline=leg.discipline,
                    to=leg.to,
                    open_work=leg.open_work,
                )
                for leg in self.legs
            ),
            started_at=self.started_at,
        )


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a participant's answer, as it came. The last one has `total` and no moves."""

    id: str
    handover_id: str
    participant: Participant
    part: int
    moves: tuple[Move, ...]
    moved_at: datetime
    total: int | None
    committed_at: tuple[datetime | None, ...]


@dataclass(frozen=True, slots=True)
class Numbered:
    """One move of one item."""

    item_id: str
    move_no: int


@dataclass(frozen=True, slots=True)
class Share:
    """Items of one kind and responsibility that a handover left with one member, or with nobody
    (`member_id` None). `first_due_at` None: none of them has a deadline."""

    member_id: str | None
    responsibility_id: str
    kind: ItemKind
    items: int
    first_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many items have nobody, which responsibilities are gaps, who got what."""

    uncovered: int
    gaps: tuple[str, ...]
    recipients: tuple[Recipient, ...]


def part_of(answer: WorkHandedOver) -> Part:
    return Part(
        # Padded, so that parts sort as they were made.
        id=f"{answer.handover_id}/{answer.participant}/{answer.part:06d}",
        handover_id=answer.handover_id,
        participant=answer.participant,
        part=answer.part,
        moves=answer.moves,
        moved_at=answer.moved_at,
        total=answer.total,
        committed_at=answer.committed_at,
    )


def fault(handover: Handover, parts: Sequence[Part]) -> str | None:
    """In what the parts do not add up, for people who look after the system; None if they do."""
    for participant in handover.participants:
        own = [part for part in parts if part.participant is participant]
        if not _all_there(own):
            return f"{participant}: parts are missing"
        moved, total = sum(len(part.moves) for part in own), handover.totals[participant]
        if moved != total:
            return f"{participant}: {moved} moves told, {total} counted"
    twice = [key for key, times in Counter(_numbered(parts)).items() if times > 1]
    if twice:
        return f"{len(twice)} moves are told twice, the first is {twice[0]}"
    return None


def _all_there(parts: Sequence[Part]) -> bool:
    """Numbered from 1, and the last one, it alone, is the total."""
    told = sorted((part.part, part.total is not None) for part in parts)
    last = len(parts)
    return last > 0 and told == [(number, number == last) for number in range(1, last + 1)]


def moves_told_elsewhere(parts: Iterable[Part]) -> set[Numbered]:
    """The moves that earlier handovers must have told of, for these to have no hole."""
    told = set(_numbered(parts))
    before = {Numbered(one.item_id, one.move_no - 1) for one in told if one.move_no > 1}
    return before - told


def complete(
    handover: Handover, parts: Sequence[Part], leads: Sequence[str], now: datetime
) -> HandoverCompleted:
    """What is told of a handover whose parts add up. `leads`: whom to send the summary."""
    came_of_it = outcome(handover, _shares(_final_moves(parts)))
    return HandoverCompleted(
        handover_id=handover.id,
        number=handover.number,
        epoch=handover.epoch,
        cause=handover.cause,
        absent_member=handover.absent_member,
        started_at=handover.started_at,
        completed_at=now,
        totals=dict(handover.totals),
        uncovered=came_of_it.uncovered,
        gaps=came_of_it.gaps,
        recipients=came_of_it.recipients,
        leads=tuple(leads),
    )


def outcome(handover: Handover, shares: Sequence[Share]) -> Outcome:
    """What came of a handover that left its items so."""
    uncovered = [share for share in shares if share.member_id is None]
    gaps = {leg.responsibility_id for leg in handover.legs if leg.to is None}
    return Outcome(
        uncovered=sum(share.items for share in uncovered),
        gaps=tuple(sorted(gaps | {share.responsibility_id for share in uncovered})),
        recipients=tuple(_recipients(handover, shares)),
    )


def _final_moves(parts: Iterable[Part]) -> list[Move]:
    """Where each item is after the handover: its last move."""
    last: dict[str, Move] = {}
    for move in (move for part in parts for move in part.moves):
        if move.item_id not in last or last[move.item_id].move_no < move.move_no:
            last[move.item_id] = move
    return list(last.values())


def _shares(final: Iterable[Move]) -> list[Share]:
    alike: dict[tuple[str | None, str, ItemKind], list[Move]] = defaultdict(list)
    for move in final:
        alike[move.to_holder, move.responsibility_id, move.kind].append(move)
    return [
        Share(*key, len(moves), _first(move.due_at for move in moves))
        for key, moves in alike.items()
    ]


def _first(deadlines: Iterable[datetime | None]) -> datetime | None:
    return min((at for at in deadlines if at is not None), default=None)


def _recipients(handover: Handover, shares: Iterable[Share]) -> Iterable[Recipient]:
    """Who got something: items, or a responsibility to stand in for.

    An owner who is put in charge by an edit is told so by whoever did it, not by a brief.
    """
    received: dict[str, list[Share]] = defaultdict(list)
    for share in shares:
        if share.member_id is not None:
            received[share.member_id].append(share)
    acts_for: dict[str, set[str]] = defaultdict(set)
    for leg in handover.legs:
        edited = handover.cause is HandoverCause.COVERAGE_CHANGED and leg.acts_as is ActsAs.OWNER
        if leg.to is not None and (leg.to in received or not edited):
            acts_for[leg.to].add(leg.responsibility_id)
    for member_id in sorted({*received, *acts_for}):
        own = received[member_id]
        items = Counter[ItemKind]()
        for share in own:
            items[share.kind] += share.items
        yield Recipient(
            member_id=member_id,
            items=dict(items),
            first_due_at=_first(share.first_due_at for share in own),
            responsibilities=tuple(
                sorted(acts_for[member_id] | {share.responsibility_id for share in own})
            ),
        )


def _numbered(parts: Iterable[Part]) -> Iterable[Numbered]:
    return (Numbered(move.item_id, move.move_no) for part in parts for move in part.moves)
