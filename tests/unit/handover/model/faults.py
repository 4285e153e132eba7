"""What may be left out of the protocol, to see that it is missed."""

from __future__ import annotations

from enum import Enum, auto

__all__ = ["Fault"]


class Fault(Enum):
    """One element of the protocol left out: without it the histories go wrong, so it is needed,
    and so the histories would tell."""

    NO_WRITER_SLOTS = auto()
    NO_MOVER_SLOT = auto()
    NO_SLOT_IN_AN_UNSEEN_ROW = auto()
    SWEEP_BEFORE_ALL_SLOTS_ARE_WRITTEN = auto()
    NO_COMPARISON_OF_EPOCHS = auto()
    DESTINATION_FROM_THE_EVENT = auto()
    ONE_PASS = auto()
    ONLY_THE_LEGS_ARE_SWEPT = auto()
    HOME_OVERWRITTEN_BY_LATER_MOVES = auto()
    PART_APART_FROM_ITS_MOVES = auto()
    NO_FENCE_AFTER_THE_ANSWER = auto()
    NEW_RESPONSIBILITY_WITHOUT_A_HANDOVER = auto()
    PRESENCE_OF_THE_ACTING_MEMBER_IGNORED = auto()
