"""What must be the case when all has been delivered and swept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.unit.handover.model.participating import Item, Participant, Violation
from tests.unit.handover.model.scheduling import Row, Scheduler

__all__ = ["check"]

_Moves = Mapping[int, tuple[str | None, str | None]]


def check(
    participant: Participant, scheduler: Scheduler, told: Mapping[str, Sequence[Row]]
) -> None:
    """Raises `Violation`. `told` is all that the scheduler said of each row."""
    _check_rows(participant, told)
    _check_receipts(participant, scheduler)
    for item in participant.items:
        if item.open:
            _check_holding(item, scheduler)


def _check_rows(participant: Participant, told: Mapping[str, Sequence[Row]]) -> None:
    for key, rows in told.items():
        for slot in participant.slots(key):
            if (slot.epoch, slot.value) != (rows[-1].epoch, rows[-1].value):
                raise Violation(f"{key}: {slot}, but the scheduler says {rows[-1]}")


def _check_holding(item: Item, scheduler: Scheduler) -> None:
    acting = scheduler.acting(item.responsibility)
    wrong = {
        "its holder is absent": item.holder in scheduler.absent,
        "nobody holds it, but somebody acts": item.holder is None and acting is not None,
        "its home is its holder": item.home is not None and item.home == item.holder,
    }
    if item.home is not None and not item.touched:
        wrong["untouched, and its home is back"] = item.home not in scheduler.absent
        wrong["untouched, and not with who acts"] = item.holder != acting
    for what, is_so in wrong.items():
        if is_so:
            raise Violation(f"{item}: {what}")


def _check_receipts(participant: Participant, scheduler: Scheduler) -> None:
    if sorted(participant.runs) != [handover.epoch for handover in scheduler.handovers]:
        raise Violation("a handover has no answer")
    moves: dict[int, dict[int, tuple[str | None, str | None]]] = {}
    for run in participant.runs.values():
        if run.total != sum(map(len, run.parts)):
            raise Violation(f"{run}: its parts do not add up to its total")
        for move in (move for part in run.parts for move in part):
            chain = moves.setdefault(move.item, {})
            if move.move_no in chain:
                raise Violation(f"item {move.item}: move {move.move_no} is doubled")
            chain[move.move_no] = move.from_holder, move.to_holder
    for item in participant.items:
        _check_chain(item, moves.get(item.number, {}))


def _check_chain(item: Item, moves: _Moves) -> None:
    """From its creation, move by move and command by command, to where it and its home are."""
    if sorted(moves) != list(range(1, item.move_no + 1)):
        raise Violation(f"{item}: its moves have a hole: {moves}")
    given = dict(item.given)  # of several between two moves, the last counts
    holder, home = given.get(0), None
    for move_no in range(1, item.move_no + 1):
        from_holder, to_holder = moves[move_no]
        if from_holder != holder:
            raise Violation(f"{item}: move {move_no} is not from {holder}: {moves}")
        first = holder if home is None else home
        holder, home = to_holder, None if to_holder == first else first
        if move_no in given:
            holder, home = given[move_no], None
    if (item.holder, item.home) != (holder, home):
        raise Violation(f"{item}: its moves lead to {holder} away from {home}: {moves}")
