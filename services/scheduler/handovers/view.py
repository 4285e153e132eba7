"""What the handover panel and the receipt show, ready for templates and for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import PlainSerializer

from services.scheduler.handovers.domain import HandoverState
from services.scheduler.members.view import Face
from shared.events.disciplines import Discipline
from shared.events.handover import ItemKind, Participant
from shared.events.planner import Platform
from shared.events.scheduler import ActsAs, HandoverCause

__all__ = [
    "Fate",
    "FateOf",
    "HandoverView",
    "JustMoved",
    "LegView",
    "OnReturn",
    "Place",
    "Receipt",
    "ReceiptItem",
    "RecipientView",
    "ServiceShare",
]


Span = Annotated[
    timedelta, PlainSerializer(lambda span: round(span / timedelta(milliseconds=1)), int)
]
"""In JSON: whole milliseconds."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where work belongs: the responsibility, in words. `page` None: to the client as such."""

    responsibility_id: str
    client_id: str
    client: str
    page_id: str | None
    page: str | None
    platform: Platform | None
    discipline: Discipline


@dataclass(frozen=True, slots=True)
class LegView:
    """Who acts from the handover on; `to` None is a gap."""

    place: Place
    to: Face | None
    acts_as: ActsAs


@dataclass(frozen=True, slots=True)
class ServiceShare:
    """`total` None: not answered yet. `span`: from the start's commit to the last item's."""

    service: Participant
    moved: int
    total: int | None
    span: Span | None


@dataclass(frozen=True, slots=True)
class JustMoved:
    """`after`: from the start's commit to the item's."""

    item_id: str
    kind: ItemKind
    label: str
    platform: Platform | None
    to: Face | None
    after: Span


@dataclass(frozen=True, slots=True)
class RecipientView:
    """`acknowledged_at` None: not yet."""

    member: Face
    items: Mapping[ItemKind, int]
    count: int
    first_due_at: datetime | None
    acknowledged_at: datetime | None


@dataclass(frozen=True, slots=True)
class HandoverView:
    """`away_from`, `away_until` are the absence's, None where there is none or no end.

    `started_by` None: a time that fell due, or it was an absence and the reader may not know its
    reason. `moved` are all moves so far. `span`: from the start's commit to the last item's, so
    far. `uncovered` and `recipients` are known once it is completed. `fault`: all have answered,
    but it does not add up.
    """

    id: str
    number: str
    state: HandoverState
    cause: HandoverCause
    epoch: int
    absent: Face | None
    absence_id: str | None
    away_from: datetime | None
    away_until: datetime | None
    started_by: Face | None
    started_at: datetime
    committed_at: datetime | None
    completed_at: datetime | None
    services: tuple[ServiceShare, ...]
    moved: int
    span: Span | None
    legs: tuple[LegView, ...]
    uncovered: int
    gaps: tuple[Place, ...]
    recipients: tuple[RecipientView, ...]
    just_moved: tuple[JustMoved, ...]
    fault: str | None


class FateOf(StrEnum):
    """What became of a moved item. STAYS: it did not go back when its holder returned, because the
    deputy had begun or finished it. MOVED_ON: a later handover gave it to somebody else."""

    BACK = "back"
    FINISHED = "finished"
    STAYS = "stays"
    MOVED_ON = "moved_on"


@dataclass(frozen=True, slots=True)
class Fate:
    """`holder` has it now, as far as handovers tell; `handover` numbers the one that decided it."""

    status: FateOf
    holder: Face | None
    handover: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class ReceiptItem:
    """`number` counts from 1 through the receipt. `to` None: nobody has it. `fate` None: open."""

    number: int
    service: Participant
    item_id: str
    kind: ItemKind
    label: str
    place: Place
    from_member: Face | None
    to: Face | None
    due_at: datetime | None
    after: Span
    fate: Fate | None


@dataclass(frozen=True, slots=True)
class OnReturn:
    """How the absence ended for the items: the handback's number, and how many of each fate."""

    handover: str
    at: datetime
    fates: Mapping[FateOf, int]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A page of the receipt; `next_cursor` None: the last one. `handed_back`: the absence is over.
    `on_return`: on the first page only."""

    agency: str
    handover: HandoverView
    items: tuple[ReceiptItem, ...]
    next_cursor: str | None
    handed_back: bool
    on_return: OnReturn | None
