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
    """A service that holds work items."""

    PLANNER = "planner"
    SCHEDULER = "scheduler"
    INBOX = "inbox"


class ItemKind(StrEnum):
    TASK = "task"
    PUBLICATION = "publication"
    CONVERSATION = "conversation"


class Move(Contract):
    """One item changed hands. `move_no` counts an item's moves from 1, so that they chain.

    `from_holder`/`to_holder` None means nobody (uncovered). `home` is the member the item goes
    back to, None when it is at home. `due_at` is the item's deadline, if it has one.
    """

    item_id: str
    kind: ItemKind
    label: str
    responsibility_id: str
    client_id: str
    move_no: int
    from_holder: str | None
    to_holder: str | None
    home: str | None
    due_at: AwareDatetime | None = None


class WorkHandedOver(Event):
    """Part `part` (from 1) of a participant's answer; the last one has `total` set, even if 0.

    `moved_at` is when the chunk was written. The last part, which carries no moves, tells in
    `committed_at` when each earlier part's transaction was seen committed (index 0 is part 1;
    None where the participant was restarted in between).
    """

    type: ClassVar = "work.handed_over.v1"
    topic: ClassVar = topics.WORK_HANDOVERS

    handover_id: str
    epoch: int
    participant: Participant
    part: int
    moves: tuple[Move, ...] = ()
    moved_at: AwareDatetime
    total: int | None = None
    committed_at: tuple[AwareDatetime | None, ...] = ()

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
