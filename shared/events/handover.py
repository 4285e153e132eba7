"""How a participant of a handover answers. Three producers speak it, each on its own topic."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import AwareDatetime

from shared.events import topics
from shared.events.envelope import Contract, Event
from shared.events.topics import Topic

__all__ = ["ItemKind", "Move", "Participant", "WorkHandedOver"]


class Participant(StrEnum):
    """A service that holds work items: the planner tasks, the scheduler publications, the inbox
    conversations."""

    PLANNER = "planner"
    SCHEDULER = "scheduler"
    INBOX = "inbox"


class ItemKind(StrEnum):
    """What an item is; each kind has one participant that holds it."""

    TASK = "task"
    PUBLICATION = "publication"
    CONVERSATION = "conversation"


class Move(Contract):
    """One item changed hands; or, where both holders are the same, its holder is its home now."""

    item_id: str
    """The item's id at the participant."""
    kind: ItemKind
    """What the item is."""
    label: str
    """What people call it: a title, or the author of a conversation."""
    responsibility_id: str
    """The responsibility it belongs to."""
    client_id: str
    """The customer it belongs to."""
    move_no: int
    """Counts the item's moves from 1, over all handovers, so that they chain without a hole."""
    from_holder: str | None
    """Member who had it; null means nobody did."""
    to_holder: str | None
    """Member who has it now; null means nobody: it is uncovered."""
    home: str | None
    """Member it goes back to when they return; null when it is at home."""
    due_at: AwareDatetime | None = None
    """Its deadline, in UTC; null if it has none."""


class WorkHandedOver(Event):
    """A participant has moved items: one part of its answer to a handover.

    The parts of all participants are the handover's account: their moves are as many as the totals
    say. There is no event per item; this is how others learn who has what.
    """

    type: ClassVar = "work.handed_over.v1"
    topic: ClassVar = topics.WORK_HANDOVERS

    handover_id: str
    """The handover that is answered."""
    epoch: int
    """The handover's place in the order of decisions."""
    participant: Participant
    """Who answers."""
    part: int
    """Counts the participant's parts from 1."""
    moves: tuple[Move, ...] = ()
    """What changed hands in this part, at most 500; empty in the last part."""
    moved_at: AwareDatetime
    """When the part was written, in UTC."""
    total: int | None = None
    """In the last part: how many moves all parts have, even if 0. Null in the others."""
    committed_at: tuple[AwareDatetime | None, ...] = ()
    """In the last part: when each earlier part was seen committed, in UTC, part 1 first; null where
    the participant was restarted in between."""

    @property
    def aggregate_id(self) -> str:
        return self.handover_id

    @property
    def destination(self) -> Topic:
        return _ANSWERS[self.participant]


_ANSWERS = {
    Participant.PLANNER: topics.PLANNER_HANDOVERS,
    Participant.SCHEDULER: topics.WORK_HANDOVERS,
    Participant.INBOX: topics.INBOX_HANDOVERS,
}
