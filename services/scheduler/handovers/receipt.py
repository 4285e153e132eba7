"""The receipt of a handover: every item that moved, where to, how fast, and what became of it."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.scheduler.desk import Desk
from services.scheduler.handovers.domain import PARTICIPANTS, Handover, HandoverState, Part
from services.scheduler.handovers.places import Places, read_places
from services.scheduler.handovers.reading import Times, view_handover
from services.scheduler.handovers.store import PartCount
from services.scheduler.handovers.view import (
    Fate,
    FateOf,
    OnReturn,
    Receipt,
    ReceiptItem,
)
from services.scheduler.members.view import Face, face
from services.scheduler.publishing.domain import Publication
from shared.auth import Identity, Scope
from shared.errors import N_, FieldError, InvalidRequest, NotFound
from shared.events.handover import ItemKind, Move, Participant
from shared.events.scheduler import HandoverCause
from shared.mongo import Document

__all__ = ["as_csv", "read_receipt", "receipt_state"]

_CURSOR = re.compile(r"(planner|scheduler|inbox)\.(\d{1,7})\.(\d{1,7})")
_CSV_COLUMNS = (
    "number", "service", "kind", "item_id", "item", "client", "page", "discipline", "from", "to",
    "due_at", "after_ms", "fate", "fate_handover",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Position:
    """Behind the `index`th visible move (from 1) of a part; parts are ordered as receipts list
    them, so a position keeps its meaning while further parts come in."""

    participant: Participant
    part: int
    index: int

    @classmethod
    def parse(cls, cursor: str) -> _Position:
        found = _CURSOR.fullmatch(cursor)
        if found is None:
            message = N_("This is not a cursor of this list.")
            raise InvalidRequest(errors=[FieldError("query:cursor", message)])
        return cls(Participant(found[1]), int(found[2]), int(found[3]))

    def __str__(self) -> str:
        return f"{self.participant}.{self.part}.{self.index}"

    @property
    def order(self) -> tuple[int, int]:
        return PARTICIPANTS.index(self.participant), self.part


@dataclass(frozen=True, slots=True)
class _Moved:
    """A move and where it stands on the receipt."""

    number: int
    position: _Position
    part: Part
    move: Move


async def read_receipt(
    desk: Desk,
    who: Identity,
    agency: str,
    handover_id: str,
    *,
    cursor: str | None = None,
    limit: int | None = None,
) -> Receipt:
    """`limit` None: all items. What became of them on return is counted on the first page only.

    Raises `NotFound`, and `InvalidRequest` for a foreign cursor.
    """
    scope = who.scope
    handover = await desk.handovers.find(scope, handover_id)
    if handover is None:
        raise NotFound
    after = None if cursor is None else _Position.parse(cursor)
    counts = await desk.handovers.counts(scope, handover_id)
    moved, more = await _moved(desk, scope, counts, after, limit)
    handback = await _handback(desk, handover)
    items = await _items(desk, handover, counts, moved, handback)
    return Receipt(
        agency=agency,
        handover=await view_handover(desk, who, handover),
        items=tuple(items),
        next_cursor=str(moved[-1].position) if more else None,
        handed_back=handback is not None,
        on_return=None if cursor else await _on_return(desk, scope, handover, handback),
    )


async def receipt_state(desk: Desk, scope: Scope, handover_id: str) -> object:
    """Equal as long as the receipt reads the same: it differs by the handover's own progress, by
    who acts, and by what later handovers that are under way have told so far.

    Read from counts alone, so that looking costs little however much has moved.
    """
    under_way = await desk.handovers.open()
    return (
        await desk.handovers.find(scope, handover_id),
        await desk.handovers.counts(scope, handover_id),
        await desk.clock.epoch(),
        [(one.id, one.totals) for one in under_way],
    )


async def _moved(
    desk: Desk,
    scope: Scope,
    counts: Sequence[PartCount],
    after: _Position | None,
    limit: int | None,
) -> tuple[list[_Moved], bool]:
    """The moves behind a position, at most `limit`, and whether there are more."""
    wanted, number = _parts_behind(counts, after, limit)
    parts = {part.id: part for part in await desk.handovers.parts_by_id(one.id for one in wanted)}
    moved = []
    for count in wanted:
        part = parts[count.id]
        visible = [move for move in part.moves if scope.allows(move.client_id)]
        for index, move in enumerate(visible, start=1):
            position = _Position(part.participant, part.part, index)
            if after is None or (position.order, index) > (after.order, after.index):
                number += 1
                moved.append(_Moved(number, position, part, move))
    if limit is None:
        return moved, False
    return moved[:limit], len(moved) > limit


def _parts_behind(
    counts: Sequence[PartCount], after: _Position | None, limit: int | None
) -> tuple[list[PartCount], int]:
    """Enough parts for `limit` moves and one more, and how many moves lie before the position."""
    wanted: list[PartCount] = []
    before = found = 0
    for one in counts:
        start = _Position(one.participant, one.part, 0)
        if after is not None and start.order < after.order:
            before += one.moves
        elif limit is None or found <= limit:
            seen = after.index if after is not None and start.order == after.order else 0
            before += seen
            found += one.moves - seen
            wanted.append(one)
    return wanted, before


async def _items(
    desk: Desk,
    handover: Handover,
    counts: Sequence[PartCount],
    moved: Sequence[_Moved],
    handback: Handover | None,
) -> list[ReceiptItem]:
    fates = await _Fates.of(desk, [one.move for one in moved], handback)
    places = await read_places(desk.directory, {one.move.client_id for one in moved})
    people = {one.move.from_holder for one in moved} | {one.move.to_holder for one in moved}
    members = await desk.members.load([one for one in people if one is not None])
    faces = {one.id: face(one) for one in members.values()} | fates.faces
    times = Times.of(handover, counts)
    return [_item(one, times, places, faces, fates) for one in moved]


def _item(
    one: _Moved, times: Times, places: Places, faces: dict[str, Face], fates: _Fates
) -> ReceiptItem:
    move, part = one.move, one.part
    return ReceiptItem(
        number=one.number,
        service=part.participant,
        item_id=move.item_id,
        kind=move.kind,
        label=move.label,
        place=places.place(move.responsibility_id, move.client_id),
        from_member=faces.get(move.from_holder or ""),
        to=faces.get(move.to_holder or ""),
        due_at=move.due_at,
        after=times.after(part.participant, part.part, part.moved_at),
        fate=fates.fate(move),
    )


# What became of it


async def _handback(desk: Desk, handover: Handover) -> Handover | None:
    """The completed handover by which the absent member came back, if there is one."""
    if handover.cause is not HandoverCause.ABSENCE_STARTED or handover.absent_member is None:
        return None
    later = await desk.handovers.latest_for(handover.absent_member, handover.epoch)
    back = later is not None and later.cause is HandoverCause.ABSENCE_ENDED
    return later if later and back and later.state is HandoverState.COMPLETED else None


@dataclass(frozen=True)
class _Fates:
    """What handovers, and our own publications, tell of items after a move."""

    moves: dict[str, list[Document]]
    publications: dict[str, Publication]
    numbers: dict[str, str]
    faces: dict[str, Face]
    handback: Handover | None

    @classmethod
    async def of(cls, desk: Desk, moves: Iterable[Move], handback: Handover | None) -> _Fates:
        moves = list(moves)
        by_item: dict[str, list[Document]] = defaultdict(list)
        for row in await desk.handovers.moves_of(move.item_id for move in moves):
            by_item[row["item_id"]].append(row)
        rows = [row for found in by_item.values() for row in found]
        holders = {row["to_holder"] for row in rows} - {None}
        ours = [one.item_id for one in moves if one.kind is ItemKind.PUBLICATION]
        return cls(
            moves=by_item,
            publications=await desk.publications.load(ours),
            numbers=await desk.handovers.numbers(row["handover_id"] for row in rows),
            faces={one.id: face(one) for one in (await desk.members.load(holders)).values()},
            handback=handback,
        )

    def fate(self, move: Move) -> Fate | None:
        """None: nothing is known but that it was moved."""
        later = [row for row in self.moves.get(move.item_id, ()) if row["move_no"] > move.move_no]
        for row in later:
            if move.from_holder is not None and row["to_holder"] == move.from_holder:
                return self._by(FateOf.BACK, row)
        if later:
            return self._by(FateOf.MOVED_ON, later[-1])
        publication = self.publications.get(move.item_id)
        if publication is not None and not publication.open:
            return Fate(FateOf.FINISHED, self.faces.get(publication.holder or ""), None, None)
        if self.handback is not None and move.from_holder == self.handback.absent_member:
            holder = self.faces.get(move.to_holder or "")
            return Fate(FateOf.STAYS, holder, self.handback.number, self.handback.completed_at)
        return None

    def _by(self, status: FateOf, row: Document) -> Fate:
        return Fate(
            status=status,
            holder=self.faces.get(row["to_holder"] or ""),
            handover=self.numbers.get(row["handover_id"]),
            at=row["moved_at"],
        )


async def _on_return(
    desk: Desk, scope: Scope, handover: Handover, handback: Handover | None
) -> OnReturn | None:
    if handback is None:
        return None
    parts = await desk.handovers.parts(handover.id)
    moves = [move for part in parts for move in part.moves if scope.allows(move.client_id)]
    fates = await _Fates.of(desk, moves, handback)
    counted = Counter(fate.status for move in moves if (fate := fates.fate(move)))
    return OnReturn(handback.number, handback.started_at, dict(counted))


# Download


def as_csv(receipt: Receipt) -> str:
    """Instants in UTC. Text that a spreadsheet would take for a formula is made harmless."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_CSV_COLUMNS)
    for item in receipt.items:
        writer.writerow([_harmless(value) for value in _csv_row(item)])
    return out.getvalue()


def _csv_row(item: ReceiptItem) -> Iterable[object]:
    yield from (item.number, item.service, item.kind, item.item_id, item.label)
    yield from (item.place.client, item.place.page or "", item.place.discipline)
    yield from (item.from_member.name if item.from_member else "", item.to.name if item.to else "")
    yield item.due_at.isoformat() if item.due_at else ""
    yield round(item.after.total_seconds() * 1000)
    yield from (item.fate.status, item.fate.handover or "") if item.fate else ("", "")


def _harmless(value: object) -> object:
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
